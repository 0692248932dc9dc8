#pragma once
// Base64 of RFC 4648, strict in both alphabets: the alphabet's characters only (no whitespace, no
// line breaks) and unused bits of the last character zero, so that one byte string has one
// spelling. A decoder that accepts several spellings lets a signed token be altered without
// breaking its signature.

#include <optional>
#include <string>
#include <string_view>

namespace base {

// How base64_decode() treats missing '=' at the end. A wrong number of them is always refused.
enum class Padding { required, optional };

// RFC 4648, 4: '+' and '/', padded.
std::string base64_encode(std::string_view bytes);
// Nothing if the text is not exactly what base64_encode() writes (less the padding, if optional).
std::optional<std::string> base64_decode(std::string_view text,
                                         Padding padding = Padding::required);

// RFC 4648, 5, as RFC 7515 uses it: '-' and '_', never padded.
std::string base64url_encode(std::string_view bytes);
// Nothing if the text is not exactly what base64url_encode() writes.
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace base

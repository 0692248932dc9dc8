#pragma once
// Small functions on text. Case is ASCII case only: protocol words (header names, schemes,
// spellings of enumerators) are ASCII, and a locale must never change what a rule matches.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace base {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
constexpr char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}
constexpr bool is_alnum(char c) {
  return is_digit(c) || is_alpha(c);
}

std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);

// Without spaces and tabs at both ends (the optional whitespace of HTTP, RFC 9110, 5.6.3).
std::string_view trim(std::string_view text);
// The parts between separators, empty ones included; one empty part for an empty text. The parts
// point into `text`.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// The edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`, ignoring case and
// the characters '_' and '-': restricted Damerau-Levenshtein distance.
std::size_t edit_distance(std::string_view a, std::string_view b);
// The known name closest to `name`, for "did you mean ...?". Empty if none is close enough to be a
// likely slip: one edit for short names, one edit in three characters for longer ones.
std::string_view closest(std::string_view name, const std::vector<std::string>& known);

// Untrusted bytes made safe for a log line or a terminal: printable ASCII and valid UTF-8 above
// U+009F stay (except bidirectional and zero-width controls), everything else is written \xNN or
// \u{NNNN}. After `size_max` bytes of input the rest is cut and "..." added.
std::string printable(std::string_view bytes, std::size_t size_max = 256);

// The length of the valid UTF-8 sequence at the start of `text` (1 to 4), or 0 if there is none:
// RFC 3629, so no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);
// The scalar value of a valid sequence of `size` bytes, as utf8_length() measured it.
char32_t scalar_of(std::string_view text, std::size_t size);
// Control characters and what changes how its neighbours are shown, or is not shown at all.
bool is_deceptive(char32_t scalar);
// Appends the UTF-8 form of a scalar value (not a surrogate, at most U+10FFFF).
void append_utf8(std::string& out, char32_t scalar);

}  // namespace base

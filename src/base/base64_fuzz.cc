// One byte string has one spelling: whatever is decoded is what encoding writes, in both alphabets,
// and a decoder written another way agrees about what is a spelling at all.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/base64.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// Whether `digits`, without padding, are the canonical spelling of something.
bool is_spelling(std::string_view digits, std::string_view alphabet) {
  for (const char c : digits) {
    if (alphabet.find(c) == std::string_view::npos) return false;
  }
  const std::size_t over = digits.size() % 4;
  if (over == 0) return true;
  const std::size_t unused_bits = over == 2 ? 4 : 2;  // of the last digit
  return over != 1 && alphabet.find(digits.back()) % (1U << unused_bits) == 0;
}

std::string_view without_padding(std::string_view text) {
  if (text.size() % 4 != 0) return text;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return text;
}

constexpr std::string_view common =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(base::base64_decode(base::base64_encode(text)) == text);
  require(base::base64url_decode(base::base64url_encode(text)) == text);

  const auto url = base::base64url_decode(text);
  require(url.has_value() == is_spelling(text, std::string(common) + "-_"));
  require(!url || base::base64url_encode(*url) == text);

  const std::string standard = std::string(common) + "+/";
  const std::string_view digits = without_padding(text);
  const auto padded = base::base64_decode(text);
  require(padded.has_value() == (size % 4 == 0 && is_spelling(digits, standard)));
  require(!padded || base::base64_encode(*padded) == text);
  const auto either = base::base64_decode(text, base::Padding::optional);
  require(either.has_value() == is_spelling(digits, standard));
  require(!either || without_padding(base::base64_encode(*either)) == digits);
  return 0;
}

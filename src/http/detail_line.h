#pragma once
// Lines that end with CRLF, however the bytes arrive, and the characters of HTTP. Every head, chunk
// size and trailer is read through LineReader, so a bare CR or LF, a NUL or another control
// character is refused in one place.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace http {

class LineReader {
 public:
  enum class Got { line, more, illegal, too_long };

  // Takes a line of at most `size_max` bytes (without its end) from the front of `bytes`. `more`:
  // there is no whole line; what there is was taken and is kept. The verdict for a sequence of
  // bytes does not depend on how it was split.
  Got next(std::string_view& bytes, std::size_t size_max);
  // The line, without its end; valid until the next call and as long as the bytes given to it.
  std::string_view line() const { return line_; }
  // True while a part of a line is kept.
  bool is_within_line() const { return !held_.empty() && !is_held_done_; }

 private:
  Got next_of_held(std::string_view& bytes, std::size_t size_max);

  std::string held_;
  std::string_view line_;
  bool is_held_done_ = false;
};

// The place of the first control character other than a tab, or the size of the text.
std::size_t find_control(std::string_view text);

// For a byte of a token (RFC 9110, 5.6.2) its lower case, 0 for any other.
extern const std::array<char, 256> token_lower;
inline char lower_token(char c) {
  return token_lower[static_cast<unsigned char>(c)];
}
bool is_token(std::string_view text);

// The token that a text begins with.
struct TokenStart {
  std::size_t size;
  bool has_underscore;
};
// Turns the token at the start of `text` into lower case and says how long it is. 16 bytes behind
// `size` may be read and written back, whatever they are.
TokenStart lower_token_start(char* text, std::size_t size);

// Whether `text` is `lower_case`, ignoring the case of ASCII letters. Sizes settle nearly all
// look-ups, so they are compared without a call.
bool equals_lower_of_same_size(std::string_view text, std::string_view lower_case);
inline bool equals_lower(std::string_view text, std::string_view lower_case) {
  // Nearly all that is compared is in lower case already.
  return text.size() == lower_case.size() &&
         (text == lower_case || equals_lower_of_same_size(text, lower_case));
}
// Without spaces and tabs at both ends.
inline std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}
// Calls `each` with every trimmed, non-empty element of a list separated by commas.
template <class Each>
void each_element(std::string_view list, Each each) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim(list.substr(0, comma));
    if (!element.empty()) each(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace http

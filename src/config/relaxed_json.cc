#include "config/relaxed_json.h"

#include <algorithm>
#include <string_view>

namespace config {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Where the string that begins at `i` ends: behind its closing quote, or at the end of the text.
std::size_t end_of_string(std::string_view text, std::size_t i) {
  for (++i; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\') ++i;
  }
  return std::min(i + 1, text.size());
}

// Where the comment at `i` ends; `i` itself if there is none.
std::size_t end_of_comment(std::string_view text, std::size_t i) {
  const std::string_view rest = text.substr(i);
  if (rest.starts_with("//")) return std::min(text.find('\n', i), text.size());
  if (!rest.starts_with("/*")) return i;
  const std::size_t end = text.find("*/", i + 2);
  return end == std::string_view::npos ? i : end + 2;
}

void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (; begin < end; ++begin) {
    if (text[begin] != '\n') text[begin] = ' ';
  }
}

}  // namespace

std::string plain_json(std::string text) {
  if (text.starts_with(byte_order_mark)) blank(text, 0, byte_order_mark.size());
  std::size_t comma = std::string::npos;  // the last thing, but for space, was this comma
  char last = '[';                        // and that thing; none before a value
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (const std::size_t end = end_of_comment(text, i); end != i) {
      blank(text, i, end);
      i = end;
      continue;
    }
    if ((c == '}' || c == ']') && comma != std::string::npos) text[comma] = ' ';
    const bool is_space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!is_space) {
      const bool follows_value = last != '[' && last != '{' && last != ',';
      comma = c == ',' && follows_value ? i : std::string::npos;
      last = c;
    }
    i = c == '"' ? end_of_string(text, i) : i + 1;
  }
  return text;
}

}  // namespace config

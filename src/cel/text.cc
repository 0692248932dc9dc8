#include "cel/text.h"

#include <algorithm>

namespace cel {
namespace {

bool begins_code_point(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

}  // namespace

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_code_point));
}

std::optional<std::size_t> byte_of_code_point(std::string_view text, std::size_t index) {
  for (std::size_t byte = 0; byte < text.size(); ++byte) {
    if (begins_code_point(text[byte]) && index-- == 0) return byte;
  }
  if (index == 0) return text.size();
  return std::nullopt;
}

std::size_t code_point_length(std::string_view text, std::size_t byte) {
  std::size_t end = byte + 1;
  while (end < text.size() && !begins_code_point(text[end])) ++end;
  return end - byte;
}

std::uint64_t search_cost(std::string_view text, std::string_view pattern) {
  if (pattern.size() > text.size()) return 0;
  // A search that compares at every place: text times pattern, in steps of 32 bytes.
  return text.size() / 32 + text.size() / 32 * (pattern.size() / 32);
}

}  // namespace cel

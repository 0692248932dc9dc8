#include "json/placed.h"

#include <algorithm>
#include <charconv>

namespace json {
namespace {

constexpr std::string_view before_byte = " at byte ";

bool begins_character(char c) {
  return (c & '\xC0') != '\x80';
}

}  // namespace

std::string placed(const Error& error, std::string_view text) {
  const std::string& why = error.why();
  const std::size_t end = why.rfind(before_byte);
  std::size_t offset = 0;
  if (end == std::string::npos) return why;
  const char* const last = why.data() + why.size();
  const auto read = std::from_chars(why.data() + end + before_byte.size(), last, offset);
  if (read.ec != std::errc() || read.ptr != last) return why;
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const std::string_view line = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
  return "line " + std::to_string(std::count(before.begin(), before.end(), '\n') + 1) +
         ", column " +
         std::to_string(std::count_if(line.begin(), line.end(), begins_character) + 1) + ": " +
         why.substr(0, end);
}

}  // namespace json

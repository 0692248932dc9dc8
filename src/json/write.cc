#include "json/write.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/text.h"

namespace json {
namespace {

// How the next item of an open container is separated.
constexpr char first_in_array = '[';
constexpr char later_in_array = 'a';
constexpr char first_in_object = '{';
constexpr char later_in_object = 'o';

// Misuse of the Writer would produce a message that means something else: end, whatever the build.
void require(bool condition, const char* what) {
  if (condition) return;
  static_cast<void>(std::fprintf(stderr, "json::Writer: %s\n", what));
  std::abort();
}

void append_control(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += digits[byte >> 4U];
  out += digits[byte & 15U];
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
}

void append_quoted(std::string& out, std::string_view text) {
  out.reserve(out.size() + text.size() + 2);
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    while (at < text.size() && is_plain(text[at])) ++at;
    out.append(text, begin, at - begin);
    if (at == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      append_control(out, text[at]);
      ++at;
      continue;
    }
    const std::size_t size = base::utf8_length(text.substr(at));
    if (size == 0) {
      out += "\xEF\xBF\xBD";  // U+FFFD
      ++at;
      continue;
    }
    out.append(text, at, size);
    at += size;
  }
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 40> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  require(error == std::errc(), "a number does not fit");
  out.append(digits.data(), end);
}

}  // namespace

void Writer::separate() {
  if (after_name_) {
    after_name_ = false;
    return;
  }
  if (stack_.empty()) {
    require(text_.empty(), "two values at the top");
    return;
  }
  char& state = stack_.back();
  require(state == first_in_array || state == later_in_array, "a value where a name belongs");
  if (state == later_in_array) text_ += ',';
  state = later_in_array;
}

Writer& Writer::begin_object() {
  separate();
  text_ += '{';
  stack_.push_back(first_in_object);
  return *this;
}

Writer& Writer::end_object() {
  require(!stack_.empty() && !after_name_, "end of an object that is not open");
  require(stack_.back() == first_in_object || stack_.back() == later_in_object,
          "end of an object inside an array");
  text_ += '}';
  stack_.pop_back();
  return *this;
}

Writer& Writer::begin_array() {
  separate();
  text_ += '[';
  stack_.push_back(first_in_array);
  return *this;
}

Writer& Writer::end_array() {
  require(!stack_.empty(), "end of an array that is not open");
  require(stack_.back() == first_in_array || stack_.back() == later_in_array,
          "end of an array inside an object");
  text_ += ']';
  stack_.pop_back();
  return *this;
}

Writer& Writer::name(std::string_view name) {
  require(!stack_.empty() && !after_name_, "a name outside of an object");
  char& state = stack_.back();
  require(state == first_in_object || state == later_in_object, "a name inside an array");
  if (state == later_in_object) text_ += ',';
  state = later_in_object;
  append_quoted(text_, name);
  text_ += ':';
  after_name_ = true;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  separate();
  append_quoted(text_, text);
  return *this;
}

Writer& Writer::integer(std::int64_t number) {
  separate();
  append_number(text_, number);
  return *this;
}

Writer& Writer::integer_unsigned(std::uint64_t number) {
  separate();
  append_number(text_, number);
  return *this;
}

Writer& Writer::real(double number) {
  if (!std::isfinite(number)) return null();
  separate();
  append_number(text_, number);
  return *this;
}

Writer& Writer::boolean(bool value) {
  return raw(value ? "true" : "false");
}

Writer& Writer::null() {
  return raw("null");
}

Writer& Writer::value(Value value) {
  return raw(value.raw());
}

Writer& Writer::raw(std::string_view json) {
  separate();
  text_ += json;
  return *this;
}

std::string Writer::take() {
  require(stack_.empty() && !after_name_, "take() with open containers");
  return std::exchange(text_, std::string());
}

std::string quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

}  // namespace json

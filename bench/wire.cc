#include "wire.h"

#include <algorithm>
#include <charconv>

namespace bench {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t status_at = 9;  // after "HTTP/1.1 "

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_same_name(std::string_view name, std::string_view lower_case) {
  return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(),
                    [](char c, char expected) { return lower(c) == expected; });
}

// Takes one chunk from the front of `rest`; its size, or nothing if it is not complete.
struct Chunk {
  Got got = Got::more;
  std::string_view bytes;
};

Chunk take_chunk(std::string_view& rest) {
  const std::size_t end = rest.find(line_end);
  if (end == std::string_view::npos) return {Got::more, {}};
  std::size_t size = 0;
  const auto [stop, error] = std::from_chars(rest.data(), rest.data() + end, size, 16);
  if (error != std::errc() || stop != rest.data() + end) return {Got::malformed, {}};
  const std::size_t begin = end + line_end.size();
  if (rest.size() - begin < size + line_end.size()) return {Got::more, {}};
  if (rest.substr(begin + size, line_end.size()) != line_end) return {Got::malformed, {}};
  const std::string_view bytes = rest.substr(begin, size);
  rest.remove_prefix(begin + size + line_end.size());
  return {Got::message, bytes};
}

Got read_chunks(std::string_view bytes, Message& message, std::string& scratch) {
  scratch.clear();
  std::string_view rest = bytes.substr(message.size);
  for (;;) {
    const Chunk chunk = take_chunk(rest);
    if (chunk.got != Got::message) return chunk.got;
    if (chunk.bytes.empty()) break;
    scratch.append(chunk.bytes);
  }
  message.body = scratch;
  message.size = bytes.size() - rest.size();
  return Got::message;
}

}  // namespace

std::string_view Message::field(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find(line_end));
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && is_same_name(line.substr(0, colon), name)) {
      const std::size_t value = line.find_first_not_of(' ', colon + 1);
      return value == std::string_view::npos ? std::string_view() : line.substr(value);
    }
    rest.remove_prefix(std::min(line.size() + line_end.size(), rest.size()));
  }
  return {};
}

int Message::status() const {
  if (!start_line.starts_with("HTTP/1.1 ")) return 0;
  return static_cast<int>(number_at(start_line.substr(status_at)).value_or(0));
}

Got read_head(std::string_view bytes, Message& message) {
  constexpr std::string_view head_end = "\r\n\r\n";
  const std::size_t end = bytes.find(head_end);
  if (end == std::string_view::npos) return Got::more;
  const std::size_t first = bytes.find(line_end);
  message = Message();
  message.start_line = bytes.substr(0, first);
  if (first != end) {
    message.head = bytes.substr(first + line_end.size(), end - first);
  }
  message.size = end + head_end.size();
  message.is_chunked = message.field("transfer-encoding") == "chunked";
  return Got::message;
}

Got read_message(std::string_view bytes, Message& message, std::string& scratch) {
  const Got head = read_head(bytes, message);
  if (head != Got::message) return head;
  if (message.is_chunked) return read_chunks(bytes, message, scratch);
  const std::string_view length = message.field("content-length");
  if (length.empty()) return Got::message;
  const std::optional<std::uint64_t> size = number_at(length);
  if (!size) return Got::malformed;
  if (bytes.size() - message.size < *size) return Got::more;
  message.body = bytes.substr(message.size, *size);
  message.size += message.body.size();
  return Got::message;
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

std::optional<std::uint64_t> number_at(std::string_view text) {
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop == text.data()) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  return number_at(text.substr(at + key.size()));
}

}  // namespace bench

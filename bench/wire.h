#pragma once
// The least HTTP/1.1 that a load generator and its upstream need. It is written apart from the
// gateway's own reader on purpose: the judge must not share the mistakes of what it judges. A
// message is read anew from its first byte each time more bytes come; messages here are small.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

class Message {
 public:
  std::string_view start_line;
  std::string_view head;  // the field lines, each with its CRLF
  std::string_view body;  // without chunk framing
  bool is_chunked = false;
  std::size_t size = 0;  // of the whole message on the wire

  // The value of the first field of that name (given in lower case); empty if there is none.
  std::string_view field(std::string_view name) const;
  // Of a response; 0 if its first line is none.
  int status() const;
};

enum class Got { more, message, malformed };

// Reads one message from the front of `bytes`. A message without Content-Length and without chunks
// has no body. The views of `message` point into `bytes`, or into `scratch` for a chunked body.
Got read_message(std::string_view bytes, Message& message, std::string& scratch);

// Reads a head only: the body of an event stream has no end.
Got read_head(std::string_view bytes, Message& message);

// How often `part` occurs in `text`.
std::size_t count_of(std::string_view text, std::string_view part);

// The decimal number at the start of `text`, or nothing.
std::optional<std::uint64_t> number_at(std::string_view text);

// The number that follows the first `key` in `text`, or nothing.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key);

}  // namespace bench

#pragma once
// Writing HTTP/1.1 heads. Framing is made here and nowhere else: whatever the message's own fields
// say about length, coding or connection is left out.

#include <cstdint>
#include <optional>
#include <string>

#include "http/h1_read.h"
#include "http/message.h"

namespace http {

// How the message that is being written is framed.
class WriteFraming {
 public:
  WriteFraming(Framing the_kind, std::uint64_t the_length) : kind(the_kind), length(the_length) {}
  // A whole body or a known length, else chunked.
  static WriteFraming of(const Body& body);

  Framing kind;  // none: the head says nothing about a body
  std::uint64_t length;
};

// The head of a request, its empty line included. Host is `request.authority`.
void append_request_head(std::string& out, const Request& request, const WriteFraming& framing);

enum class ConnectionSays { nothing, close, keep_alive };
void append_response_head(std::string& out, const Response& response, const WriteFraming& framing,
                          ConnectionSays says);

// The size line of a chunk, and what ends a chunked body.
void append_chunk_size(std::string& out, std::size_t size);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace http

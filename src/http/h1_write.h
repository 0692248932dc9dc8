#pragma once
// Writing HTTP/1.1 heads. Framing is made here and nowhere else: whatever the message's own fields
// say about length, coding or connection is left out.

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "http/h1_read.h"
#include "http/message.h"
#include "net/stream.h"

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

// Frames a body that is written piece by piece, and notices one that is not as long as its head
// said.
class PieceFramer {
 public:
  explicit PieceFramer(WriteFraming framing) : framing_(framing), left_(framing.length) {}
  // What to write for a piece: nothing (an empty buffer) for an empty one, which as a chunk would
  // be the last. Points at `piece` and at this object. Fault::upstream_failed if the body gets too
  // long.
  Result<net::Buffers> frame(std::string_view piece);
  // What to write at the clean end; it may be empty. Fault::upstream_failed if the body was too
  // short.
  Result<net::Buffers> end() const;

 private:
  WriteFraming framing_;
  std::uint64_t left_;
  std::string size_line_;
};

}  // namespace http

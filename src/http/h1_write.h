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

// What of a head and a body behind it could not be written at once.
class Unsent {
 public:
  bool is_empty() const { return head.empty() && body.empty(); }
  net::Buffers buffers() const { return net::Buffers(head, body); }

  std::string head;
  std::string_view body;  // the end of the caller's
};

// Writes `head`, which is the thread's own and is lost when this returns, and `body`, as far as
// that goes without waiting. Errors as Stream::write() has them.
Result<Unsent> write_now(net::Stream& stream, std::string& head, std::string_view body);
// An empty text to make a head in, whose memory is kept from one head to the next. It belongs to
// whoever asked last, and to nobody once he has waited.
std::string& head_of_thread();

}  // namespace http

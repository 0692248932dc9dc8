#pragma once
// What a ServerConnection holds: the connection between requests (little) and one exchange at a
// time.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/h1_read.h"
#include "http/h1_write.h"
#include "http/server.h"

namespace http {

class ServerConnection::State {
 public:
  State(net::Stream& stream, const ServerLimits& limits) : stream_(stream), limits_(limits) {}

  Task<Result<Incoming*>> next();
  Task<Result<>> send(Response response);
  std::optional<Result<>> send_now(Response& response, Unsent& unsent);
  Task<Result<>> send_rest(Response& response, const Unsent& unsent);
  Task<> close();
  // The next piece of the request's body. `serial` says which request is meant: an old one has
  // none.
  Task<Result<std::optional<std::string>>> read_body(std::uint64_t serial, Deadline deadline);

  const std::optional<Refusal>& refusal() const { return refusal_; }
  void drain() { is_draining_ = true; }
  bool is_idle() const { return is_idle_; }
  int status_sent() const { return status_sent_; }

 private:
  Task<Result<Incoming*>> read_request(std::string_view bytes);
  Task<Result<Incoming*>> refuse(WireFault fault, const Request& request);
  Task<Result<Incoming*>> end_within_head(RequestReader& reader);
  Result<Incoming*> hand_over(const RequestReader& reader);
  Task<Result<>> receive_body(std::string& piece, Deadline deadline);
  Task<> leave_body();
  WireFault begin_body(const RequestReader& reader, std::string_view rest, Body& body);
  void keep(std::string_view rest);
  WireFault take_body(std::string_view bytes, std::string& piece);
  void credit(std::size_t bytes, Duration waited);
  Error fail_body(WireFault fault);
  Error body_read_failed(const Error& error, bool was_too_slow);

  WriteFraming framing_of(const Response& response);
  bool has_body(const Response& response) const;
  Task<Result<>> write(net::Buffers buffers);
  Task<Result<>> write_long(net::Buffers buffers);
  Task<Result<bool>> send_piece(Body& body, PieceFramer& framer);
  ConnectionSays connection_says() const;

  net::Stream& stream_;
  const ServerLimits limits_;
  Scheduler* scheduler_ = nullptr;

  // Bytes that belong to the requests to come, from `next_at_` on. What is before that was taken.
  std::string received_;
  std::size_t next_at_ = 0;
  std::optional<Refusal> refusal_;
  bool is_idle_ = true;
  bool is_draining_ = false;
  bool is_over_ = false;    // no further request; an orderly end is still due
  bool is_broken_ = false;  // nothing can be sent any more, or must not be
  bool is_ended_ = false;   // the peer has ended its direction
  bool is_closed_ = false;

  // The exchange.
  std::optional<Incoming> incoming_;
  std::uint64_t serial_ = 0;
  bool is_answering_ = false;
  bool is_head_ = false;
  bool keeps_alive_ = true;
  int minor_version_ = 1;
  int status_sent_ = 0;
  WriteFraming framing_{Framing::none, 0};  // of the answer

  // Its request's body.
  bool is_body_done_ = true;
  bool needs_continue_ = false;
  std::uint64_t left_ = 0;               // of a body with a length
  std::uint64_t body_bytes_ = 0;         // of a chunked one, received so far
  std::unique_ptr<ChunkReader> chunks_;  // of a chunked one
  std::string first_;                    // the part that came with the head
  std::optional<WireFault> body_fault_;
  std::size_t progress_bytes_ = 0;
  Duration progress_left_{};
};

}  // namespace http

// How a ServerConnection reads the bodies of its requests.

#include <algorithm>
#include <utility>

#include "http/detail_server_state.h"

namespace http {

// A request's body that was not complete when its head was.
class RequestBody final : public BodySource {
 public:
  RequestBody(ServerConnection::State& state, std::uint64_t serial)
      : state_(state), serial_(serial) {}
  Task<Result<std::optional<std::string>>> read(Deadline deadline) override {
    return state_.read_body(serial_, deadline);
  }

 private:
  ServerConnection::State& state_;
  std::uint64_t serial_;
};

// `rest` is what came behind the head. A body that is all there becomes a text at once.
WireFault ServerConnection::State::begin_body(const RequestReader& reader, std::string_view rest,
                                              Body& body) {
  is_body_done_ = reader.framing() == Framing::none;
  needs_continue_ = reader.expects_continue() && rest.empty();
  left_ = reader.length();
  body_bytes_ = 0;
  body_fault_.reset();
  progress_bytes_ = 0;
  progress_left_ = limits_.body_progress_within;
  if (is_body_done_) {
    keep(rest);
    return {};
  }
  if (reader.framing() == Framing::chunked) chunks_ = std::make_unique<ChunkReader>();
  const WireFault fault = take_body(rest, first_);
  if (fault.status != 0) return fault;
  if (is_body_done_) {
    body = Body(std::exchange(first_, {}));
    return {};
  }
  keep({});  // all of it was taken
  std::optional<std::uint64_t> length;
  if (!chunks_) length = reader.length();
  body = Body(std::make_unique<RequestBody>(*this, serial_), length);
  return {};
}

// Appends to `piece` what `bytes` carry of the body; what follows it is kept for the next request.
WireFault ServerConnection::State::take_body(std::string_view bytes, std::string& piece) {
  if (!chunks_) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    piece.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    left_ -= size;
    is_body_done_ = left_ == 0;
  } else {
    const std::size_t before = piece.size();
    const Progress progress = chunks_->take(bytes, piece);
    if (progress == Progress::refused) return chunks_->fault();
    is_body_done_ = progress == Progress::done;
    body_bytes_ += piece.size() - before;
    if (body_bytes_ > limits_.body_bytes) return {413, "body too large"};
  }
  if (is_body_done_) keep(bytes);
  return {};
}

// What follows a request. Of what was kept already it is the end, which need not be copied: else a
// read that is full of small requests would be copied once for each of them.
void ServerConnection::State::keep(std::string_view rest) {
  const bool is_kept = !received_.empty() && !rest.empty() &&
                       rest.data() + rest.size() == received_.data() + received_.size();
  if (is_kept) {
    next_at_ = received_.size() - rest.size();
    return;
  }
  // An idle connection keeps no memory for it.
  if (!received_.empty()) std::string().swap(received_);
  received_.append(rest);
  next_at_ = 0;
}

// The minimum rate counts only the time that we wait for the client: a slow upstream is not its
// fault.
void ServerConnection::State::credit(std::size_t bytes, Duration waited) {
  progress_bytes_ += bytes;
  progress_left_ -= waited;
  if (progress_bytes_ < limits_.body_progress_bytes) return;
  progress_bytes_ = 0;
  progress_left_ = limits_.body_progress_within;
}

// The wire refuses the request after its head was handed over: send() will say so.
Error ServerConnection::State::fail_body(WireFault fault) {
  body_fault_ = fault;
  is_over_ = true;
  if (status_sent_ == 0) refusal_ = Refusal(fault.status, fault.why);
  Fault kind = Fault::bad_request;
  if (fault.status == 408) kind = Fault::timed_out;
  if (fault.status == 413) kind = Fault::too_large;
  return {kind, fault.why};
}

Error ServerConnection::State::body_read_failed(const Error& error, bool was_too_slow) {
  if (error.fault() == Fault::timed_out) {
    if (!was_too_slow) return error;  // the caller's own deadline; it may go on reading
    return fail_body({408, "the request's body arrives too slowly"});
  }
  is_broken_ = true;
  body_fault_ = WireFault(400, "the client broke off");
  return error;
}

Task<Result<std::optional<std::string>>> ServerConnection::State::read_body(std::uint64_t serial,
                                                                            Deadline deadline) {
  if (serial != serial_) co_return failed(Fault::internal, "the body of a request that is over");
  if (body_fault_) co_return failed(Fault::bad_request, body_fault_->why);
  if (!first_.empty()) co_return std::exchange(first_, {});
  if (needs_continue_ && status_sent_ == 0) {
    const net::Buffers buffers("HTTP/1.1 100 Continue\r\n\r\n");
    CO_TRY(co_await write(buffers));
    needs_continue_ = false;  // only now: who cancels this has not said it
  }
  std::string piece;
  while (!is_body_done_ && piece.empty()) {
    CO_TRY(co_await receive_body(piece, deadline));
  }
  if (piece.empty()) co_return std::nullopt;
  co_return piece;
}

// One read; what it brings of the body is appended to `piece`.
Task<Result<>> ServerConnection::State::receive_body(std::string& piece, Deadline deadline) {
  const Instant begin = scheduler_->now();
  const Deadline slow = Deadline::in(begin, progress_left_);
  auto got = co_await stream_.read(deadline.or_sooner(slow));
  const Instant now = scheduler_->now();
  if (!got) {
    co_return tl::unexpected<Error>(body_read_failed(got.error(), slow.has_passed(now)));
  }
  if (got->empty()) {
    is_ended_ = true;
    const WireFault incomplete(400, "the connection ended within a request's body");
    co_return tl::unexpected<Error>(fail_body(incomplete));
  }
  credit(got->size(), now - begin);
  const std::string_view bytes(reinterpret_cast<const char*>(got->data()), got->size());
  const WireFault fault = take_body(bytes, piece);
  if (fault.status != 0) co_return tl::unexpected<Error>(fail_body(fault));
  co_return Result<>();
}

// After the answer: drops the rest of the body, so that its bytes are never taken for a request.
Task<> ServerConnection::State::leave_body() {
  std::size_t dropped = first_.size();
  first_.clear();
  while (!is_body_done_ && dropped <= drained_body_bytes_max) {
    const Deadline deadline = Deadline::in(scheduler_->now(), limits_.body_progress_within);
    auto piece = co_await read_body(serial_, deadline);
    if (!piece) break;
    dropped += *piece ? (*piece)->size() : 0;
  }
  if (!is_body_done_) is_over_ = true;
}

}  // namespace http

#include "http/server.h"

#include <algorithm>
#include <utility>

#include "http/detail_server_state.h"
#include "net/reading.h"

namespace http {

namespace {

// What a client must take within one span of ServerLimits::write_within: that bounds its speed and
// not the size of an answer.
constexpr std::size_t write_progress_bytes = std::size_t{128} * 1024;
// What a closing connection is read for, at most, so that the peer gets our last answer.
constexpr std::size_t linger_bytes_max = std::size_t{1024} * 1024;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Response answer_to(const Refusal& refusal) {
  std::string text(reason_of(refusal.status));
  text += ": " + refusal.why + "\n";
  return Response(refusal.status, "text/plain", std::move(text));
}

Fault fault_of(int status) {
  if (status == 408) return Fault::timed_out;
  return status == 413 || status == 414 || status == 431 ? Fault::too_large : Fault::bad_request;
}

bool has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace

ServerConnection::ServerConnection(net::Stream& stream, const ServerLimits& limits)
    : state_(std::make_unique<State>(stream, limits)) {}
ServerConnection::~ServerConnection() = default;
Task<Result<Incoming*>> ServerConnection::next() {
  return state_->next();
}
Task<> ServerConnection::close() {
  return state_->close();
}
const std::optional<Refusal>& ServerConnection::refusal() const {
  return state_->refusal();
}
void ServerConnection::drain() {
  state_->drain();
}
bool ServerConnection::is_idle() const {
  return state_->is_idle();
}
Task<Result<>> Incoming::send(Response response) {
  return state_->send(std::move(response));
}
std::optional<Result<>> Incoming::send_now(Response& response, Unsent& unsent) {
  return state_->send_now(response, unsent);
}
Task<Result<>> Incoming::send_rest(Response& response, const Unsent& unsent) {
  return state_->send_rest(response, unsent);
}
int Incoming::status_sent() const {
  return state_->status_sent();
}

// Waits for the first bytes in a frame that holds nothing else, since most connections are idle.
Task<Result<Incoming*>> ServerConnection::State::next() {
  if (scheduler_ == nullptr) {
    Scheduler& scheduler = co_await this_scheduler();
    scheduler_ = &scheduler;
  }
  if (is_answering_ && status_sent_ == 0) is_over_ = true;
  if (!is_over_ && !is_body_done_) co_await leave_body();
  is_answering_ = false;
  incoming_.reset();
  ++serial_;
  first_.clear();
  chunks_.reset();
  if (is_over_ || is_broken_) {
    co_await close();
    co_return nullptr;
  }
  refusal_.reset();
  if (next_at_ < received_.size()) {
    co_return co_await read_request(std::string_view(received_).substr(next_at_));
  }
  is_idle_ = true;
  const Deadline deadline = Deadline::in(scheduler_->now(), limits_.idle);
  auto got = co_await net::reading(stream_, deadline);
  if (!got || got->empty()) {
    // Nobody asked anything, so a reset here is as good an end as any other.
    is_over_ = true;
    is_ended_ = got.has_value();
    is_broken_ = !got && got.error().fault() != Fault::timed_out;
    co_await close();
    co_return nullptr;
  }
  co_return co_await read_request(text_of(*got));
}

// `bytes` may lie in the thread's read buffer or at the end of received_: what is not taken before
// the next wait is kept.
Task<Result<Incoming*>> ServerConnection::State::read_request(std::string_view bytes) {
  is_idle_ = false;
  const Deadline deadline = Deadline::in(scheduler_->now(), limits_.head_within);
  incoming_.emplace(Incoming(*this));
  RequestReader reader(limits_, incoming_->request);
  while (true) {
    const Progress progress = reader.take(bytes);
    if (progress == Progress::refused) co_return co_await refuse(reader.fault(), reader.request());
    if (progress == Progress::done) break;
    keep({});  // all of it was taken
    auto got = co_await net::reading(stream_, deadline);
    if (!got && got.error().fault() == Fault::timed_out) {
      const WireFault slow(408, "the request's head did not arrive in time");
      co_return co_await refuse(slow, reader.request());
    }
    if (!got) {
      is_broken_ = true;
      co_return tl::unexpected<Error>(std::move(got).error().within("reading a request"));
    }
    if (got->empty()) co_return co_await end_within_head(reader);
    bytes = text_of(*got);
  }
  const WireFault fault = begin_body(reader, bytes, incoming_->request.body);
  if (fault.status != 0) co_return co_await refuse(fault, reader.request());
  co_return hand_over(reader);
}

Task<Result<Incoming*>> ServerConnection::State::end_within_head(RequestReader& reader) {
  is_ended_ = true;
  if (reader.has_begun()) {
    const WireFault incomplete(400, "the connection ended within a request's head");
    co_return co_await refuse(incomplete, reader.request());
  }
  is_over_ = true;  // there were only empty lines
  co_await close();
  co_return nullptr;
}

Result<Incoming*> ServerConnection::State::hand_over(const RequestReader& reader) {
  keeps_alive_ = reader.keeps_alive();
  is_answering_ = true;
  status_sent_ = 0;
  is_head_ = reader.request().method == "HEAD";
  minor_version_ = reader.request().minor_version;
  return &*incoming_;
}

Task<Result<Incoming*>> ServerConnection::State::refuse(WireFault fault, const Request& request) {
  refusal_ = Refusal(fault.status, fault.why);
  refusal_->method = request.method;
  refusal_->target = request.target;
  is_over_ = true;
  const Response response = answer_to(*refusal_);
  std::string answer;
  const WriteFraming framing = WriteFraming::of(response.body);
  append_response_head(answer, response, framing, ConnectionSays::close);
  if (request.method != "HEAD") answer += response.body.text();
  status_sent_ = fault.status;
  const net::Buffers buffers(answer);
  auto written = co_await write(buffers);
  if (!written) is_broken_ = true;
  co_return failed(fault_of(fault.status), fault.why);
}

Task<> ServerConnection::State::close() {
  if (is_closed_ || is_broken_) co_return;
  is_closed_ = true;
  is_over_ = true;
  if (scheduler_ == nullptr) {
    Scheduler& scheduler = co_await this_scheduler();
    scheduler_ = &scheduler;
  }
  const Deadline deadline = Deadline::in(scheduler_->now(), limits_.linger);
  auto finished = co_await stream_.finish(deadline);
  std::size_t read_bytes = 0;
  while (finished && !is_ended_ && read_bytes < linger_bytes_max) {
    auto got = co_await net::reading(stream_, deadline);
    if (!got || got->empty()) break;
    read_bytes += got->size();
  }
}

Task<Result<>> ServerConnection::State::write(net::Buffers buffers) {
  if (buffers.size() > write_progress_bytes) co_return co_await write_long(buffers);
  const Deadline deadline = Deadline::in(scheduler_->now(), limits_.write_within);
  auto written = co_await stream_.write(buffers, deadline);
  if (!written) is_broken_ = true;
  co_return written;
}

Task<Result<>> ServerConnection::State::write_long(net::Buffers buffers) {
  for (std::string_view rest : buffers.pieces()) {
    while (!rest.empty()) {
      const net::Buffers part(rest.substr(0, write_progress_bytes));
      CO_TRY(co_await write(part));
      rest.remove_prefix(std::min(rest.size(), write_progress_bytes));
    }
  }
  co_return Result<>();
}

// Decides how the answer is framed and whether the connection goes on after it.
WriteFraming ServerConnection::State::framing_of(const Response& response) {
  const bool has_long_rest = !is_body_done_ && (needs_continue_ || left_ > drained_body_bytes_max);
  if (has_long_rest || is_draining_ || body_fault_) keeps_alive_ = false;
  if (has_no_body(response.status)) return {Framing::none, 0};
  const WriteFraming framing = WriteFraming::of(response.body);
  if (is_head_ && response.body.is_empty()) {
    // The answer to a HEAD may say how long the body of a GET would be (RFC 9110, 9.3.2).
    FieldReader fields(FieldReader::Of::response, 1);
    const auto length = response.headers.find("content-length");
    if (length) fields.take("content-length:" + std::string(*length));
    if (fields.content_length) return {Framing::length, *fields.content_length};
    return {Framing::none, 0};  // a length of 0 would be said of the GET
  }
  if (framing.kind == Framing::chunked && minor_version_ == 0) {
    keeps_alive_ = false;
    return {Framing::until_close, 0};
  }
  return framing;
}

ConnectionSays ServerConnection::State::connection_says() const {
  if (!keeps_alive_) return ConnectionSays::close;
  return minor_version_ == 0 ? ConnectionSays::keep_alive : ConnectionSays::nothing;
}

bool ServerConnection::State::has_body(const Response& response) const {
  return !is_head_ && !has_no_body(response.status);
}

std::optional<Result<>> ServerConnection::State::send_now(Response& response, Unsent& unsent) {
  if (status_sent_ != 0) return failed(Fault::internal, "the request is answered already");
  if (is_broken_) return failed(Fault::cancelled, "the client is gone");
  if (refusal_) response = answer_to(*refusal_);
  framing_ = framing_of(response);
  std::string& head = head_of_thread();
  append_response_head(head, response, framing_, connection_says());
  status_sent_ = response.status;
  if (!keeps_alive_) is_over_ = true;
  const std::string_view body = has_body(response) ? response.body.text() : std::string_view();
  auto left = write_now(stream_, head, body);
  if (!left) {
    is_broken_ = true;
    return tl::unexpected<Error>(std::move(left).error());
  }
  const bool is_all = left->is_empty() && (!has_body(response) || response.body.is_whole());
  if (is_all) return Result<>();
  unsent = std::move(*left);
  return std::nullopt;
}

Task<Result<>> ServerConnection::State::send(Response response) {
  Unsent unsent;
  const std::optional<Result<>> sent = send_now(response, unsent);
  if (sent) co_return *sent;
  co_return co_await send_rest(response, unsent);
}

// One piece of the body, or its end. False when there is no more.
Task<Result<bool>> ServerConnection::State::send_piece(Body& body, PieceFramer& framer) {
  // The wait for the source has no deadline here: it bounds itself, and an event stream is silent
  // for as long as it likes.
  CO_TRY(const std::optional<std::string> piece, co_await body.read(Deadline::never()));
  CO_TRY(const net::Buffers buffers, piece ? framer.frame(*piece) : framer.end());
  if (buffers.size() != 0) {
    CO_TRY(co_await write(buffers));
  }
  co_return piece.has_value();
}

// What could not be written at once, and a body that comes piece by piece.
Task<Result<>> ServerConnection::State::send_rest(Response& response, const Unsent& unsent) {
  if (!unsent.is_empty()) {
    const net::Buffers rest = unsent.buffers();
    CO_TRY(co_await write(rest));
  }
  PieceFramer framer(framing_);
  bool has_more = has_body(response) && !response.body.is_whole();
  while (has_more) {
    auto sent = co_await send_piece(response.body, framer);
    if (!sent) {
      is_broken_ = true;  // a message that was cut is never ended
      co_return tl::unexpected<Error>(std::move(sent).error());
    }
    has_more = *sent;
  }
  co_return Result<>();
}

}  // namespace http

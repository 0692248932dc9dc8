#include "http/client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <utility>

#include "base/sleep.h"
#include "base/unless.h"
#include "http/detail_pool_state.h"
#include "http/header_rules.h"
#include "net/reading.h"

namespace http {

namespace {

// An upstream that says how long it keeps a connection is left this much earlier.
constexpr Duration keep_alive_margin = std::chrono::seconds(1);
constexpr std::size_t send_progress_bytes = std::size_t{128} * 1024;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// RFC 9110, 9.2.2.
bool is_idempotent(std::string_view method) {
  constexpr std::array<std::string_view, 5> methods = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

bool may_have_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

// The idle time that `Keep-Alive: timeout=N` allows.
Duration idle_max_of(const Headers& headers, Duration ours) {
  const auto value = headers.find("keep-alive");
  if (!value) return ours;
  Duration theirs = ours;
  each_element(*value, [&](std::string_view element) {
    constexpr std::string_view name = "timeout=";
    if (!equals_lower(element.substr(0, name.size()), name)) return;
    element.remove_prefix(name.size());
    unsigned seconds = 0;
    const auto end = std::from_chars(element.data(), element.data() + element.size(), seconds).ptr;
    if (end != element.data() && seconds <= 86'400) theirs = std::chrono::seconds(seconds);
  });
  return std::min(ours, std::max(theirs - keep_alive_margin, Duration::zero()));
}

bool is_event_stream(const Headers& headers) {
  constexpr std::string_view name = "text/event-stream";
  const auto type = headers.find("content-type");
  return type && equals_lower(type->substr(0, name.size()), name);
}

Error broken(const Error& error) {
  const Fault fault = error.fault() == Fault::timed_out ? Fault::timed_out : Fault::upstream_failed;
  return Error(fault, error.why()).within("talking to the upstream");
}

}  // namespace

// The rest of an answer. It owns its connection and gives it back at the clean end.
class Lease final : public BodySource {
 public:
  Lease(Pool::State& pool, std::unique_ptr<UpstreamConnection> connection, ResponseReader& reader)
      : pool_(pool),
        connection_(std::move(connection)),
        framing_(reader.framing()),
        left_(reader.length()),
        can_keep_(reader.keeps_alive()),
        is_event_stream_(is_event_stream(reader.response().headers)) {}

  // Appends what `bytes` carry of the body to `piece`.
  Result<> take(std::string_view bytes, std::string& piece);
  bool is_done() const { return is_done_; }
  Task<Result<std::optional<std::string>>> read(Deadline deadline) override;
  // The text that came with the head.
  std::string first;

 private:
  void end(bool has_more);
  Result<> take_end();
  Error read_failed(const Error& error, Deadline idle);

  Pool::State& pool_;
  std::unique_ptr<UpstreamConnection> connection_;
  Framing framing_;
  std::uint64_t left_;
  bool can_keep_;
  bool is_event_stream_;
  bool is_done_ = false;
  ChunkReader chunks_;
};

// Bytes beyond the end were not asked for: nothing that comes after them can be trusted.
void Lease::end(bool has_more) {
  is_done_ = true;
  if (can_keep_ && !has_more) {
    pool_.keep(std::move(connection_));
  } else {
    connection_.reset();
  }
}

Result<> Lease::take(std::string_view bytes, std::string& piece) {
  if (framing_ == Framing::chunked) {
    const Progress progress = chunks_.take(bytes, piece);
    if (progress == Progress::refused) {
      connection_.reset();
      return failed(Fault::upstream_failed, chunks_.fault().why);
    }
    if (progress == Progress::done) end(!bytes.empty());
    return {};
  }
  const std::size_t size =
      framing_ == Framing::length
          ? static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()))
          : bytes.size();
  piece.append(bytes.substr(0, size));
  if (framing_ != Framing::length) return {};
  left_ -= size;
  if (left_ == 0) end(bytes.size() > size);
  return {};
}

// An error keeps the connection only if it was the caller's own deadline: he may go on reading.
Error Lease::read_failed(const Error& error, Deadline idle) {
  Error told = broken(error);
  const bool is_patience_over = idle.has_passed(pool_.scheduler().now());
  if (told.fault() != Fault::timed_out || is_patience_over) connection_.reset();
  return told;
}

Result<> Lease::take_end() {
  connection_.reset();
  if (framing_ != Framing::until_close) {
    return failed(Fault::upstream_failed, "the upstream ended its answer too early");
  }
  is_done_ = true;
  return {};
}

Task<Result<std::optional<std::string>>> Lease::read(Deadline deadline) {
  if (!first.empty()) co_return std::exchange(first, {});
  if (!is_done_ && !connection_) co_return failed(Fault::upstream_failed, "the answer was cut");
  std::string piece;
  while (!is_done_ && piece.empty()) {
    const Instant begin = pool_.scheduler().now();
    const Deadline idle =
        is_event_stream_ ? Deadline::never() : Deadline::in(begin, pool_.limits().body_idle);
    auto got = co_await connection_->stream->read(deadline.or_sooner(idle));
    if (!got) co_return tl::unexpected<Error>(read_failed(got.error(), idle));
    const Result<> taken = got->empty() ? take_end() : take(text_of(*got), piece);
    if (!taken) co_return tl::unexpected<Error>(taken.error());
  }
  if (piece.empty()) co_return std::nullopt;
  co_return piece;
}

std::string Endpoint::authority() const {
  const bool is_default = port == (uses_tls ? 443 : 80);
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return is_default ? name : name + ":" + std::to_string(port);
}

Pool::Pool(Scheduler& scheduler, Connector& connector, const ClientLimits& limits)
    : state_(std::make_unique<State>(scheduler, connector, limits)) {}
Pool::~Pool() = default;
Task<Result<Response>> Pool::exchange(Request&& request, const Endpoint& endpoint,
                                      Deadline deadline) {
  return state_->exchange(request, endpoint, deadline);
}
void Pool::drop_idle(const Endpoint& endpoint) {
  state_->drop_idle(endpoint);
}
void Pool::drop_idle() {
  state_->drop_idle();
}
std::size_t Pool::idle_count() const {
  return state_->idle_count();
}

// One connection's attempt at an exchange.
class Pool::State::Attempt {
 public:
  Attempt(Connection connection, const Request& request, const ClientLimits& limits)
      : connection_(std::move(connection)), reader_(request.method, limits) {}

  net::Stream& stream() { return *connection_->stream; }
  bool is_done() const { return is_done_; }
  bool has_answered() const { return has_answered_; }  // at least one byte came back

  std::optional<Error> take(const Result<std::span<const std::byte>>& got) {
    if (!got) return broken(got.error());
    if (got->empty()) {
      return Error(Fault::upstream_failed, "the upstream closed before it had answered");
    }
    has_answered_ = true;
    rest_ = text_of(*got);
    const Progress progress = reader_.take(rest_);
    is_done_ = progress == Progress::done;
    if (progress != Progress::refused) return std::nullopt;
    return Error(Fault::upstream_failed, reader_.fault().why);
  }
  // Reads until the head of the answer is there, or there will be none, which the next take() of
  // the end or the error says again.
  Task<> until_answered(Deadline deadline) {
    while (!error_ && !is_done_) {
      auto got = co_await net::reading(stream(), deadline);
      error_ = take(got);
    }
    // Who reads next does so in the same memory.
    kept_ = rest_;
    rest_ = kept_;
  }
  // Until nothing more of the request is wanted, or can be. An answer that is made of what the
  // request still brings is none to stop for.
  Task<> until_unwanted(Deadline deadline) {
    co_await until_answered(deadline);
    if (is_done_ && !reader_.refuses_request()) co_await sleep_until(Deadline::never());
  }
  const std::optional<Error>& error() const { return error_; }
  void cut_request() { reader_.cut_request(); }

  // Once it is done, before anybody waits again.
  Result<Response> finish(State& pool) {
    return pool.finish(std::move(connection_), reader_, rest_);
  }

 private:
  Connection connection_;
  ResponseReader reader_;
  std::string_view rest_;  // what came behind the head
  std::string kept_;
  std::optional<Error> error_;  // of until_answered()
  bool has_answered_ = false;
  bool is_done_ = false;
};

Task<Result<Response>> Pool::State::exchange(Request& request, const Endpoint& endpoint,
                                             Deadline deadline) {
  strip_request(request.headers);
  if (request.authority.empty()) request.authority = endpoint.authority();
  const bool is_harmless = request.is_repeatable || is_idempotent(request.method);
  const bool is_repeatable = is_harmless && request.body.is_whole();
  WriteFraming framing = WriteFraming::of(request.body);
  if (request.body.is_empty() && !may_have_body(request.method)) framing.kind = Framing::none;
  Connection connection = take_idle(endpoint);
  for (bool is_kept = connection != nullptr;; is_kept = false) {
    if (!is_kept) {
      CO_TRY(connection, co_await connect(endpoint, deadline));
    }
    Attempt attempt(std::move(connection), request, limits_);
    std::optional<Error> error;
    std::string& head = head_of_thread();
    append_request_head(head, request, framing);
    auto unsent = write_now(attempt.stream(), head, request.body.text());
    if (!unsent) {
      error = broken(unsent.error());
    } else if (!unsent->is_empty() || !request.body.is_whole()) {
      error = co_await send_watching(attempt, *unsent, request.body, framing, deadline);
    }
    while (!error && !attempt.is_done()) {
      auto got = co_await net::reading(attempt.stream(), deadline);
      error = attempt.take(got);
    }
    if (!error) co_return attempt.finish(*this);
    const bool is_dead = !attempt.has_answered() && error->fault() == Fault::upstream_failed;
    if (!is_kept || !is_dead || !is_repeatable) co_return tl::unexpected<Error>(std::move(*error));
  }
}

Task<Result<Pool::State::Connection>> Pool::State::connect(const Endpoint& endpoint,
                                                           Deadline deadline) {
  const Deadline connected = Deadline::in(scheduler_.now(), limits_.connect_within);
  CO_TRY(auto stream, co_await connector_.connect(endpoint, deadline.or_sooner(connected)));
  co_return std::make_unique<UpstreamConnection>(std::move(stream), endpoint);
}

// Sends the rest of the request as long as it is wanted: a server may answer before it has read
// everything, and close (RFC 9112, 9.5). What it answered then is its answer; one that refuses
// nothing is its answer once all is sent.
Task<std::optional<Error>> Pool::State::send_watching(Attempt& attempt, const Unsent& unsent,
                                                      Body& body, WriteFraming framing,
                                                      Deadline deadline) {
  Task<> unwanted = attempt.until_unwanted(deadline);
  auto sending = send_rest(attempt.stream(), unsent, body, framing, deadline);
  auto sent = co_await unless(std::move(unwanted), std::move(sending));
  if (sent && *sent) co_return std::nullopt;
  attempt.cut_request();
  if (!sent) co_return attempt.error();
  Error why = std::move(*sent).error();
  if (why.fault() != Fault::upstream_failed) co_return why;
  // The connection is broken, so what there is to read is there already.
  co_await attempt.until_answered(write_end(deadline));
  if (attempt.is_done()) co_return std::nullopt;
  co_return why;
}

// What could not be written at once, and a body that comes piece by piece.
Task<Result<>> Pool::State::send_rest(net::Stream& stream, const Unsent& unsent, Body& body,
                                      WriteFraming framing, Deadline deadline) {
  if (!unsent.is_empty()) {
    const net::Buffers rest = unsent.buffers();
    CO_TRY(co_await send_part(stream, rest, deadline));
  }
  PieceFramer framer(framing);
  bool has_more = !body.is_whole();
  while (has_more) {
    CO_TRY(const std::optional<std::string> piece, co_await body.read(deadline));
    has_more = piece.has_value();
    CO_TRY(const net::Buffers buffers, piece ? framer.frame(*piece) : framer.end());
    if (buffers.size() == 0) continue;
    CO_TRY(co_await send_part(stream, buffers, deadline));
  }
  co_return Result<>();
}

// The time that an upstream may take nothing counts anew for each piece, lest one that takes much
// slowly is cut.
Task<Result<>> Pool::State::send_part(net::Stream& stream, net::Buffers buffers,
                                      Deadline deadline) {
  for (std::string_view rest : buffers.pieces()) {
    while (!rest.empty()) {
      const net::Buffers piece(rest.substr(0, send_progress_bytes));
      auto written = co_await stream.write(piece, write_end(deadline));
      if (!written) co_return tl::unexpected<Error>(broken(written.error()));
      rest.remove_prefix(std::min(rest.size(), send_progress_bytes));
    }
  }
  co_return Result<>();
}

Result<Response> Pool::State::finish(Connection connection, ResponseReader& reader,
                                     std::string_view rest) {
  Response& response = reader.response();
  connection->idle_max = idle_max_of(response.headers, limits_.idle);
  if (reader.framing() != Framing::none) {
    TRY(response.body, body_of(std::move(connection), reader, rest));
  } else if (rest.empty() && reader.keeps_alive()) {
    keep(std::move(connection));
  }
  strip_response(response.headers);
  return std::move(response);
}

// A body that came whole with its head is a text; another one is read from its connection.
Result<Body> Pool::State::body_of(Connection connection, ResponseReader& reader,
                                  std::string_view rest) {
  const bool has_length = reader.framing() == Framing::length;
  if (has_length && rest.size() == reader.length()) {
    if (reader.keeps_alive()) keep(std::move(connection));
    return Body(std::string(rest));
  }
  auto lease = std::make_unique<Lease>(*this, std::move(connection), reader);
  std::string text;
  TRY(lease->take(rest, text));
  if (lease->is_done()) return Body(std::move(text));
  lease->first = std::move(text);
  std::optional<std::uint64_t> length;
  if (has_length) length = reader.length();
  return Body(std::move(lease), length);
}

}  // namespace http

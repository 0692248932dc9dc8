// One stream of a server over HTTP+SSE: what comes on it, and what is POSTed meanwhile.

#include <algorithm>

#include "base/text.h"
#include "base/uri.h"
#include "upstream/detail_sse_session.h"

namespace upstream {
namespace {

constexpr std::size_t post_path_max = 4096;
constexpr std::uint64_t skipped_logged = 20;
constexpr std::size_t shown_max = 512;
constexpr std::size_t ends_max = 1024;  // of a message that cannot be read

Error elsewhere(const char* why) {
  return {Fault::upstream_failed, std::string("the server named no address for messages: ") + why};
}

// The path of an absolute address of the same origin.
Result<std::string> path_of_address(std::string_view said, const http::Endpoint& endpoint) {
  const Result<Uri> uri = Uri::parse(said);
  if (!uri) return tl::unexpected(elsewhere("it is no address"));
  std::string host = uri->authority().host();
  if (uri->authority().is_ipv6()) host = host.substr(1, host.size() - 2);
  const bool is_same = host == base::to_lower(endpoint.host) && uri->port() == endpoint.port &&
                       uri->uses_tls() == endpoint.uses_tls;
  if (!is_same) return tl::unexpected(elsewhere("it is of another origin"));
  return uri->target();
}

// A message that cannot be read: its id stands at its start or at its end.
std::string both_ends(const std::string& text) {
  if (text.size() <= 2 * ends_max) return text;
  return text.substr(0, ends_max) + ' ' + text.substr(text.size() - ends_max);
}

}  // namespace

Result<std::string> post_path_of(std::string_view said, const HttpSettings& settings) {
  if (said.empty() || said.size() > post_path_max) {
    return tl::unexpected(elsewhere("it is empty or too long"));
  }
  std::string path;
  const std::string_view stream = settings.path;
  const std::string_view stream_path = stream.substr(0, stream.find('?'));
  const std::size_t colon = said.find(':');
  if (said.starts_with("//")) return tl::unexpected(elsewhere("it names a host"));
  if (said.front() == '/') {
    path = std::string(said);
  } else if (said.front() == '?') {
    path = std::string(stream_path) + std::string(said);
  } else if (colon < said.find_first_of("/?#")) {
    TRY(path, path_of_address(said, settings.endpoint));
  } else {
    path = std::string(stream_path.substr(0, stream_path.rfind('/') + 1)) + std::string(said);
  }
  if (!is_valid_target(path) || has_dot_segment(path.substr(0, path.find('?')))) {
    return tl::unexpected(elsewhere("it is no valid path"));
  }
  return path;
}

Task<Result<http::Response>> SseWire::send(http::Request request, Deadline deadline) const {
  const http::Endpoint& endpoint = place_->settings.endpoint;
  request.headers.add("accept-encoding", "identity");  // a compressed answer is refused
  if (!revision_.empty()) request.headers.add("mcp-protocol-version", revision_);
  if (credentials_) {
    CO_TRY(credentials_->put_on(request));
  }
  auto response = co_await site_->pool().exchange(std::move(request), endpoint, deadline);
  co_return place_->heard(std::move(response), deadline, scheduler().now());
}

Task<Result<>> SseWire::post(std::string path, std::string text, Deadline deadline) const {
  http::Request request("POST", std::move(path), place_->authority);
  request.headers.add("content-type", "application/json");
  request.headers.add("accept", "application/json, text/event-stream");
  request.body = http::Body(std::move(text));
  CO_TRY(http::Response response, co_await send(std::move(request), deadline));
  if (response.status >= 200 && response.status < 300) {
    site_->drain(std::move(response.body));
    co_return Result<>();
  }
  CO_TRY(const Refusal refusal, co_await read_refusal(std::move(response), deadline));
  co_return tl::unexpected<Error>(refusal.error());
}

Task<Result<std::optional<http::Event>>> SseStream::next(Deadline deadline) {
  for (;;) {
    std::optional<http::Event> event = reader_.next();
    if (event) co_return event;
    CO_TRY(const std::optional<std::string> piece, co_await body_.read(deadline));
    if (!piece) co_return std::nullopt;
    CO_TRY(reader_.push(*piece));
  }
}

SseRun::SseRun(SseWire& wire, Dialog& dialog, SseStream stream, std::string post_path, Slot slot,
               Wakeup& over)
    : wire_(wire),
      dialog_(dialog),
      stream_(std::move(stream)),
      post_path_(std::move(post_path)),
      slot_(std::move(slot)),
      over_(over),
      tasks_(wire.scheduler()) {
  tasks_.spawn(read(*this));
  tasks_.spawn(feed(*this));
}

void SseRun::end(const std::string& why) {
  if (!reason_.empty()) return;
  reason_ = why;
  wire_.place().log.warn(
      "stream ended",
      {{"target", wire_.place().name.text()}, {"reason", reason_}, {"calls", dialog_.calls()}});
  dialog_.fail(Error(Fault::upstream_failed, "the server's stream ended: " + reason_));
  wire_.scheduler().soon(over_);
}

Task<> SseRun::read(SseRun& run) {
  for (;;) {
    auto event = co_await run.stream_.next(Deadline::never());
    if (!event || !*event) {
      run.end(event ? "closed by the server" : event.error().why());
      co_return;
    }
    if ((*event)->name == "message" && !(*event)->data.empty()) {
      run.take(std::move((*event)->data));
    }
    if (run.dialog_.is_full()) {
      co_await run.dialog_.wait_for_room();
    }
  }
}

void SseRun::take(std::string text) {
  auto message = mcp::read_or_leave(text, mcp::Sender::server, answer_limits);
  if (message) return dialog_.receive(std::move(*message));
  if (++skipped_ <= skipped_logged) {
    wire_.place().log.warn("event skipped", {{"target", wire_.place().name.text()},
                                             {"reason", message.error().why()},
                                             {"data", base::printable(text, shown_max)}});
  }
  if (message.error().id()) return dialog_.receive(message.error());
  dialog_.receive_unreadable(both_ends(text), message.error().why());
}

// One after the other: the server takes them in their order.
Task<> SseRun::feed(SseRun& run) {
  for (;;) {
    while (!run.dialog_.has_outgoing()) {
      co_await run.dialog_.outgoing_changed().wait();
    }
    std::string text = run.dialog_.take_outgoing();
    const Deadline deadline = run.wire_.in(run.wire_.place().settings.telling);
    auto posted = co_await run.wire_.post(run.post_path_, std::move(text), deadline);
    if (posted) continue;
    run.wire_.place().log.warn("message not taken", {{"target", run.wire_.place().name.text()},
                                                     {"reason", posted.error().why()}});
    if (run.is_proven_) continue;
    run.end("initialize was not taken: " + posted.error().why());
    co_return;
  }
}

}  // namespace upstream

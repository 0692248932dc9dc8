#include "gateway/serve.h"

#include <exception>

#include "base/sleep.h"
#include "base/unless.h"
#include "gateway/answer.h"
#include "gateway/refuse.h"
#include "http/header_rules.h"
#include "http/server.h"
#include "runtime/attributes.h"

namespace gateway {
namespace {

// Writes the access record when the exchange is over, also when its frame is destroyed because the
// client is gone.
class RecordOnExit {
 public:
  RecordOnExit(Core& core, policy::Exchange& exchange) : core_(core), exchange_(exchange) {}
  RecordOnExit(const RecordOnExit&) = delete;
  RecordOnExit& operator=(const RecordOnExit&) = delete;
  ~RecordOnExit() {
    const Log& log = core_.log();
    if (exchange_.record.http_status == 0) {
      exchange_.record.reason = policy::Reason::client_gone;
      if (exchange_.record.error.empty()) exchange_.record.error = "the client is gone";
    }
    if (!log.is_on(exchange_.record.level())) return;
    const Instant now = core_.shared().clock.now();
    log.write(telemetry::line_of(exchange_.record, log.format(), core_.shared().clock.wall(),
                                 now - exchange_.began));
  }

 private:
  Core& core_;
  policy::Exchange& exchange_;
};

// Claims about the caller that only a proxy we trust could make, and we trust none.
constexpr std::string_view claimed[] = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
                                        "x-real-ip",       "forwarded",         "x-forwarded-port",
                                        "x-user"};

// Before anybody looks at the request: what is authorized is what is forwarded, and what policies
// add afterwards no client can take away by naming it in Connection.
void strip(http::Headers& headers) {
  http::strip_request(headers);
  for (const std::string_view name : claimed) headers.remove(name);
  std::vector<std::string> token_claims;
  for (const http::Field field : headers) {
    if (field.name.starts_with("x-jwt-")) token_claims.emplace_back(field.name);
  }
  for (const std::string& name : token_claims) headers.remove(name);
}

policy::Peer peer_of(const net::TcpStream& stream) {
  const net::Address peer = stream.peer().unmapped();
  policy::Peer made;
  made.address = peer.host();
  made.port = peer.port();
  made.is_loopback = peer.is_loopback() && stream.local().unmapped().is_loopback();
  return made;
}

void begin_record(policy::Exchange& exchange, const runtime::Bind* bind) {
  telemetry::Record& record = exchange.record;
  if (bind != nullptr) record.bind = bind->name;
  record.source = exchange.peer.address + ":" + std::to_string(exchange.peer.port);
  record.http_method = exchange.request().method;
  record.http_host = exchange.request().authority;
  record.http_path = std::string(exchange.request().path());
  record.http_minor_version = exchange.request().minor_version;
}

// The one catch of the gateway: an exception is a bug or no memory, and costs its exchange only.
Task<http::Response> answer_or_500(Core& core, const runtime::Bind* bind,
                                   policy::Exchange& exchange) {
  if (bind == nullptr) {
    // A reload took the port away while the connection was kept.
    co_return refuse(exchange, Error(Fault::unavailable, "the port is not served any more"));
  }
  std::string what;
  try {
    co_return co_await answer(core, *bind, exchange);
  } catch (const std::exception& exception) {
    what = exception.what();
  }
  core.log().error("exception", {{"what", what}});
  co_return refuse(exchange, Error(Fault::internal, "exception: " + what));
}

Task<bool> serve_exchange(Core& core, std::uint16_t port, policy::Peer peer,
                          http::Incoming& incoming) {
  const std::shared_ptr<const runtime::Snapshot> snapshot =
      core.snapshot();  // as long as this frame
  const runtime::Bind* bind = snapshot->find_bind(port);
  const Clock& clock = core.shared().clock;
  strip(incoming.request.headers);
  policy::Exchange exchange(std::move(incoming.request), std::move(peer), clock.now(),
                            clock.wall());
  const runtime::Attributes attributes(exchange);
  exchange.attributes = &attributes;
  exchange.tokens = &core.tokens();
  begin_record(exchange, bind);
  const RecordOnExit record(core, exchange);
  http::Response response = co_await answer_or_500(core, bind, exchange);
  exchange.record.http_status = response.status;
  response.headers.set("x-content-type-options", "nosniff");
  auto sent = co_await incoming.send(std::move(response));
  exchange.record.http_status = incoming.status_sent();
  if (!sent && exchange.record.error.empty()) exchange.record.error = sent.error().why();
  co_return sent.has_value() && bind != nullptr;
}

// Done when the gateway drains while no request has begun. One that has begun is read to its end,
// which the limits of its head and body bound.
Task<> until_drained_idle(Core& core, http::ServerConnection& connection) {
  co_await core.until_draining();
  connection.drain();
  while (!connection.is_idle()) {
    const Deadline later = Deadline::in(core.loop().now(), std::chrono::milliseconds(50));
    co_await sleep_until(later);
  }
}

Task<Result<std::optional<http::Incoming>>> next_request(Core& core,
                                                         http::ServerConnection& connection) {
  Task<> drained = until_drained_idle(core, connection);
  Task<Result<std::optional<http::Incoming>>> coming = connection.next();
  auto incoming = co_await unless(std::move(drained), std::move(coming));
  if (!incoming) co_return std::optional<http::Incoming>();
  co_return std::move(*incoming);
}

void record_refusal(Core& core, const runtime::Snapshot& snapshot, std::uint16_t port,
                    const policy::Peer& peer, const http::Refusal& refusal) {
  telemetry::Record record;
  if (const runtime::Bind* bind = snapshot.find_bind(port)) record.bind = bind->name;
  record.source = peer.address + ":" + std::to_string(peer.port);
  record.http_method = refusal.method;
  record.http_path = refusal.target.substr(0, refusal.target.find('?'));
  record.http_status = refusal.status;
  record.reason = policy::Reason::invalid_request;
  record.error = refusal.why;
  core.log().write(
      telemetry::line_of(record, core.log().format(), core.shared().clock.wall(), Duration(0)));
}

Task<> serve_requests(Core& core, std::uint16_t port, net::TcpStream& stream) {
  http::ServerConnection connection(stream, http::ServerLimits());
  const policy::Peer peer = peer_of(stream);
  for (;;) {
    auto incoming = co_await next_request(core, connection);
    if (!incoming && connection.refusal()) {
      record_refusal(core, *core.snapshot(), port, peer, *connection.refusal());
    }
    if (!incoming || !*incoming) break;
    if (core.is_draining()) connection.drain();
    const bool goes_on = co_await serve_exchange(core, port, peer, **incoming);
    if (!goes_on) break;
  }
  co_await connection.close();
}

// Gives `unless` a value to tell that the requests ended by themselves.
Task<bool> serve_to_end(Core& core, std::uint16_t port, net::TcpStream& stream) {
  co_await serve_requests(core, port, stream);
  co_return true;
}

}  // namespace

Task<> serve(Core& core, std::uint16_t configured_port, net::TcpStream& stream) {
  // A client that has vanished ends its exchange: whatever that waits for is cancelled.
  Task<> gone = stream.gone();
  Task<bool> served = serve_to_end(core, configured_port, stream);
  [[maybe_unused]] const auto ended = co_await unless(std::move(gone), std::move(served));
}

}  // namespace gateway

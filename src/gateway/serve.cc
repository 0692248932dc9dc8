#include "gateway/serve.h"

#include <exception>

#include "base/unless.h"
#include "gateway/answer.h"
#include "gateway/refuse.h"
#include "http/header_rules.h"
#include "http/server.h"
#include "policy/lockout.h"
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
    if (exchange_.is_recorded_elsewhere) return;
    const Log& log = core_.log();
    if (exchange_.record.http_status == 0) {
      exchange_.record.reason = policy::Reason::client_gone;
      if (exchange_.record.error.empty()) exchange_.record.error = "the client is gone";
    }
    core_.tell_of(exchange_.record, exchange_.began, exchange_.principal());
    if (!log.is_on(exchange_.record.level())) return;
    const Instant now = core_.shared().clock.now();
    telemetry::write(log, exchange_.record, core_.shared().clock.wall(), now - exchange_.began);
  }

 private:
  Core& core_;
  policy::Exchange& exchange_;
};

// Claims about the caller that only a proxy we trust could make, and we trust none.
bool is_claim(std::string_view name) {
  if (!name.starts_with("x-")) return name == "forwarded";
  return name.starts_with("x-jwt-") || name == "x-forwarded-for" || name == "x-forwarded-proto" ||
         name == "x-forwarded-host" || name == "x-forwarded-port" || name == "x-real-ip" ||
         name == "x-user";
}

// Before anybody looks at the request: what is authorized is what is forwarded, and what policies
// add afterwards no client can take away by naming it in Connection.
void strip(http::Headers& headers) {
  http::strip_request(headers);
  headers.remove_if([](const http::Field& field) { return is_claim(field.name); });
}

constexpr http::ConstantField no_sniffing("x-content-type-options", "nosniff");

policy::Peer peer_of(const net::TcpStream& stream) {
  const net::Address peer = stream.peer().unmapped();
  policy::Peer made;
  made.address = peer.host();
  made.port = peer.port();
  made.text = made.address + ":" + std::to_string(made.port);
  made.is_loopback = peer.is_loopback() && stream.local().unmapped().is_loopback();
  return made;
}

void begin_record(policy::Exchange& exchange, const runtime::Bind* bind) {
  telemetry::Record& record = exchange.record;
  if (bind != nullptr) record.bind = bind->name;
  record.source = exchange.peer.text;
  record.http_method = exchange.request().method;
  record.http_host = exchange.request().authority;
  record.http_path = std::string(exchange.request().path());
  record.http_minor_version = exchange.request().minor_version;
}

http::Response answer_500(Core& core, policy::Exchange& exchange, const WayBack& way,
                          const std::string& what) {
  core.log().error("exception", {{"what", what}});
  http::Response response = refuse(exchange, Error(Fault::internal, "exception: " + what));
  // A browser shows it only with the fields of the policies it came through. It may have been one
  // of them that threw.
  try {
    lead_back(way, exchange, response);
  } catch (const std::exception& exception) {
    core.log().error("exception", {{"what", exception.what()}});
    return refuse(exchange, Error(Fault::internal, "exception: " + what));
  }
  return response;
}

class ServedConnection final : public policy::Connection {
 public:
  ServedConnection(net::TcpStream& stream, const std::shared_ptr<const runtime::Snapshot>& snapshot)
      : stream_(stream), snapshot_(snapshot) {}
  ~ServedConnection() override {
    if (is_changed_) stream_.take_end_for_leaving(false);
  }
  void take_end_for_leaving() override {
    is_changed_ = true;
    stream_.take_end_for_leaving(true);
  }
  std::shared_ptr<const void> configuration() const override { return snapshot_; }

 private:
  net::TcpStream& stream_;
  const std::shared_ptr<const runtime::Snapshot>& snapshot_;
  bool is_changed_ = false;
};

// What is known of a connection's client from one request to the next.
struct Client {
  explicit Client(policy::Peer the_peer) : peer(std::move(the_peer)) {}
  policy::Peer peer;
  auth::LastToken last_token;
  std::string last_key;
};

Task<bool> serve_exchange(Core& core, std::uint16_t port, Client& client, http::Incoming& incoming,
                          net::TcpStream& stream) {
  const std::shared_ptr<const runtime::Snapshot> snapshot =
      core.snapshot();  // as long as this frame
  const runtime::Bind* bind = snapshot->find_bind(port);
  const Clock& clock = core.shared().clock;
  strip(incoming.request.headers);
  policy::Exchange exchange(std::move(incoming.request), client.peer, clock.now(), clock.wall());
  const runtime::Attributes attributes(exchange);
  exchange.attributes = &attributes;
  ServedConnection connection(stream, snapshot);
  exchange.connection = &connection;
  exchange.tokens = &core.tokens();
  exchange.last_token = &client.last_token;
  exchange.last_key = &client.last_key;
  exchange.failed_logins = core.shared().failed_logins;
  exchange.logins = &core.logins();
  exchange.passwords = core.shared().passwords;
  exchange.introspections = &core.introspections();
  exchange.token_exchanges = &core.token_exchanges();
  begin_record(exchange, bind);
  const RecordOnExit record(core, exchange);
  http::Response response;
  if (bind != nullptr) {
    // Where the gateway catches: an exception is a bug or no memory, and costs its exchange only.
    std::string what;
    bool is_answered = false;
    WayBack way;
    try {
      response = co_await answer(core, *bind, exchange, way);
      lead_back(way, exchange, response);
      is_answered = true;
    } catch (const std::exception& exception) {
      what = exception.what();
    }
    if (!is_answered) response = answer_500(core, exchange, way, what);
  } else {
    // A reload took the port away while the connection was kept.
    response = refuse(exchange, Error(Fault::unavailable, "the port is not served any more"));
  }
  policy::settle_doubt(exchange);
  exchange.record.http_status = response.status;
  response.headers.set(no_sniffing);
  http::Unsent unsent;
  std::optional<Result<>> sent = incoming.send_now(response, unsent);
  if (!sent) {
    sent = co_await incoming.send_rest(response, unsent);
  }
  exchange.record.http_status = incoming.status_sent();
  if (!*sent && exchange.record.error.empty()) exchange.record.error = sent->error().why();
  co_return sent->has_value() && bind != nullptr;
}

// Ends a connection when the gateway drains: after its next answer, or when none was asked for in
// the time that the core waits. A request that has begun is read to its end, which the limits of
// its head and body bound.
class EndWhenDraining final : public DrainWatch {
 public:
  EndWhenDraining(Core& core, http::ServerConnection& connection, net::TcpStream& stream)
      : connection_(connection), stream_(stream) {
    core.tell_of_draining(*this);
  }
  void on_draining() override { connection_.drain(); }
  void on_waited() override {
    if (connection_.is_idle()) stream_.end_reading();
  }

 private:
  http::ServerConnection& connection_;
  net::TcpStream& stream_;
};

void record_refusal(Core& core, const runtime::Snapshot& snapshot, std::uint16_t port,
                    const policy::Peer& peer, const http::Refusal& refusal) {
  telemetry::Record record;
  if (const runtime::Bind* bind = snapshot.find_bind(port)) record.bind = bind->name;
  record.source = peer.text;
  record.http_method = refusal.method;
  record.http_path = refusal.target.substr(0, refusal.target.find('?'));
  record.http_status = refusal.status;
  record.reason = policy::Reason::invalid_request;
  record.error = refusal.why;
  core.tell_of(record, core.shared().clock.now(), auth::Principal());
  telemetry::write(core.log(), record, core.shared().clock.wall(), Duration(0));
}

http::ServerLimits limits_of(Core& core) {
  http::ServerLimits limits = core.load().limits().server;
  const auto& frontend = core.snapshot()->frontend.http;
  limits.fields = frontend.fields;
  limits.idle = frontend.idle;
  return limits;
}

Task<> serve_requests(Core& core, std::uint16_t port, net::TcpStream& stream) {
  http::ServerConnection connection(stream, limits_of(core));
  Client client(peer_of(stream));
  const EndWhenDraining ending(core, connection, stream);
  for (;;) {
    auto incoming = co_await connection.next();
    if (!incoming && connection.refusal()) {
      record_refusal(core, *core.snapshot(), port, client.peer, *connection.refusal());
    }
    if (!incoming || !*incoming) break;
    const bool goes_on = co_await serve_exchange(core, port, client, **incoming, stream);
    if (!goes_on) break;
    // The answer had begun before, so it could not say that it is the last.
    if (core.has_waited()) stream.end_reading();
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

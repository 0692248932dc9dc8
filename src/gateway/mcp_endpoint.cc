#include "gateway/mcp_endpoint.h"

#include <algorithm>

#include "gateway/caller.h"
#include "gateway/mcp_call.h"
#include "gateway/modern_endpoint.h"
#include "gateway/origin_check.h"
#include "gateway/refuse.h"
#include "http/limits.h"
#include "http/media_type.h"
#include "mcp/era.h"
#include "mcp/write.h"

namespace gateway {
namespace {

constexpr auto body_within = std::chrono::seconds(60);
constexpr auto open_within = std::chrono::seconds(30);

// What one request at one MCP route is asked about before it is served.
class Endpoint {
 public:
  explicit Endpoint(const McpPlace& at)
      : core_(at.core),
        route_(at.route),
        backend_(at.backend),
        exchange_(at.exchange),
        versions_(exchange_.request().headers.all("mcp-protocol-version")) {}

  // The session or the answer that there is none.
  using Found = tl::expected<SessionHome, http::Response>;

  bool accepts_stream() const {
    const auto accept = exchange_.request().headers.find("accept");
    return accept && http::accepts(*accept, "text/event-stream");
  }

  std::optional<http::Response> wrong_media_type() {
    const http::Headers& headers = exchange_.request().headers;
    const auto type = headers.find("content-type");
    const auto accept = headers.find("accept");
    // What nearly all clients say, to the letter.
    if (type == "application/json" && accept == "application/json, text/event-stream") {
      return std::nullopt;
    }
    if (!type || !http::is_utf8_media_type(*type, "application/json")) {
      return refuse(exchange_, 415, "mcp: client must send application/json");
    }
    if (!accept || !http::accepts(*accept, "application/json") || !accepts_stream()) {
      return refuse(exchange_, 406,
                    "mcp: client must accept both application/json and text/event-stream");
    }
    return std::nullopt;
  }

  // Whether it is of the stateless revision by what it says.
  bool is_modern(const mcp::Message& message) const {
    const bool names_session = exchange_.request().headers.has("mcp-session-id");
    return mcp::era_of_message(message, versions_, names_session) == mcp::Era::modern;
  }
  // GET and DELETE, which that revision has no use for.
  bool names_modern_only() const {
    if (exchange_.request().headers.has("mcp-session-id")) return false;
    return std::any_of(versions_.begin(), versions_.end(), [](std::string_view version) {
      const auto revision = mcp::read_revision(version);
      return revision && mcp::era_of(*revision) == mcp::Era::modern;
    });
  }

  http::Response refuse_version(const std::optional<mcp::Id>& id, const mcp::VersionFault& fault) {
    const std::string data = fault.data();
    return refuse_call(exchange_, 400, id,
                       RpcError{mcp::Code::unsupported_version, fault.why(), data});
  }

  static std::optional<mcp::Id> id_of(const mcp::Message& message) {
    return message.is_notification() ? std::nullopt : std::optional(message.id());
  }

  std::optional<http::Response> wrong_version(const std::optional<mcp::Id>& id,
                                              const SessionHandle& session) {
    const auto revision = mcp::revision_of_request(versions_, session.revision);
    if (revision) return std::nullopt;
    return refuse_version(id, revision.error());
  }

  OpenedSession open_id(std::string_view id) const {
    return core_.opened_ids().open(core_.shared().session_ids, id, binding());
  }
  Binding binding() const {
    return Binding(exchange_.principal().identity(), route_.key, backend_.target->number);
  }

  // Calls in flight hold the session until they are over; nobody else finds it from now on.
  void take_out() {
    const OpenedSession opened = open_id(*exchange_.request().headers.find("mcp-session-id"));
    core_.shared().sessions.take(opened.number);
  }

  http::Response refuse_for_memory() {
    return refuse(exchange_, 503, "the gateway is short of memory");
  }

  http::Response refuse_body(const Error& error) {
    if (error.fault() == Fault::too_many) return refuse_for_memory();
    if (error.fault() != Fault::timed_out) return refuse(exchange_, error);
    return refuse(exchange_, 408, "the request's body did not arrive in time");
  }

  // The request's or notification's row in the table of methods; null for an answer and for a
  // notification that is not in it.
  static tl::expected<const mcp::Method*, mcp::ReadFault> admit(const mcp::Message& message) {
    if (message.is_response()) return nullptr;
    return mcp::admit(message, mcp::Sender::client, mcp::Era::legacy);
  }

  // Of this caller; what its server gets to see of the caller is not renewed yet.
  Found locate(const std::optional<mcp::Id>& id) {
    const auto presented = exchange_.request().headers.find("mcp-session-id");
    if (!presented) {
      const RpcError error{
          mcp::Code::invalid_request, "Bad Request: Mcp-Session-Id header is required", {}};
      return tl::unexpected(refuse_call(exchange_, 400, id, error));
    }
    const OpenedSession opened = open_id(*presented);
    SessionHome session;
    if (opened.kind == OpenedSession::Kind::own) {
      session = core_.shared().sessions.find(opened.number, core_.loop().now());
    }
    if (!session) {
      // One answer for an unknown, an ended and somebody else's session; the record knows better.
      http::Response refused = refuse_call(
          exchange_, 404, id, RpcError{mcp::Code::invalid_request, "Session not found", {}});
      exchange_.record.error = opened.kind == OpenedSession::Kind::foreign
                                   ? "session_owner_mismatch"
                                   : "unknown session";
      return tl::unexpected(std::move(refused));
    }
    exchange_.record.mcp_session = session->number;
    return session;
  }

  Found find_session(const std::optional<mcp::Id>& id) {
    Found session = locate(id);
    if (!session) return session;
    if (const Result<> renewed = renew((*session)->credentials.get()); !renewed) {
      return tl::unexpected(refuse_call(exchange_, id, renewed.error()));
    }
    return session;
  }

  // Whether what the server gets to see of the caller has to be waited for before anything is sent.
  bool lacks_credentials() const { return lacking_ != nullptr; }
  // The answer, if it cannot be had.
  Task<std::optional<http::Response>> fetch_credentials(std::optional<mcp::Id> id) {
    auto fetched = co_await route_.backend_auth->fetch(exchange_);
    if (!fetched) co_return refuse_call(exchange_, id, fetched.error());
    lacking_->set(std::move(*fetched));
    co_return std::nullopt;
  }

  // Before a session ends: what cannot be had now is no reason to keep it, so the server is told
  // without it.
  Task<> renew_for_the_end(auth::CurrentCredentials* credentials) {
    bool has_them = renew(credentials).has_value();
    if (has_them && lacks_credentials()) {
      const auto refused = co_await fetch_credentials(std::nullopt);
      has_them = !refused;
    }
    if (!has_them) credentials->set(nullptr);
  }

  Task<http::Response> open_session(mcp::Message request) {
    SessionTable& table = core_.shared().sessions;
    const mcp::Id& id = request.id();
    auto reserved = table.reserve(owner_of(exchange_), backend_.target->children);
    if (!reserved) {
      exchange_.record.error = reserved.error().why();
      const RpcError error{mcp::Code::internal_error, reserved.error().why(), {}};
      co_return refuse_call(exchange_, outward(reserved.error().fault()).status, id, error);
    }
    Reservation reservation(table, owner_of(exchange_), backend_.target->children);
    const Deadline deadline = Deadline::in(core_.loop().now(), open_within);
    std::shared_ptr<auth::CurrentCredentials> credentials;
    if (route_.backend_auth) credentials = std::make_shared<auth::CurrentCredentials>();
    const Result<> renewed = renew(credentials.get());
    if (!renewed) co_return refuse_call(exchange_, id, renewed.error());
    if (lacks_credentials()) {
      auto refused = co_await fetch_credentials(id);
      if (refused) co_return std::move(*refused);
    }
    auto opened = co_await backend_.target->target->open(core_.site(), request.params(), deadline,
                                                         credentials);
    if (!opened) co_return refuse_call(exchange_, id, opened.error());
    credentials_ = std::move(credentials);
    co_return keep(id, std::move(*opened), reservation.use());
  }

 private:
  // What the server gets to see of this request's caller, from now on.
  Result<> renew(auth::CurrentCredentials* credentials) {
    if (credentials == nullptr) return {};
    // A reload may have taken it away.
    if (!route_.backend_auth) {
      credentials->set(nullptr);
      return {};
    }
    auto given = route_.backend_auth->credentials(exchange_);
    lacking_ = given ? nullptr : credentials;
    if (!given) return {};
    if (!*given) return tl::unexpected(std::move(*given).error());
    credentials->set(std::move(**given));
    return {};
  }

  // Gives the reserved place back unless a session came of it.
  class Reservation {
   public:
    Reservation(SessionTable& table, std::string owner, std::size_t children)
        : table_(table), owner_(std::move(owner)), children_(children) {}
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    ~Reservation() {
      if (!is_used_) table_.release(owner_, children_);
    }
    std::string use() {
      is_used_ = true;
      return owner_;
    }

   private:
    SessionTable& table_;
    std::string owner_;
    std::size_t children_;
    bool is_used_ = false;
  };

  http::Response keep(const mcp::Id& id, std::unique_ptr<upstream::Session> opened,
                      std::string owner) {
    const SessionNumber number = core_.shared().session_ids.make();
    auto session = std::make_unique<McpSession>(core_.loop(), std::move(opened));
    http::Response response(200, "application/json",
                            mcp::response_text(id, session->initialized()));
    response.headers.set("mcp-session-id", core_.shared().session_ids.seal(number, binding()));
    const mcp::Revision revision = session->revision();
    auto handle = std::make_shared<const SessionHandle>(
        net::Home<McpSession>(core_.loop(), std::move(session)), revision, number.text(),
        std::move(credentials_), backend_.target->children);
    exchange_.record.mcp_session = handle->number;
    core_.shared().sessions.insert(number, std::move(owner), backend_.target->number,
                                   std::move(handle), core_.loop().now());
    return response;
  }

  Core& core_;
  const runtime::Route& route_;
  const runtime::McpBackend& backend_;
  policy::Exchange& exchange_;
  const std::vector<std::string_view> versions_;           // that the request says it is of
  std::shared_ptr<auth::CurrentCredentials> credentials_;  // of the session that was opened
  auth::CurrentCredentials* lacking_ = nullptr;  // what has to be waited for, and for whom
};

// The rest of a body, piece by piece against what the process has room for; Fault::too_many if it
// has none. Bodies that came whole with their heads are not counted: the number of connections
// bounds them.
Task<Result<std::string>> read_held(http::Body& body, HeldBytes& held, std::size_t bytes_max,
                                    Deadline deadline) {
  const std::uint64_t length = body.length().value_or(0);
  if (length > bytes_max) co_return failed(Fault::too_large, "the body is too large");
  std::string all;
  all.reserve(length);  // memory that is not written to is not there yet
  for (;;) {
    CO_TRY(const std::optional<std::string> piece, co_await body.read(deadline));
    if (!piece) co_return all;
    if (piece->size() > bytes_max - all.size()) {
      co_return failed(Fault::too_large, "the body is too large");
    }
    if (!held.grow(piece->size())) co_return failed(Fault::too_many, "no room for another body");
    all += *piece;
  }
}

Task<http::Response> at_once(http::Response response) {
  co_return response;
}

// A notification or an answer to a question: there is nothing to say to it but 202.
Task<http::Response> pass_on(policy::Exchange& exchange, SessionHome session,
                             mcp::Message message) {
  const auto told = message.is_response() ? &McpSession::respond : &McpSession::notify;
  auto passed = co_await session->home.ask(told, std::move(message));
  if (!passed) {
    exchange.record.error = passed.error().why();
    exchange.record.reason = policy::Reason::upstream_failure;
  }
  co_return http::Response(202);
}

Task<http::Response> post(McpPlace place) {
  Endpoint endpoint(place);
  policy::Exchange& exchange = place.exchange;
  HeldBytes held(place.core.load());
  if (place.core.load().is_short_of_memory()) co_return endpoint.refuse_for_memory();
  if (auto wrong = endpoint.wrong_media_type()) co_return std::move(*wrong);
  http::Body& body = exchange.change_request().body;
  const std::size_t bytes_max = place.core.body_bytes_max();
  Result<std::string> text = body.take_whole(bytes_max);
  if (!body.is_whole()) {
    const Deadline deadline = Deadline::in(place.core.loop().now(), body_within);
    text = co_await read_held(body, held, bytes_max, deadline);
  }
  if (!text) co_return endpoint.refuse_body(text.error());
  auto message =
      mcp::read(std::move(*text), mcp::Sender::client, place.core.shared().message_limits);
  if (!message) co_return refuse_message(exchange, message.error());
  if (!message->is_response()) exchange.record.mcp_method = std::string(message->method());
  if (endpoint.is_modern(*message)) co_return co_await serve_modern(place, std::move(*message));
  const auto method = Endpoint::admit(*message);
  if (!method) co_return refuse_message(exchange, method.error());
  if (message->is_request() && message->method() == "initialize") {
    co_return co_await endpoint.open_session(std::move(*message));
  }
  const std::optional<mcp::Id> id = Endpoint::id_of(*message);
  auto session = endpoint.find_session(id);
  if (!session) co_return std::move(session).error();
  if (auto wrong = endpoint.wrong_version(id, **session)) co_return std::move(*wrong);
  if (endpoint.lacks_credentials()) {
    auto refused = co_await endpoint.fetch_credentials(id);
    if (refused) co_return std::move(*refused);
  }
  if (message->is_request()) {
    auto answer = co_await serve_call(place, std::move(*session), **method, std::move(*message));
    if (answer.status == 404) endpoint.take_out();
    co_return answer;
  }
  if (message->is_notification() && *method == nullptr) co_return http::Response(202);
  co_return co_await pass_on(exchange, std::move(*session), std::move(*message));
}

http::Response refuse_method(policy::Exchange& exchange, std::string_view allowed) {
  http::Response response =
      refuse(exchange, 405, "mcp: method not allowed; must be " + std::string(allowed));
  response.headers.set("allow", allowed);
  return response;
}

Task<http::Response> get(McpPlace place) {
  Endpoint endpoint(place);
  if (endpoint.names_modern_only()) co_return refuse_method(place.exchange, "POST");
  if (!endpoint.accepts_stream())
    co_return refuse(place.exchange, 406, "mcp: client must accept text/event-stream");
  auto session = endpoint.find_session(std::nullopt);
  if (!session) co_return std::move(session).error();
  if (auto wrong = endpoint.wrong_version(std::nullopt, **session)) co_return std::move(*wrong);
  if (endpoint.lacks_credentials()) {
    auto refused = co_await endpoint.fetch_credentials(std::nullopt);
    if (refused) co_return std::move(*refused);
  }
  const auto last = place.exchange.request().headers.find("last-event-id");
  if (last) {
    const std::string id(*last);
    auto rest = co_await serve_rest(place, *session, id);
    if (rest) co_return std::move(*rest);
  }
  co_return co_await serve_listener(place, std::move(*session));
}

Task<http::Response> end_session(McpPlace place) {
  Endpoint endpoint(place);
  if (endpoint.names_modern_only()) co_return refuse_method(place.exchange, "POST");
  auto session = endpoint.locate(std::nullopt);
  if (!session) co_return std::move(session).error();
  if (auto wrong = endpoint.wrong_version(std::nullopt, **session)) co_return std::move(*wrong);
  endpoint.take_out();
  co_await endpoint.renew_for_the_end((*session)->credentials.get());
  [[maybe_unused]] auto ended = co_await (*session)->home.ask(&McpSession::end);
  co_return http::Response(202);
}

}  // namespace

Task<http::Response> serve_mcp(Core& core, const runtime::Route& route,
                               const runtime::McpBackend& backend, policy::Exchange& exchange) {
  exchange.record.protocol = "mcp";
  exchange.record.backend = backend.name;
  exchange.record.mcp_target = backend.target->target->name().text();
  exchange.record.endpoint = backend.target->target->endpoint();
  exchange.forget_rules();  // to rules that ran before, there was no backend
  if (const auto refused = refused_origin(exchange, backend.dns_rebinding_protection)) {
    return at_once(refuse(exchange, 403, *refused));
  }
  const McpPlace place{core, route, backend, exchange};
  if (exchange.request().method == "POST") return post(place);
  if (exchange.request().method == "GET") return get(place);
  if (exchange.request().method == "DELETE") return end_session(place);
  http::Response response =
      refuse(exchange, 405, "mcp: method not allowed; must be GET, POST, or DELETE");
  response.headers.set("allow", "GET, POST, DELETE");
  return at_once(std::move(response));
}

}  // namespace gateway

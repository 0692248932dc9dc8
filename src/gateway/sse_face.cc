#include "gateway/sse_face.h"

#include "base/sleep.h"
#include "base/unless.h"
#include "gateway/detail_mcp_endpoint.h"
#include "gateway/mcp_listen.h"
#include "gateway/sse_link.h"
#include "http/sse.h"
#include "runtime/attributes.h"

namespace gateway {
namespace {

constexpr std::string_view parameter = "sessionId=";
// A line of our own streams: an answer of a server, however large.
constexpr std::size_t line_bytes_max = std::size_t{64} << 20;

bool is_sse_path(const http::Request& request) {
  return request.path().ends_with("/sse");
}

// Calls `visit` with each parameter of a query, until it says that it has seen enough.
template <class Visit>
void for_each_parameter(std::string_view query, Visit visit) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    if (!visit(query.substr(0, end))) return;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

// Nothing if there is none, or more than one.
std::optional<std::string_view> session_id_of(const http::Request& request) {
  std::optional<std::string_view> found;
  bool is_single = true;
  for_each_parameter(request.query(), [&](std::string_view one) {
    if (!one.starts_with(parameter)) return true;
    is_single = !found;
    found = one.substr(parameter.size());
    return is_single;
  });
  return is_single ? found : std::nullopt;
}

// Relative to where the stream is: whatever stands before us may have other paths. The rest of the
// query stays, since routes may go by it.
std::string address_of(const http::Request& request, std::string_view id) {
  std::string address = "?";
  for_each_parameter(request.query(), [&](std::string_view one) {
    if (!one.empty() && !one.starts_with(parameter)) address.append(one) += '&';
    return true;
  });
  return address.append(parameter).append(id);
}

// An id of this transport is none of the other's: there, a session does not end with its stream.
class SseBinding {
 public:
  explicit SseBinding(const McpPlace& at) : at_(at), key_(at.route.key + "/sse") {}
  Binding binding() const {
    return Binding(at_.exchange.principal().identity(), key_, at_.backend.target->number);
  }

 private:
  const McpPlace& at_;
  std::string key_;
};

// The stream's side: what is said to the client, and what ends with it.
class SseSource final : public MessageSource {
 public:
  SseSource(McpPlace at, const SessionNumber& number, std::unique_ptr<SseLink> link)
      : at_(at),
        number_(number),
        owner_(owner_of(at.exchange)),
        link_(*link),
        door_(std::make_shared<const SseDoor>(net::Home<SseLink>(at.core.loop(), std::move(link)))),
        tasks_(at.core.loop()) {
    doors().insert(number_, at.backend.target->number, door_);
  }
  // Also when the client was never sent anything: the place was reserved before this was made.
  ~SseSource() override {
    const bool had_session = doors().remove(number_);
    link_.end();
    SessionTable& sessions = at_.core.shared().sessions;
    if (!had_session) sessions.release(owner_, at_.backend.target->children);
    SessionHome session = had_session ? sessions.take(number_) : nullptr;
    if (session) at_.core.background().spawn(end(std::move(session)));
  }

  Task<std::optional<std::string>> next() override {
    if (!std::exchange(is_watched_, true)) tasks_.spawn(watch());
    for (;;) {
      auto item = co_await link_.next();
      if (!item) co_return std::nullopt;
      if (!item->session) co_return std::move(item->text);
      tasks_.spawn(listen(std::move(item->session)));
    }
  }

 private:
  static Task<> end(SessionHome session) {
    [[maybe_unused]] auto ended = co_await session->home.ask(&McpSession::end);
  }

  SseDoors& doors() const { return at_.core.shared().sse; }

  Task<> watch() {
    co_await until_stream_ends(at_.core, at_.exchange);
    co_await link_.close();
  }

  // What belongs to no request. When there is no more of it, the session is over.
  Task<> listen(SessionHome session) {
    auto listener = co_await session->home.ask(&McpSession::listen);
    if (listener) {
      ListenSource source(at_.core, at_.exchange, at_.route.key, std::move(session), *listener);
      for (;;) {
        auto text = co_await source.next();
        if (!text) break;
        auto said = co_await link_.say(std::move(*text));
        if (!said) break;
      }
    }
    co_await link_.close();
  }

  McpPlace at_;
  SessionNumber number_;
  std::string owner_;
  SseLink& link_;  // its door holds it
  SseDoorRef door_;
  bool is_watched_ = false;
  TaskGroup tasks_;  // last: its tasks use everything above
};

// A request that is served after its POST was answered: what its exchange knew, and the record of
// it, which is written when all is said.
class Afterwards {
 public:
  explicit Afterwards(const McpPlace& at)
      : exchange(head_of(at.exchange.request()), at.exchange.peer, at.exchange.began,
                 at.exchange.time),
        core_(at.core),
        configuration_(at.exchange.connection != nullptr ? at.exchange.connection->configuration()
                                                         : nullptr),
        attributes_(exchange) {
    exchange.identify(at.exchange.principal());
    exchange.attributes = &attributes_;
    exchange.last_token = &last_token_;
    exchange.tokens = at.exchange.tokens;
    exchange.listener_name = at.exchange.listener_name;
    exchange.route_name = at.exchange.route_name;
    exchange.proven_key = at.exchange.proven_key;
    exchange.record = at.exchange.record;
    exchange.record.source = exchange.peer.text;
    exchange.record.http_status = 202;
    at.exchange.is_recorded_elsewhere = true;
  }
  Afterwards(const Afterwards&) = delete;
  Afterwards& operator=(const Afterwards&) = delete;
  ~Afterwards() {
    core_.tell_of(exchange.record, exchange.began, exchange.principal());
    const Log& log = core_.log();
    if (!log.is_on(exchange.record.level())) return;
    const Clock& clock = core_.shared().clock;
    telemetry::write(log, exchange.record, clock.wall(), clock.now() - exchange.began);
  }

  policy::Exchange exchange;

 private:
  static http::Request head_of(const http::Request& request) {
    http::Request head(request.method, request.target, request.authority);
    head.scheme = request.scheme;
    head.minor_version = request.minor_version;
    head.headers = request.headers;
    return head;
  }

  Core& core_;
  std::shared_ptr<const void> configuration_;  // the route and its rules, which the place refers to
  auth::LastToken last_token_;
  runtime::Attributes attributes_;
};

Task<> until_over(SseDoorRef door) {
  [[maybe_unused]] auto over = co_await door->link.ask(&SseLink::until_over);
}

// The first event of a stream may be nothing but an id.
Task<Result<>> say_events(SseDoorRef door, http::EventReader& reader) {
  for (auto event = reader.next(); event; event = reader.next()) {
    if (event->data.empty()) continue;
    CO_TRY(co_await door->link.ask(&SseLink::say, std::move(event->data)));
  }
  co_return Result<>();
}

// What a body says, message by message.
Task<Result<>> say_all(SseDoorRef door, http::Body& body) {
  http::EventReader reader(line_bytes_max);
  const Deadline unbounded = Deadline::never();
  for (;;) {
    CO_TRY(const std::optional<std::string> piece, co_await body.read(unbounded));
    if (!piece) co_return Result<>();
    CO_TRY(reader.push(*piece));
    CO_TRY(co_await say_events(door, reader));
  }
}

Task<Result<>> say_answer(SseDoorRef door, http::Response answer) {
  if (!answer.body.is_whole()) co_return co_await say_all(std::move(door), answer.body);
  // Nothing if it was cancelled.
  if (answer.headers.find("content-type") != "application/json") co_return Result<>();
  std::string text = answer.body.text();
  co_return co_await door->link.ask(&SseLink::say, std::move(text));
}

class Order {
 public:
  Order(SseDoorRef the_door, SessionHome the_session, const SessionNumber& the_number,
        const mcp::Method& the_method, mcp::Message the_message)
      : door(std::move(the_door)),
        session(std::move(the_session)),
        number(the_number),
        method(the_method),
        message(std::move(the_message)) {}
  SseDoorRef door;
  SessionHome session;
  SessionNumber number;
  const mcp::Method& method;
  mcp::Message message;
};

Task<Result<>> serve_order(McpPlace at, Order order) {
  auto answer =
      co_await serve_call(at, std::move(order.session), order.method, std::move(order.message));
  const bool has_ended = answer.status == 404;
  auto said = co_await say_answer(order.door, std::move(answer));
  co_await order.door->link.ask(&SseLink::finish);
  if (has_ended) co_await order.door->link.ask(&SseLink::close);
  co_return said;
}

// Whatever comes of a request goes to the stream, and is for nobody once that is over.
Task<> serve_afterwards(McpPlace at, std::unique_ptr<Afterwards> later, Order order) {
  Task<> over = until_over(order.door);
  Task<Result<>> serving = serve_order(at, std::move(order));
  auto served = co_await unless(std::move(over), std::move(serving));
  if (served && *served) co_return;
  telemetry::Record& record = later->exchange.record;
  record.reason = policy::Reason::client_gone;
  if (record.error.empty()) record.error = served ? served->error().why() : "the stream is over";
}

// An answer of the kind that comes on the stream.
Task<http::Response> tell(SseDoorRef door, http::Response answer) {
  if (answer.status != 200) co_return answer;
  [[maybe_unused]] auto said = co_await say_answer(std::move(door), std::move(answer));
  co_return http::Response(202);
}

// The right to open a stream's session; given up unless it comes to that, also where the request
// is not waited for any more.
class Claim {
 public:
  Claim(SseDoors& doors, const SessionNumber& number)
      : doors_(doors), number_(number), is_held_(doors.claim(number)) {}
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() { give_up(); }

  bool is_held() const { return is_held_; }
  void is_used() { is_held_ = false; }
  void give_up() {
    if (std::exchange(is_held_, false)) doors_.unclaim(number_);
  }

 private:
  SseDoors& doors_;
  const SessionNumber number_;
  bool is_held_;
};

// One message of a client.
class SseEndpoint {
 public:
  explicit SseEndpoint(const McpPlace& at) : at_(at), endpoint_(at) {}

  // Null, with the answer in `refused`, if the client has no such stream.
  SseDoorRef find_door(std::optional<http::Response>& refused) {
    const SseBinding binding(at_);
    const auto id = session_id_of(at_.exchange.request());
    OpenedSession opened;
    if (id) {
      opened = at_.core.opened_ids().open(at_.core.shared().session_ids, *id, binding.binding());
    }
    number_ = opened.number;
    SseDoorRef door;
    if (opened.kind == OpenedSession::Kind::own) door = doors().find(number_);
    if (door) {
      at_.exchange.record.mcp_session = number_.text();
      return door;
    }
    refused = refuse_session(std::nullopt);
    at_.exchange.record.error =
        opened.kind == OpenedSession::Kind::foreign ? "session_owner_mismatch" : "unknown session";
    return nullptr;
  }

  Task<http::Response> initialize(SseDoorRef door, mcp::Message request) {
    Claim claim(doors(), number_);
    if (!claim.is_held()) {
      const RpcError error{mcp::Code::invalid_request, "The session is initialized already", {}};
      auto refused = refuse_call(at_.exchange, 200, request.id(), error);
      co_return co_await tell(std::move(door), std::move(refused));
    }
    auto opened = co_await endpoint_.open_upstream(request);
    if (!opened) {
      claim.give_up();
      co_return co_await tell(std::move(door), std::move(opened).error());
    }
    auto session = endpoint_.session_with(std::move(*opened));
    std::string answer = session->greeting(request.id());
    SessionHome home = endpoint_.home_of(number_, std::move(session));
    const bool is_kept = doors().keep(number_, [&] {
      at_.core.shared().sessions.insert(number_, owner_of(at_.exchange), at_.backend.target->number,
                                        home, at_.core.loop().now());
    });
    if (!is_kept) co_return refuse_session(request.id());
    claim.is_used();
    [[maybe_unused]] auto said = co_await door->link.ask(&SseLink::say, std::move(answer));
    co_await door->link.ask(&SseLink::open, std::move(home));
    co_return http::Response(202);
  }

  // A message for the session that the stream has.
  Task<http::Response> pass(SseDoorRef door, const mcp::Method* method, mcp::Message message) {
    const std::optional<mcp::Id> id = Endpoint::id_of(message);
    SessionHome session =
        at_.core.shared().sessions.find(number_, at_.backend.target->number, at_.core.loop().now());
    if (!session) {
      if (!message.is_request()) co_return http::Response(202);
      const RpcError error{mcp::Code::invalid_request, "The session is not initialized", {}};
      auto refused = refuse_call(at_.exchange, 200, id, error);
      co_return co_await tell(std::move(door), std::move(refused));
    }
    if (const Result<> renewed = endpoint_.renew(session->credentials.get()); !renewed) {
      auto refused = refuse_call(at_.exchange, id, renewed.error());
      co_return co_await tell(std::move(door), std::move(refused));
    }
    if (endpoint_.lacks_credentials()) {
      auto refused = co_await endpoint_.fetch_credentials(id);
      if (refused) co_return co_await tell(std::move(door), std::move(*refused));
    }
    if (!message.is_request()) {
      if (message.is_notification() && method == nullptr) co_return http::Response(202);
      co_return co_await pass_on(at_, std::move(session), std::move(message));
    }
    Order order(std::move(door), std::move(session), number_, *method, std::move(message));
    co_return co_await begin(std::move(order));
  }

 private:
  SseDoors& doors() const { return at_.core.shared().sse; }

  http::Response refuse_session(const std::optional<mcp::Id>& id) {
    return refuse_call(at_.exchange, 404, id,
                       RpcError{mcp::Code::invalid_request, "Session not found", {}});
  }

  // What the client's user has to be asked for is the answer to the POST itself.
  std::optional<http::Response> wants_scope(const Order& order) {
    const auto subject = mcp::subject_of(order.method, order.message);
    if (!subject || subject->kind == mcp::Subject::Kind::none) return std::nullopt;
    if (has_scopes(at_, *subject)) return std::nullopt;
    // Only of what the caller may see: who may not, must not learn that it exists.
    const McpView view(at_.exchange, at_.backend, order.session->number);
    const bool is_allowed = view.is_of_a_target(*subject) &&
                            view.allows(*subject, order.message.method(), order.message.params());
    if (!is_allowed) return std::nullopt;
    record_subject(at_, *subject, order.message);
    return refuse_scope(at_, *subject);
  }

  Task<http::Response> begin(Order order) {
    auto unscoped = wants_scope(order);
    if (unscoped) co_return std::move(*unscoped);
    const SseDoorRef door = order.door;
    auto begun = co_await door->link.ask(&SseLink::begin);
    if (!begun && begun.error().fault() == Fault::too_many) {
      at_.exchange.record.error = begun.error().why();
      const RpcError error{mcp::Code::internal_error, begun.error().why(), {}};
      co_return refuse_call(at_.exchange, 429, order.message.id(), error);
    }
    if (!begun) co_return refuse_session(order.message.id());
    auto later = std::make_unique<Afterwards>(at_);
    const McpPlace place{at_.core, at_.route, at_.backend, later->exchange};
    at_.core.background().spawn(serve_afterwards(place, std::move(later), std::move(order)));
    // Its turn comes first: what the client says once this is answered, such as that it cancels the
    // request, finds the request there.
    co_await yield();
    co_return http::Response(202);
  }

  McpPlace at_;
  Endpoint endpoint_;
  SessionNumber number_{{}};
};

}  // namespace

bool opens_sse(const http::Request& request) {
  return is_sse_path(request) && !request.headers.has("mcp-session-id");
}

bool is_sse_message(const http::Request& request) {
  if (!is_sse_path(request)) return false;
  bool is_there = false;
  for_each_parameter(request.query(), [&](std::string_view one) {
    is_there = one.starts_with(parameter);
    return !is_there;
  });
  return is_there;
}

http::Response serve_sse(McpPlace at) {
  policy::Exchange& exchange = at.exchange;
  if (at.core.load().is_short_of_memory()) {
    return refuse(exchange, 503, "the gateway is short of memory");
  }
  SessionTable& sessions = at.core.shared().sessions;
  const auto reserved = sessions.reserve(owner_of(exchange), at.backend.target->children);
  if (!reserved) {
    exchange.record.error = reserved.error().why();
    return refuse(exchange, outward(reserved.error().fault()).status, reserved.error().why());
  }
  const SessionNumber number = at.core.shared().session_ids.make();
  const std::string id = at.core.shared().session_ids.seal(number, SseBinding(at).binding());
  exchange.record.mcp_session = number.text();
  if (exchange.connection != nullptr) exchange.connection->take_end_for_leaving();
  auto source = std::make_unique<SseSource>(at, number, std::make_unique<SseLink>());
  const http::Event opening("endpoint", address_of(exchange.request(), id));
  return stream_response(at.core.loop(), std::move(source), opening);
}

Task<http::Response> serve_sse_message(McpPlace at, mcp::Message message) {
  SseEndpoint endpoint(at);
  std::optional<http::Response> refused;
  const SseDoorRef door = endpoint.find_door(refused);
  if (!door) co_return std::move(*refused);
  const auto method = Endpoint::admit(message);
  if (!method) {
    auto inadmissible = refuse_message(at.exchange, method.error());
    co_return co_await tell(door, std::move(inadmissible));
  }
  if (message.is_request() && message.method() == "initialize") {
    co_return co_await endpoint.initialize(door, std::move(message));
  }
  co_return co_await endpoint.pass(door, *method, std::move(message));
}

}  // namespace gateway

#include "gateway/mcp_call.h"

#include "base/before.h"
#include "base/unless.h"
#include "gateway/event_stream.h"
#include "gateway/refuse.h"
#include "mcp/write.h"

namespace gateway {
namespace {

// The hard end of one call where the route has no timeout: nothing may hang for ever, and a tool
// that asks its user may take minutes.
constexpr auto call_within = std::chrono::minutes(10);

Task<> leave(SessionHome session, StreamId stream) {
  [[maybe_unused]] auto left = co_await session->home.ask(&McpSession::leave, stream);
}

// The reading end of a request in flight. If it is dropped before the result, the session is told,
// and the call goes on without us.
class Reading {
 public:
  Reading(Core& core, SessionHome session, StreamId stream)
      : core_(core), session_(std::move(session)), stream_(stream) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() {
    if (!is_over_) core_.background().spawn(leave(session_, stream_));
  }

  // The request never got into flight.
  void give_up() { is_over_ = true; }

  Task<Result<upstream::Event>> next() {
    const StreamId stream = stream_;
    auto event = co_await session_->home.ask(&McpSession::next, stream);
    is_over_ = event && event->kind() == upstream::Event::Kind::result;
    co_return event;
  }

 private:
  Core& core_;
  SessionHome session_;
  StreamId stream_;
  bool is_over_ = false;
};

// What a call is about, for its whole life.
struct Call {
  mcp::Id id;
  mcp::Touches touches;
  mcp::Subject subject;
};

class CallSource final : public MessageSource {
 public:
  CallSource(policy::Exchange& exchange, McpView view, Call call, std::unique_ptr<Reading> reading)
      : exchange_(exchange), view_(view), call_(std::move(call)), reading_(std::move(reading)) {}

  Task<std::optional<std::string>> next() override {
    if (is_over_) co_return std::nullopt;
    auto event = co_await reading_->next();
    if (!event) {
      is_over_ = true;
      // The client cancelled it: it wants no answer (MCP 2025-11-25, cancellation).
      if (event.error().fault() == Fault::cancelled) co_return std::nullopt;
      co_return error_text(exchange_, call_.id, event.error());
    }
    if (event->kind() != upstream::Event::Kind::result) co_return event->text();
    is_over_ = true;
    co_return view_.answer_text(call_.id, call_.touches, call_.subject, event->message());
  }

 private:
  policy::Exchange& exchange_;
  McpView view_;
  Call call_;
  std::unique_ptr<Reading> reading_;
  bool is_over_ = false;
};

void record_subject(policy::Exchange& exchange, const mcp::Subject& subject) {
  telemetry::Record& record = exchange.record;
  switch (subject.kind) {
    case mcp::Subject::Kind::tool:
      record.tool = subject.name;
      return;
    case mcp::Subject::Kind::prompt:
      record.prompt = subject.name;
      return;
    case mcp::Subject::Kind::resource:
      record.resource = subject.name;
      return;
    case mcp::Subject::Kind::none:
      return;
  }
}

policy::McpSubject::Kind kind_of(const mcp::Subject& subject) {
  switch (subject.kind) {
    case mcp::Subject::Kind::tool:
      return policy::McpSubject::Kind::tool;
    case mcp::Subject::Kind::prompt:
      return policy::McpSubject::Kind::prompt;
    default:
      return policy::McpSubject::Kind::none;
  }
}

// Whether the server has what the caller may use. What it may not use is looked for like something
// that is not there.
Task<Result<bool>> is_there(SessionHome session, mcp::Subject subject, bool is_allowed) {
  const policy::McpSubject::Kind kind = kind_of(subject);
  if (!is_allowed) {
    CO_TRY(co_await session->home.ask(&McpSession::pretend, kind));
    co_return false;
  }
  co_return co_await session->home.ask(&McpSession::knows, kind, std::move(subject.name));
}

// Refuses what the caller may not use and what does not exist, in the same words and after the same
// work.
Task<std::optional<http::Response>> refused(policy::Exchange& exchange, const McpView& view,
                                            SessionHome session, const mcp::Subject& subject,
                                            const mcp::Message& request) {
  if (subject.kind == mcp::Subject::Kind::none) co_return std::nullopt;
  const bool is_allowed = view.allows(subject, request.method(), request.params());
  auto there = co_await is_there(std::move(session), subject, is_allowed);
  if (!there) co_return refuse_call(exchange, request.id(), there.error());
  if (*there) co_return std::nullopt;
  if (!is_allowed) exchange.record.reason = policy::Reason::authorization;
  const std::string text = McpView::unknown_text(subject);
  const RpcError error{mcp::Code::invalid_params, text, {}};
  co_return refuse_call(exchange, 200, request.id(), error);
}

http::Response json_response(std::string text) {
  return http::Response(200, "application/json", std::move(text));
}

Deadline deadline_of(Core& core, const runtime::Route& route) {
  const Duration bound = route.backend_request_timeout ? Duration(*route.backend_request_timeout)
                                                       : Duration(call_within);
  return Deadline::in(core.loop().now(), bound);
}

// The first event decides the form of the answer.
Task<http::Response> first_answer(Core& core, policy::Exchange& exchange, McpView view, Call call,
                                  std::unique_ptr<Reading> reading) {
  auto event = co_await reading->next();
  if (!event) {
    if (event.error().fault() != Fault::cancelled)
      co_return refuse_call(exchange, call.id, event.error());
    http::Response nothing(202);
    co_return nothing;
  }
  if (event->kind() == upstream::Event::Kind::result) {
    co_return json_response(
        view.answer_text(call.id, call.touches, call.subject, event->message()));
  }
  std::optional<std::string> first = event->text();
  auto source = std::make_unique<CallSource>(exchange, view, std::move(call), std::move(reading));
  co_return stream_response(core.loop(), std::move(source), std::move(first));
}

class ListenSource final : public MessageSource {
 public:
  ListenSource(Core& core, policy::Exchange& exchange, std::string route_key, SessionHome session,
               StreamId listener)
      : core_(core),
        exchange_(exchange),
        route_key_(std::move(route_key)),
        session_(std::move(session)),
        listener_(listener) {}
  // The idle time of the session begins when its listener has left.
  ~ListenSource() override { session_->touch(core_.loop().now()); }

  Task<std::optional<std::string>> next() override {
    for (;;) {
      const StreamId listener = listener_;
      Task<> ending = until_over();
      auto asking = ask(listener);
      auto event = co_await unless(std::move(ending), std::move(asking));
      if (!event || !*event) co_return std::nullopt;
      const std::shared_ptr<const runtime::Snapshot> snapshot = core_.snapshot();
      const runtime::McpBackend* backend = current_backend(*snapshot);
      // The route is gone: nothing of its server is for anybody any more.
      if (backend == nullptr) co_return std::nullopt;
      if (is_permitted(*backend, **event)) co_return (*event)->text();
    }
  }

 private:
  Task<Result<upstream::Event>> ask(StreamId listener) {
    co_return co_await session_->home.ask(&McpSession::next_unsolicited, listener);
  }

  // The gateway stops, or the caller's token is good no longer.
  Task<> until_over() {
    const auto& claims = exchange_.principal().claims();
    Task<Result<>> draining = until_draining();
    const Deadline expiry = claims ? expiry_of(*claims) : Deadline::never();
    [[maybe_unused]] auto drained = co_await before(expiry, std::move(draining));
  }
  Task<Result<>> until_draining() {
    co_await core_.until_draining();
    co_return Result<>();
  }
  Deadline expiry_of(const auth::Claims& claims) const {
    if (claims.good_until() == WallTime::max()) return Deadline::never();
    const Duration left = claims.good_until() - core_.shared().clock.wall();
    return Deadline::in(core_.loop().now(), left);
  }

  const runtime::McpBackend* current_backend(const runtime::Snapshot& snapshot) const {
    const runtime::Route* route = snapshot.find_route(route_key_);
    return route != nullptr ? std::get_if<runtime::McpBackend>(&route->backend) : nullptr;
  }

  // By the rules that are in force now, not by those of when the stream was opened. What rules of
  // one snapshot saw is of no use to another's, and must not outlive it.
  bool is_permitted(const runtime::McpBackend& backend, const upstream::Event& event) {
    exchange_.forget_rules();
    const bool permits = McpView(exchange_, backend, session_->number).allows_notification(event);
    exchange_.forget_rules();
    return permits;
  }

  Core& core_;
  policy::Exchange& exchange_;
  std::string route_key_;
  SessionHome session_;
  StreamId listener_;
};

}  // namespace

Task<http::Response> serve_call(const McpPlace& at, SessionHome session, const mcp::Method& method,
                                mcp::Message request) {
  auto subject = mcp::subject_of(method, request);
  if (!subject) co_return refuse_message(at.exchange, subject.error());
  record_subject(at.exchange, *subject);
  const McpView view(at.exchange, at.backend, session->number);
  auto refusal = co_await refused(at.exchange, view, session, *subject, request);
  if (refusal) co_return std::move(*refusal);

  Call call{request.id(), method.touches, std::move(*subject)};
  const mcp::ParamsEdit unchanged;
  const Deadline deadline = deadline_of(at.core, at.route);
  const StreamId stream = at.core.next_stream();
  // Made before the request is sent: whatever becomes of us meanwhile, the session learns of it.
  auto reading = std::make_unique<Reading>(at.core, session, stream);
  auto started = co_await session->home.ask(&McpSession::start, stream, std::move(request),
                                            unchanged, deadline);
  if (!started) {
    reading->give_up();
    co_return refuse_call(at.exchange, call.id, started.error());
  }
  co_return co_await first_answer(at.core, at.exchange, view, std::move(call), std::move(reading));
}

Task<http::Response> serve_listener(const McpPlace& at, SessionHome session) {
  auto listener = co_await session->home.ask(&McpSession::listen);
  if (!listener) co_return refuse(at.exchange, listener.error());
  auto source = std::make_unique<ListenSource>(at.core, at.exchange, at.route.key,
                                               std::move(session), *listener);
  co_return stream_response(at.core.loop(), std::move(source), std::nullopt);
}

}  // namespace gateway

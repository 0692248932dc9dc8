#include "gateway/mcp_call.h"

#include <algorithm>
#include <charconv>

#include "gateway/event_stream.h"
#include "gateway/refuse.h"
#include "mcp/task.h"
#include "mcp/write.h"
#include "policy/protected_resource.h"

namespace gateway {
namespace {

// The hard end of one call where the route has no timeout: nothing may hang for ever, and a tool
// that asks its user may take minutes.
constexpr auto call_within = std::chrono::minutes(10);
constexpr Duration back_after_min = std::chrono::milliseconds(100);
constexpr Duration back_after_max = std::chrono::minutes(2);

Task<> leave(SessionHome session, StreamId stream) {
  [[maybe_unused]] auto left = co_await session->home.ask(&McpSession::leave, stream);
}

Task<> detach(SessionHome session, StreamId stream, BrokenStream broken) {
  [[maybe_unused]] auto kept =
      co_await session->home.ask(&McpSession::detach, stream, std::move(broken));
}

// What events of a call's stream are named by; nothing in the revision that has no such thing.
EventIds ids_of(const SessionHandle& session, StreamId stream) {
  if (session.revision == mcp::Revision::v2024_11_05) return {};
  EventIds ids;
  ids.name = std::to_string(stream);
  ids.is_primed = session.revision >= mcp::Revision::v2025_11_25;
  return ids;
}

// Whether the client comes back for the rest of a call's stream that is ended early. It does not
// where the answer is said on a stream of another kind, which has no connection of its own.
bool can_come_back(const policy::Exchange& exchange, const SessionHandle& session) {
  return exchange.connection != nullptr && session.revision >= mcp::Revision::v2025_11_25;
}

// How long a client stays away, as a server wants it, so that it is not forgotten meanwhile.
Duration clamped(Duration back_after) {
  return std::clamp<Duration>(back_after, back_after_min, back_after_max);
}

McpView view_of(const McpPlace& at, const SessionHandle& session) {
  McpView view(at.exchange, at.backend, session.number);
  if (session.tasks.calls) view.know_tasks(at.core.shared().session_ids, at.route);
  return view;
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

  // The request never got into flight, or it has its result.
  void is_over() { is_over_ = true; }

  EventIds ids() const { return ids_of(*session_, stream_); }

  // Its client may come back for the rest.
  void hand_over(BrokenStream broken) {
    is_over_ = true;
    core_.background().spawn(detach(session_, stream_, std::move(broken)));
  }

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

class CallSource final : public MessageSource {
 public:
  CallSource(policy::Exchange& exchange, McpView view, CallFacts call,
             std::unique_ptr<Reading> reading)
      : exchange_(exchange), view_(view), call_(std::move(call)), reading_(std::move(reading)) {}

  void pause_for(Duration back_after) { pause_ = clamped(back_after); }

  Task<std::optional<std::string>> next() override {
    if (is_over_ || pause_) co_return std::nullopt;
    auto event = co_await reading_->next();
    if (!event) {
      is_over_ = true;
      // The client cancelled it: it wants no answer (MCP 2025-11-25, cancellation).
      if (event.error().fault() == Fault::cancelled) co_return std::nullopt;
      co_return error_text(exchange_, call_.id, event.error());
    }
    if (event->kind() == upstream::Event::Kind::pause) {
      pause_for(event->back_after());
      co_return std::nullopt;
    }
    if (event->kind() != upstream::Event::Kind::result) co_return event->text();
    is_over_ = true;
    co_return view_.answer_text(call_.id, call_.touches, call_.subject, event->message());
  }

  std::optional<Duration> pause() const override { return pause_; }

  void interrupted(StreamRest&& rest) override {
    reading_->hand_over(BrokenStream(call_, std::move(rest), is_over_, pause_.has_value()));
  }

 private:
  policy::Exchange& exchange_;
  McpView view_;
  CallFacts call_;
  std::unique_ptr<Reading> reading_;
  bool is_over_ = false;
  std::optional<Duration> pause_;
};

// The same words and the same work for what the caller may not use and for what does not exist.
http::Response refuse_unknown(policy::Exchange& exchange, const mcp::Id& id,
                              const mcp::Subject& subject, bool is_refused) {
  if (is_refused) exchange.record.reason = policy::Reason::authorization;
  const std::string text = McpView::unknown_text(subject);
  const RpcError error{mcp::Code::invalid_params, text, {}};
  return refuse_call(exchange, 200, id, error);
}

http::Response json_response(std::string text) {
  static constexpr http::ConstantField type("content-type", "application/json");
  http::Response response(200);
  response.headers.add(type);
  response.body = http::Body(std::move(text));
  return response;
}

// The first event decides the form of the answer.
http::Response first_answer(const McpPlace& at, const McpView& view, CallFacts call,
                            upstream::Event first, std::unique_ptr<Reading> reading) {
  if (first.kind() == upstream::Event::Kind::result) {
    return json_response(view.answer_text(call.id, call.touches, call.subject, first.message()));
  }
  EventIds ids = reading->ids();
  // So that the stream is known to be broken when its client comes back for the rest.
  if (at.exchange.connection != nullptr) at.exchange.connection->take_end_for_leaving();
  auto source =
      std::make_unique<CallSource>(at.exchange, view, std::move(call), std::move(reading));
  std::optional<std::string> text;
  if (first.kind() == upstream::Event::Kind::pause) {
    ids.back_after = clamped(first.back_after());
    source->pause_for(first.back_after());
  } else {
    text = first.text();
  }
  return stream_response(at.core.loop(), std::move(source), std::move(text), std::move(ids));
}

// A stream that goes on where it broke off.
class ResumedSource final : public MessageSource {
 public:
  ResumedSource(McpPlace at, SessionHome session, StreamId stream, BrokenStream broken)
      : core_(at.core),
        exchange_(at.exchange),
        session_(std::move(session)),
        view_(view_of(at, *session_)),
        stream_(stream),
        broken_(std::move(broken)) {}

  Task<std::optional<std::string>> next() override {
    if (!broken_.rest.sent.empty()) {
      std::string text = std::move(broken_.rest.sent.front().text);
      broken_.rest.sent.pop_front();
      co_return text;
    }
    if (broken_.is_over || pause_) co_return std::nullopt;
    const StreamId stream = stream_;
    auto event = co_await session_->home.ask(&McpSession::next_kept, stream);
    const CallFacts& call = broken_.facts;
    if (!event) {
      broken_.is_over = true;
      const Fault fault = event.error().fault();
      if (fault == Fault::cancelled || fault == Fault::not_found) co_return std::nullopt;
      co_return error_text(exchange_, call.id, event.error());
    }
    if (event->kind() == upstream::Event::Kind::pause) {
      pause_ = clamped(event->back_after());
      co_return std::nullopt;
    }
    if (event->kind() != upstream::Event::Kind::result) co_return event->text();
    broken_.is_over = true;
    co_return view_.answer_text(call.id, call.touches, call.subject, event->message());
  }

  std::optional<Duration> pause() const override { return pause_; }

  void interrupted(StreamRest&& rest) override {
    for (auto& unsent : broken_.rest.sent) {
      rest.sent.push_back({rest.next++, std::move(unsent.text)});
    }
    broken_.rest = std::move(rest);
    broken_.is_paused = pause_.has_value();
    core_.background().spawn(detach(session_, stream_, std::move(broken_)));
  }

 private:
  Core& core_;
  policy::Exchange& exchange_;
  SessionHome session_;
  McpView view_;
  StreamId stream_;
  BrokenStream broken_;
  std::optional<Duration> pause_;
};

// The session is over for good: only this status makes a client start over (MCP 2025-11-25,
// transports).
http::Response refuse_ended(policy::Exchange& exchange, const mcp::Id& id, const Error& error) {
  const Outward& seen = outward(error.fault());
  exchange.record.reason = seen.reason;
  exchange.record.error = error.why();
  return refuse_call(exchange, seen.status, id, RpcError{seen.code, "Session not found", {}});
}

bool has_method(const mcp::TaskOffer& tasks, const mcp::Method& method) {
  if (method.touches == mcp::Touches::tasks) return tasks.lists;
  return method.name == "tasks/cancel" ? tasks.cancels : tasks.calls;
}

void record_arguments(telemetry::Record& record, const mcp::Message& request) {
  const auto arguments = request.params().find("arguments");
  if (arguments) record.arguments = std::make_shared<const telemetry::Arguments>(*arguments);
}

}  // namespace

void record_subject(const McpPlace& at, const mcp::Subject& subject, const mcp::Message& request) {
  telemetry::Record& record = at.exchange.record;
  switch (subject.kind) {
    case mcp::Subject::Kind::tool:
      record.tool = subject.name;
      if (at.core.takes_arguments()) record_arguments(record, request);
      return;
    case mcp::Subject::Kind::prompt:
      record.prompt = subject.name;
      return;
    case mcp::Subject::Kind::resource:
      record.resource = subject.name;
      return;
    case mcp::Subject::Kind::task:
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

Deadline deadline_of(Core& core, const runtime::Route& route) {
  const Duration bound = route.backend_request_timeout ? Duration(*route.backend_request_timeout)
                                                       : Duration(call_within);
  return Deadline::in(core.loop().now(), bound);
}

bool has_scopes(const McpPlace& at, const mcp::Subject& subject) {
  const policy::ProtectedResource* resource = at.route.chain.protected_resource();
  if (resource == nullptr || subject.kind != mcp::Subject::Kind::tool) return true;
  return resource->may_call(at.exchange, subject.name);
}

// Tells the client which scopes to ask its user for (MCP 2025-11-25, authorization).
http::Response refuse_scope(const McpPlace& at, const mcp::Subject& subject) {
  at.exchange.record.reason = policy::Reason::authorization;
  at.exchange.record.error = "a scope that the tool requires is missing";
  return at.route.chain.protected_resource()->refuse_scope(at.exchange, subject.name);
}

bool touches_tasks(const mcp::Method& method) {
  return method.touches == mcp::Touches::task || method.touches == mcp::Touches::tasks;
}

http::Response refuse_tasks(policy::Exchange& exchange, const mcp::Id& id) {
  return refuse_call(exchange, 200, id,
                     RpcError{mcp::Code::method_not_found, "Method not found", {}});
}

namespace {

// A request about a task is judged as a use of the tool that made it, now. One that is refused is
// answered like one about a task that is not there.
tl::expected<std::unique_ptr<const TaskName>, http::Response> judge_task(
    const McpPlace& at, const McpView& view, const mcp::Method& method, const mcp::Message& request,
    const mcp::TaskOffer& offered) {
  policy::Exchange& exchange = at.exchange;
  if (!has_method(offered, method)) return tl::unexpected(refuse_tasks(exchange, request.id()));
  if (method.touches == mcp::Touches::tasks) return nullptr;
  const mcp::Subject none{mcp::Subject::Kind::task, {}};
  auto task = view.task(request.params().find_string("taskId").value_or(""));
  if (!task) return tl::unexpected(refuse_unknown(exchange, request.id(), none, false));
  const mcp::Subject tool{mcp::Subject::Kind::tool, task->tool};
  record_subject(at, tool, request);
  if (!view.is_of_a_target(tool) || !view.allows_task(*task)) {
    return tl::unexpected(refuse_unknown(exchange, request.id(), none, true));
  }
  if (!has_scopes(at, tool)) return tl::unexpected(refuse_scope(at, tool));
  return std::make_unique<const TaskName>(std::move(*task));
}

http::Response refuse_unsent(policy::Exchange& exchange, const mcp::Id& id, const Error& error) {
  // The client cancelled it: it wants no answer (MCP 2025-11-25, cancellation).
  if (error.fault() == Fault::cancelled) return http::Response(202);
  if (error.fault() == Fault::not_found) return refuse_ended(exchange, id, error);
  return refuse_call(exchange, id, error);
}

// To belong to a task is a use of the tool that made it, too. False also if it says nothing.
bool may_relate(const McpPlace& at, const SessionHandle& session, const McpView& view,
                json::Value params) {
  if (!session.tasks.calls) return false;
  const auto sealed = mcp::related_task(params);
  const auto task = sealed ? view.task(*sealed) : std::nullopt;
  if (!task) return false;
  const mcp::Subject tool{mcp::Subject::Kind::tool, task->tool};
  return view.allows_task(*task) && has_scopes(at, tool);
}

}  // namespace

Task<http::Response> serve_call(McpPlace at, SessionHome session, const mcp::Method& method,
                                mcp::Message request) {
  auto subject = mcp::subject_of(method, request);
  if (!subject) co_return refuse_message(at.exchange, subject.error());
  const McpView view = view_of(at, *session);
  std::unique_ptr<const TaskName> task;
  if (touches_tasks(method)) {
    auto judged = judge_task(at, view, method, request, session->tasks);
    if (!judged) co_return std::move(judged).error();
    task = std::move(*judged);
    subject = mcp::Subject();
  }
  record_subject(at, *subject, request);
  const bool is_named = subject->kind != mcp::Subject::Kind::none;
  // What no target could have is answered like what it has not.
  const bool is_nobodys = is_named && !view.is_of_a_target(*subject);
  const bool is_allowed =
      !is_named || (!is_nobodys && view.allows(*subject, request.method(), request.params()));
  // Only of what the caller may see: who may not, must not learn that it exists.
  if (is_allowed && !has_scopes(at, *subject)) co_return refuse_scope(at, *subject);
  CallFacts call{request.id(), method.touches, std::move(*subject)};
  CallOrder order(kind_of(call.subject), call.subject.name, is_allowed, std::move(request),
                  deadline_of(at.core, at.route));
  order.can_come_back = can_come_back(at.exchange, *session);
  order.task = std::move(task);
  order.may_relate = may_relate(at, *session, view, order.request.params());
  // Made before the request is sent: whatever becomes of us meanwhile, the session learns of it.
  const StreamId stream = at.core.next_stream();
  auto reading = std::make_unique<Reading>(at.core, session, stream);
  auto first = co_await session->home.ask(&McpSession::call, stream, std::move(order));
  if (!first || !*first || (*first)->kind() == upstream::Event::Kind::result) reading->is_over();
  const bool is_refused = !is_allowed && !is_nobodys;
  if (first && !*first) co_return refuse_unknown(at.exchange, call.id, call.subject, is_refused);
  if (first) {
    co_return first_answer(at, view, std::move(call), std::move(**first), std::move(reading));
  }
  co_return refuse_unsent(at.exchange, call.id, first.error());
}

// What says that it belongs to a task is left out where it may not.
Task<http::Response> pass_on(McpPlace at, SessionHome session, mcp::Message message) {
  policy::Exchange& exchange = at.exchange;
  const bool relates =
      session->tasks.calls && message.is_notification() && mcp::related_task(message.params());
  if (relates && !may_relate(at, *session, view_of(at, *session), message.params())) {
    mcp::ParamsEdit edit;
    edit.related_task = "";
    auto plain = mcp::read(mcp::notification_text(message.method(), message.params(), edit),
                           mcp::Sender::client, at.core.shared().message_limits);
    if (!plain) co_return http::Response(202);
    message = std::move(*plain);
  }
  const auto told = message.is_response() ? &McpSession::respond : &McpSession::notify;
  auto passed = co_await session->home.ask(told, std::move(message));
  if (!passed) {
    exchange.record.error = passed.error().why();
    exchange.record.reason = policy::Reason::upstream_failure;
  }
  co_return http::Response(202);
}

Task<std::optional<http::Response>> serve_rest(McpPlace at, SessionHome session,
                                               std::string_view last_event_id) {
  const auto place = EventIds::read(last_event_id);
  StreamId stream = 0;
  if (place) std::from_chars(place->name.data(), place->name.data() + place->name.size(), stream);
  // Our own spelling of it, and no other.
  if (!place || std::to_string(stream) != place->name) co_return std::nullopt;
  auto broken = co_await session->home.ask(&McpSession::reattach, stream);
  if (!broken) co_return std::nullopt;
  if (at.exchange.connection != nullptr) at.exchange.connection->take_end_for_leaving();
  auto& sent = broken->rest.sent;
  while (!sent.empty() && sent.front().number <= place->number) sent.pop_front();
  EventIds ids = ids_of(*session, stream);
  ids.first = sent.empty() ? broken->rest.next : sent.front().number;
  ids.is_primed = false;  // the client has an id
  auto source = std::make_unique<ResumedSource>(at, std::move(session), stream, std::move(*broken));
  co_return stream_response(at.core.loop(), std::move(source), std::nullopt, std::move(ids));
}

}  // namespace gateway

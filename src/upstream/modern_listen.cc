// What a modern server says outside of calls, and what is listened for.

#include <algorithm>

#include "base/before.h"
#include "base/sleep.h"
#include "json/write.h"
#include "mcp/modern_task.h"
#include "mcp/write.h"
#include "upstream/detail_http_answer.h"
#include "upstream/detail_modern_listener.h"

namespace upstream {
namespace {

constexpr Duration wait_first = std::chrono::seconds(1);
constexpr Duration wait_max = std::chrono::seconds(30);
// For a server to acknowledge that it tells of a resource.
constexpr Duration subscribed_within = std::chrono::seconds(10);

// Told of a subscription's fate: its own conversation is answered when the listener is in force.
class Subscribing final : public Conversation {
 public:
  Subscribing(Scheduler& scheduler, std::unique_ptr<Conversation> conversation, Task<> waiting)
      : conversation_(std::move(conversation)), waiting_(std::move(waiting)) {
    waiting_.start(scheduler, std::noop_coroutine());
  }
  Task<Result<Event>> next() override { return conversation_->next(); }
  void cancel() override {
    conversation_->cancel();
    waiting_ = Task<>();
  }

 private:
  std::unique_ptr<Conversation> conversation_;
  Task<> waiting_;
};

}  // namespace

ModernListener::ModernListener(ModernSession& session, std::uint64_t number)
    : session_(session), number_(number), run_(run(*this)) {
  run_.start(session_.channel_->scheduler(), std::noop_coroutine());
}

Task<> ModernListener::run(ModernListener& listener) {
  Result<> heard = co_await listener.hear();
  listener.ended_ = heard ? Error(Fault::unavailable, "the server ended it") : heard.error();
  listener.session_.listener_changed_.notify_all();
}

Task<Result<>> ModernListener::hear() {
  mcp::ModernSaying saying(session_.client_);
  saying.follows_tasks = !session_.watched_.empty();
  const auto filter = json::Document::parse(session_.listen_filter());
  if (!filter) co_return tl::unexpected<Error>(filter.error());
  ModernOrder order(session_.dialog_.take_id(), "subscriptions/listen",
                    mcp::modern_params(filter->root(), saying), Deadline::never());
  order.is_listener = true;
  // Lists do not change in a child that has nothing to do.
  order.may_miss = session_.subscribed_.empty() && session_.watched_.empty();
  CO_TRY(const auto answer, co_await session_.channel_->ask(std::move(order)));
  for (;;) {
    CO_TRY(const mcp::Message message, co_await answer->next());
    if (message.is_notification()) take(message);
    if (message.is_response() && message.result()) co_return Result<>();
    if (message.is_response()) {
      const auto why = message.error()->find_string("message").value_or("");
      co_return failed(Fault::forbidden, std::string(why));
    }
    co_await session_.dialog_.wait_for_room();
  }
}

void ModernListener::take(const mcp::Message& message) {
  const std::string_view method = message.method();
  if (!is_acknowledged_) {
    is_acknowledged_ = true;
    if (method == "notifications/subscriptions/acknowledged") {
      take_acknowledgement(message.params());
    }
    session_.listener_changed_.notify_all();
  }
  if (method == "notifications/tasks") return take_task(message.params());
  const bool is_wanted =
      method.ends_with("/list_changed") || method == "notifications/resources/updated";
  if (!is_wanted) return;
  auto plain =
      mcp::read(mcp::notification_text(method, std::string_view(mcp::params_for(message.params()))),
                mcp::Sender::server, answer_limits);
  if (plain) session_.dialog_.receive(std::move(*plain));
}

void ModernListener::take_acknowledgement(json::Value params) {
  const auto accepted = params.find("notifications");
  const auto tasks = accepted ? accepted->find("taskIds") : std::nullopt;
  if (!tasks) return;
  for (const json::Value id : tasks->elements()) {
    std::string text(id.as_string().value_or(""));
    if (session_.watched_.contains(text)) tasks_.insert(std::move(text));
  }
}

// Told under the name that the session-based revision has for it.
void ModernListener::take_task(json::Value task) {
  const auto id = task.find_string("taskId");
  if (!id || !session_.watched_.contains(std::string(*id))) return;
  auto plain = mcp::read(
      mcp::notification_text("notifications/tasks/status", std::string_view(mcp::task_for(task))),
      mcp::Sender::server, answer_limits);
  if (plain) session_.dialog_.receive(std::move(*plain));
  // Of one that is over there is no more to tell, and the server may forget it.
  const std::string_view status = task.find_string("status").value_or("");
  const bool is_over = status == "completed" || status == "failed" || status == "cancelled";
  const bool is_forgotten = is_over && session_.watched_.erase(std::string(*id)) != 0;
  // A stream that nobody needs keeps the server busy; one that tells of others may stay as it is.
  if (is_forgotten && session_.listen_filter().empty()) session_.change_filter();
}

void ModernSession::listen_from_now_on() {
  if (std::exchange(is_listening_, true)) return;
  tasks_.spawn(listen(*this));
}

// params of subscriptions/listen; empty if there is nothing to listen for.
std::string ModernSession::listen_filter() const {
  const bool has_wishes = features_.tells_any() || !subscribed_.empty() || !watched_.empty();
  if (!has_wishes) return std::string();
  json::Writer out;
  out.begin_object().name("notifications").begin_object();
  if (features_.tells_tools) out.name("toolsListChanged").boolean(true);
  if (features_.tells_prompts) out.name("promptsListChanged").boolean(true);
  if (features_.tells_resources) out.name("resourcesListChanged").boolean(true);
  const auto write = [&](std::string_view member, const std::set<std::string>& names) {
    if (names.empty()) return;
    out.name(member).begin_array();
    for (const std::string& name : names) out.string(name);
    out.end_array();
  };
  write("resourceSubscriptions", subscribed_);
  write("taskIds", watched_);
  return out.end_object().end_object().take();
}

Task<> ModernSession::until_filter_changes(std::uint64_t number) {
  while (filter_number_ == number) {
    co_await listener_changed_.wait();
  }
}

Task<Result<>> ModernSession::until_other_filter(std::uint64_t number) {
  co_await until_filter_changes(number);
  co_return Result<>();
}

// Opens what is to be listened to, whenever that is something else or the server ended it.
Task<> ModernSession::listen(ModernSession& session) {
  Duration wait = wait_first;
  for (;;) {
    const std::uint64_t number = session.filter_number_;
    if (session.listen_filter().empty()) {
      session.listener_.reset();
      session.note_heard(number);
      co_await session.until_filter_changes(number);
      continue;
    }
    session.next_listener_ = std::make_unique<ModernListener>(session, number);
    co_await session.until_settled(number);
    if (session.next_listener_->is_acknowledged()) {
      session.listener_ = std::move(session.next_listener_);
      session.note_heard(number);
      co_await session.until_ended(number);
      wait = wait_first;
    }
    if (session.filter_number_ != number) continue;
    wait = session.note_silence(wait);
    const Deadline next = Deadline::in(session.channel_->scheduler().now(), wait);
    auto changed = session.until_other_filter(number);
    [[maybe_unused]] auto is_other = co_await before(next, std::move(changed));
  }
}

Task<> ModernSession::until_settled(std::uint64_t number) {
  while (!next_listener_->is_settled() && filter_number_ == number) {
    co_await listener_changed_.wait();
  }
}

Task<> ModernSession::until_ended(std::uint64_t number) {
  while (!listener_->ended() && filter_number_ == number) {
    co_await listener_changed_.wait();
  }
}

// What is wanted is listened for.
void ModernSession::note_heard(std::uint64_t number) {
  heard_number_ = number;
  deaf_.reset();
  listener_changed_.notify_all();
  if (std::exchange(has_missed_, false)) tell_all_changed();
}

// A listener ended. How long to wait before the next one.
Duration ModernSession::note_silence(Duration wait) {
  const ModernListener* ended = next_listener_ ? next_listener_.get() : listener_.get();
  const Error why = *ended->ended();
  const bool was_heard = ended == listener_.get();
  has_missed_ = true;
  next_listener_.reset();
  listener_.reset();
  if (was_heard) return wait_first;
  deaf_ = why;
  listener_changed_.notify_all();
  channel_->log().warn("not listening",
                       {{"target", channel_->name().text()}, {"reason", why.why()}});
  return why.fault() == Fault::forbidden ? wait_max : std::min(wait * 2, wait_max);
}

// While nobody listened anything may have changed.
void ModernSession::tell_all_changed() {
  const auto tell = [this](bool is_told, std::string_view method) {
    if (!is_told) return;
    auto message = mcp::read(mcp::notification_text(method, std::string_view()),
                             mcp::Sender::server, answer_limits);
    if (message) dialog_.receive(std::move(*message));
  };
  tell(features_.tells_tools, "notifications/tools/list_changed");
  tell(features_.tells_prompts, "notifications/prompts/list_changed");
  tell(features_.tells_resources, "notifications/resources/list_changed");
}

Result<std::unique_ptr<Conversation>> ModernSession::change_subscription(const mcp::Call& call) {
  const auto named = call.edit().uri ? std::optional<std::string_view>(*call.edit().uri)
                                     : call.params().find_string("uri");
  if (!named) return refuse_here(call, mcp::Code::invalid_params, "'params.uri' must be a string");
  if (!features_.subscribes) {
    return refuse_here(call, mcp::Code::method_not_found, "Method not found");
  }
  const Wanted resource(Wanted::Kind::resource, std::string(*named));
  if (call.method() == "resources/unsubscribe") return want_no_more(call, resource);
  return want(call, resource);
}

Result<std::unique_ptr<Conversation>> ModernSession::change_watch(const mcp::Call& call) {
  const auto named = call.edit().task_id ? std::optional<std::string_view>(*call.edit().task_id)
                                         : call.params().find_string("taskId");
  if (!named || !features_.has_tasks) {
    return refuse_here(call, mcp::Code::invalid_params, "Task not found");
  }
  const Wanted task(Wanted::Kind::task, std::string(*named));
  return call.method() == unwatch_task ? want_no_more(call, task) : want(call, task);
}

Result<std::unique_ptr<Conversation>> ModernSession::want_no_more(const mcp::Call& call,
                                                                  const Wanted& wanted) {
  if (wanted_of(wanted.kind).erase(wanted.name) != 0) change_filter();
  return answer_here(call, "{}");
}

Result<std::unique_ptr<Conversation>> ModernSession::want(const mcp::Call& call, Wanted wanted) {
  std::set<std::string>& names = wanted_of(wanted.kind);
  if (names.size() >= subscriptions_max) {
    return refuse_here(call, mcp::Code::internal_error, "Too many subscriptions");
  }
  if (!names.insert(wanted.name).second) return answer_here(call, "{}");
  TRY(auto begun, dialog_.start_apart(call));
  change_filter();
  listen_from_now_on();
  Task<> waiting = subscribe(*this, begun.call, std::move(wanted), filter_number_);
  return std::make_unique<Subscribing>(channel_->scheduler(), std::move(begun.conversation),
                                       std::move(waiting));
}

void ModernSession::change_filter() {
  ++filter_number_;
  deaf_.reset();
  listener_changed_.notify_all();
}

// Answers a subscription once the server has taken it.
Task<> ModernSession::subscribe(ModernSession& session, std::uint64_t call, Wanted wanted,
                                std::uint64_t number) {
  const Deadline deadline = Deadline::in(session.channel_->scheduler().now(), subscribed_within);
  bool is_in_time = true;
  while (session.heard_number_ < number && !session.deaf_ && is_in_time) {
    is_in_time = co_await session.listener_changed_.wait(deadline);
  }
  // What was over as soon as it was told of is not watched any more.
  const bool is_told = wanted.kind != Wanted::Kind::task ||
                       !session.watched_.contains(wanted.name) ||
                       (session.listener_ && session.listener_->tells_of(wanted.name));
  const bool is_heard = session.heard_number_ >= number && is_told;
  const bool is_forgotten = !is_heard && session.wanted_of(wanted.kind).erase(wanted.name) != 0;
  if (is_forgotten) session.change_filter();
  const mcp::Id id(call);
  auto message = read_answer(is_heard ? mcp::result_text(id, "{}")
                                      : mcp::error_text(id, mcp::Code::internal_error,
                                                        "The server does not take subscriptions"));
  if (message) session.dialog_.receive(call, std::move(*message));
}

}  // namespace upstream

#include "upstream/driven.h"

#include <algorithm>
#include <utility>

#include "base/before.h"
#include "base/signal.h"
#include "base/unless.h"
#include "json/write.h"
#include "mcp/task.h"

namespace upstream {
namespace {

constexpr auto told_within = std::chrono::seconds(10);
// Beyond what the call may take: the result has to be fetched.
constexpr auto kept_beyond = std::chrono::minutes(1);
constexpr auto kept_at_most = std::chrono::hours(24);
// Of what a server calls a task.
constexpr std::size_t task_id_bytes_max = 1024;
// Of what was read already and is changed and read again.
constexpr json::Limits message_limits{.depth_max = 160, .members_max = 16'000'000};

std::string id_params(const std::string& task) {
  json::Writer out;
  return out.begin_object().name("taskId").string(task).end_object().take();
}

// Of a question that nobody reads.
Task<> refuse(Session& session, QuestionId question) {
  [[maybe_unused]] auto told =
      co_await session.refuse(question, mcp::Code::internal_error, "the client is gone");
}

// Whatever the server says to it: the task may be over.
Task<> cancel_task(Session& session, std::string task) {
  auto params = json::Document::parse(id_params(task));
  if (!params) co_return;
  Scheduler& scheduler = co_await this_scheduler();
  const Deadline deadline = Deadline::in(scheduler.now(), told_within);
  mcp::Call call("tasks/cancel", params->root(), deadline);
  call.make_own();
  auto begun = co_await session.start(std::move(call));
  while (begun) {
    auto event = co_await (*begun)->next();
    if (!event || event->kind() == Event::Kind::result) co_return;
  }
}

// The task that a call became; empty: that is the call's own answer, or no name to go on with.
std::string made_by(const mcp::Message& answer) {
  const auto id = answer.result() ? mcp::task_made(*answer.result()) : std::nullopt;
  const bool is_one = id && id->size() <= task_id_bytes_max;
  return is_one ? std::string(*id) : std::string();
}

// The client knows of no task.
Result<Event> without_task(Event event) {
  const auto result = event.kind() == Event::Kind::result ? event.message().result() : std::nullopt;
  if (result && mcp::related_task(*result)) {
    const auto unknown = [](std::string_view) { return std::nullopt; };
    return Event::result(
        mcp::result_text(event.message().id(), mcp::renamed_related_task(*result, unknown)));
  }
  const mcp::Message& said = event.message();
  if (event.kind() == Event::Kind::result || !mcp::related_task(said.params())) return event;
  mcp::ParamsEdit edit = event.edit();
  edit.related_task = "";
  const bool is_question = event.kind() == Event::Kind::question;
  auto changed =
      mcp::read(is_question ? mcp::request_text(said.id(), said.method(), said.params(), edit)
                            : mcp::notification_text(said.method(), said.params(), edit),
                mcp::Sender::server, message_limits);
  if (!changed) return failed(Fault::internal, changed.error().why());
  if (is_question) return Event(event.question(), std::move(*changed));
  return Event(event.kind(), std::move(*changed));
}

// An error of the task, which the client knows no id of.
Result<Event> without_task_id(const Event& event, const std::string& task) {
  const json::Value error = *event.message().error();
  const mcp::ErrorWords words = mcp::renamed_words(error, {mcp::TaskAlias{task, "(of this call)"}});
  const auto said = error.find("code");
  const int code = static_cast<int>(said ? said->as_int().value_or(0) : 0);
  return Event::result(mcp::error_text(event.message().id(), code, words.message, words.data));
}

// The call's own answer.
Result<Event> own_answer(Event event) {
  const auto result = event.message().result();
  if (!result || !mcp::task_made(*result)) return without_task(std::move(event));
  return Event::result(mcp::error_text(event.message().id(), mcp::Code::internal_error,
                                       "The server's task has no usable name"));
}

// The client is gone before the task was made: it is cancelled as soon as it is.
Task<> cancel_once_made(Session& session, std::unique_ptr<Conversation> making) {
  Scheduler& scheduler = co_await this_scheduler();
  const Deadline deadline = Deadline::in(scheduler.now(), told_within);
  for (;;) {
    Task<Result<Event>> coming = making->next();
    auto event = co_await before(deadline, std::move(coming));
    if (!event) co_return;
    if (event->kind() == Event::Kind::question) co_await refuse(session, event->question());
    if (event->kind() != Event::Kind::result) continue;
    std::string task = made_by(event->message());
    if (!task.empty()) co_await cancel_task(session, std::move(task));
    co_return;
  }
}

class Driven final : public Conversation {
 public:
  Driven(Session& session, std::unique_ptr<Conversation> making, Deadline deadline,
         TaskGroup& farewells)
      : session_(session),
        current_(std::move(making)),
        deadline_(deadline),
        farewells_(farewells) {}
  Driven(const Driven&) = delete;
  Driven& operator=(const Driven&) = delete;
  ~Driven() override { give_up(); }

  Task<Result<Event>> next() override {
    if (task_.empty()) {
      auto event = co_await making();
      if (!event) co_return event;
      const bool is_end = event->kind() == Event::Kind::result;
      if (!is_end) co_return without_task(std::move(*event));
      if (!is_made(*event)) co_return own_answer(std::move(*event));
      CO_TRY(co_await await_result());
    }
    auto event = co_await current_->next();
    if (!event) co_return event;
    is_over_ = event->kind() == Event::Kind::result;
    if (is_over_ && event->message().error()) co_return without_task_id(*event, task_);
    co_return without_task(std::move(*event));
  }

  void cancel() override {
    is_cancelled_ = true;
    if (!task_.empty() && current_) current_->cancel();
    changed_.notify_all();
    give_up();
  }

 private:
  // What comes until the task is made.
  Task<Result<Event>> making() {
    if (is_cancelled_) co_return cancelled();
    Task<> cancelling = until_cancelled();
    Task<Result<Event>> coming = next_in_time();
    auto event = co_await unless(std::move(cancelling), std::move(coming));
    if (is_cancelled_ && event && *event) drop(**event);
    if (!event || is_cancelled_) co_return cancelled();
    // Whose time is over may become a task yet.
    is_over_ = !*event && event->error().fault() != Fault::timed_out;
    co_return std::move(*event);
  }
  Task<Result<Event>> next_in_time() {
    Task<Result<Event>> coming = current_->next();
    co_return co_await before(deadline_, std::move(coming));
  }
  // What came in the turn in which the call was cancelled: nobody else gets to see it.
  void drop(const Event& event) {
    if (event.kind() == Event::Kind::question) farewells_.spawn(refuse(session_, event.question()));
    if (event.kind() != Event::Kind::result) return;
    std::string task = made_by(event.message());
    if (!task.empty()) farewells_.spawn(cancel_task(session_, std::move(task)));
  }
  Task<> until_cancelled() {
    while (!is_cancelled_) {
      co_await changed_.wait();
    }
  }

  // A server may answer such a call at once, or with an error.
  bool is_made(const Event& event) {
    task_ = made_by(event.message());
    is_over_ = task_.empty();
    return !is_over_;
  }

  // Also where the task wants input: that is asked on the way (2025-11-25, tasks).
  Task<Result<>> await_result() {
    CO_TRY(const json::Document params, json::Document::parse(id_params(task_)));
    mcp::Call call("tasks/result", params.root(), deadline_);
    auto begun = co_await session_.start(std::move(call));
    if (is_cancelled_) co_return cancelled();
    if (!begun) co_return tl::unexpected<Error>(begun.error());
    current_ = std::move(*begun);
    co_return Result<>();
  }

  static tl::unexpected<Error> cancelled() {
    return failed(Fault::cancelled, "the call was cancelled");
  }

  void give_up() {
    if (std::exchange(is_over_, true)) return;
    if (task_.empty()) {
      farewells_.spawn(cancel_once_made(session_, std::move(current_)));
    } else {
      farewells_.spawn(cancel_task(session_, task_));
    }
  }

  Session& session_;
  std::unique_ptr<Conversation> current_;  // null: it was cancelled before the task was made
  Deadline deadline_;
  TaskGroup& farewells_;
  std::string task_;  // once it is made
  bool is_over_ = false;
  bool is_cancelled_ = false;
  Signal changed_;
};

}  // namespace

std::string driven_task(Deadline deadline, Instant now) {
  const Duration left = deadline.is_never() ? Duration(kept_at_most) : deadline.at() - now;
  const Duration kept =
      std::clamp<Duration>(left + kept_beyond, Duration(kept_beyond), Duration(kept_at_most));
  const auto ttl = std::chrono::duration_cast<std::chrono::milliseconds>(kept).count();
  json::Writer out;
  return out.begin_object().name("ttl").integer(ttl).end_object().take();
}

void prepare_driven(mcp::Call& call, mcp::ParamsEdit& edit, Instant now) {
  edit.task = driven_task(call.deadline(), now);
  if (!call.deadline().is_never()) call.end_at(Deadline::in(call.deadline().at(), told_within));
}

std::unique_ptr<Conversation> drive(Session& session, std::unique_ptr<Conversation> making,
                                    Deadline deadline, TaskGroup& farewells) {
  return std::make_unique<Driven>(session, std::move(making), deadline, farewells);
}

}  // namespace upstream

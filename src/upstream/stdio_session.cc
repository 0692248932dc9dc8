#include <algorithm>
#include <cstdint>

#include "mcp/write.h"
#include "upstream/detail_stdio_session.h"

namespace upstream {
namespace {

constexpr std::string_view does_not_read = "the server does not read its input";
constexpr Duration notify_time = std::chrono::seconds(10);
// How long a task keeps an idle child.
constexpr std::uint64_t task_ms_max = 3'600'000;

// No other child has the task.
bool is_farewell(const mcp::Call& call) {
  return call.is_own() && call.method() == "tasks/cancel";
}

}  // namespace

StdioSession::StdioSession(Scheduler& scheduler, std::shared_ptr<const StdioPlace> place,
                           Random& random, InitializeParams params)
    : scheduler_(scheduler),
      place_(std::move(place)),
      params_(std::move(params)),
      dialog_(random, place_->settings.queue),
      over_(&StdioSession::on_over, this),
      idling_(scheduler, place_->settings.idle, &StdioSession::on_idle, this) {
  dialog_.tell_tasks(&StdioSession::on_task, this);
}

StdioSession::~StdioSession() {
  dialog_.close(Error(Fault::cancelled, "the session was closed"));
}

// Runs by itself, so the tasks of the ended run may be destroyed.
void StdioSession::on_over(void* session) {
  auto& self = *static_cast<StdioSession*>(session);
  self.is_up_ = false;
  self.tasks_until_ = Instant();
  const bool is_failure = !self.run_ || !self.run_->was_asked_to_end();
  self.run_.reset();
  if (!is_failure) return self.restarts_.succeeded();
  self.restarts_.ended(self.started_, self.scheduler_.now());
}

// What waits for an answer needs the child that was asked, and so does who waits for updates or has
// a task there.
bool StdioSession::is_busy() const {
  return dialog_.calls() > 0 || dialog_.questions() > 0 || dialog_.has_outgoing() ||
         memory_.has_subscriptions() || tasks_until_ > scheduler_.now();
}

// The child is kept as long as the task is, within bounds.
void StdioSession::on_task(void* session, json::Value task) {
  auto& self = *static_cast<StdioSession*>(session);
  const auto said = task.find("ttl");
  const auto ttl = said ? said->as_uint() : std::nullopt;
  const auto life = std::chrono::milliseconds(std::min(ttl.value_or(task_ms_max), task_ms_max));
  self.tasks_until_ = std::max(self.tasks_until_, self.scheduler_.now() + life);
}

void StdioSession::on_idle(void* session) {
  auto& self = *static_cast<StdioSession*>(session);
  if (!self.is_up_ || !self.idling_.is_over(self.is_busy())) return;
  self.place_->log.info("idle child ended",
                        {{"target", self.place_->name.text()}, {"pid", self.pid()}});
  self.is_up_ = false;
  self.forget_run();
}

Task<Result<>> StdioSession::bring_up(Deadline deadline) {
  const Duration patience = place_->settings.handshake;
  const Deadline by = deadline.or_sooner(Deadline::in(scheduler_.now(), patience));
  CO_TRY(co_await spawn(by));
  auto handshake = co_await shake_hands(dialog_, params_, by);
  if (!handshake) {
    run_.reset();
    dialog_.fail(handshake.error());
    if (handshake.error().fault() != Fault::timed_out) co_return tl::unexpected(handshake.error());
    co_return failed(Fault::timed_out, "the server did not answer initialize in time");
  }
  if (!handshake_) handshake_.emplace(std::move(*handshake));
  is_up_ = run_ != nullptr && run_->reason().empty();
  if (!is_up_) co_return failed(Fault::upstream_failed, "the server ended after initialize");
  idling_.begin();
  co_return Result<>();
}

Task<Result<>> StdioSession::spawn(Deadline deadline) {
  if (std::exchange(is_adopted_, false) && run_ != nullptr) co_return Result<>();
  forget_run();
  started_ = scheduler_.now();
  has_been_started_ = true;
  CO_TRY(run_, co_await ChildRun::start(scheduler_, *place_, dialog_, over_, deadline));
  co_return Result<>();
}

void StdioSession::adopt(ChildParts parts) {
  started_ = scheduler_.now();
  is_adopted_ = true;
  run_ = std::make_unique<ChildRun>(scheduler_, *place_, dialog_, std::move(parts), over_);
}

// A restart that was given up midway leaves its run behind.
void StdioSession::forget_run() {
  run_.reset();
  scheduler_.disarm(over_);
  dialog_.fail(Error(Fault::upstream_failed, "the server is started again"));
}

// One caller restarts the child, the others wait for what comes of it.
Task<Result<>> StdioSession::revive(Deadline deadline) {
  while (!is_up_ && reviving_.is_on()) {
    CO_TRY(co_await reviving_.until_over(deadline));
  }
  if (is_up_) co_return Result<>();
  const SharedWork::Turn turn(reviving_);
  co_return co_await restart(deadline);
}

Task<Result<>> StdioSession::restart(Deadline deadline) {
  CO_TRY(co_await restarts_.wait(deadline, "the server is restarting"));
  Result<> up = co_await bring_up(deadline);
  if (!up) {
    // A child that ended has been counted when it did.
    if (run_ == nullptr && !over_.is_queued()) restarts_.failed_at(scheduler_.now());
    place_->log.warn("child restart failed",
                     {{"target", place_->name.text()}, {"reason", up.error().why()}});
    place_->vitals->failed(up.error().why());
    co_return failed(Fault::unavailable, "the server could not be restarted: " + up.error().why());
  }
  memory_.each(
      [this](std::string_view method, const std::string& params) { repeat(method, params); });
  place_->vitals->count_restart();
  place_->vitals->recovered();
  place_->log.info("child restarted", {{"target", place_->name.text()}, {"pid", pid()}});
  co_return Result<>();
}

// Who was told that a call failed may ask again before on_over() runs; what is given to a child
// that has ended would wait for an answer for ever.
void StdioSession::notice_end() {
  if (run_ == nullptr || run_->reason().empty()) return;
  scheduler_.disarm(over_);
  on_over(this);
}

Task<Result<std::unique_ptr<Conversation>>> StdioSession::start(mcp::Call call) {
  notice_end();
  if (!is_up_ && is_farewell(call)) co_return failed(Fault::upstream_failed, "the server ended");
  if (!is_up_) CO_TRY(co_await revive(call.deadline()));
  CO_TRY(co_await dialog_.until_sendable(call.deadline(), does_not_read));
  notice_end();
  if (!is_up_) co_return failed(Fault::upstream_failed, "the server ended");
  idling_.be_used();
  memory_.note(call);
  co_return dialog_.start(call);
}

std::optional<Result<std::unique_ptr<Conversation>>> StdioSession::start_now(
    const mcp::Call& call) {
  notice_end();
  if (!is_up_ || dialog_.is_congested()) return std::nullopt;
  idling_.be_used();
  memory_.note(call);
  return dialog_.start(call);
}

// Nobody waits for the answer.
void StdioSession::repeat(std::string_view method, const std::string& params) {
  const auto document = json::Document::parse(params);
  if (document) (void)dialog_.start_own(mcp::Call(method, document->root(), Deadline::never()));
}

Task<Result<>> StdioSession::notify(std::string_view method, json::Value params) {
  const bool is_ours = method == "notifications/initialized" || method == "notifications/cancelled";
  if (is_ours || !is_up_) co_return Result<>();
  const Deadline deadline = Deadline::in(scheduler_.now(), notify_time);
  CO_TRY(co_await dialog_.until_sendable(deadline, does_not_read));
  dialog_.notify(method, params);
  co_return Result<>();
}

Task<Result<>> StdioSession::answer(QuestionId question, const mcp::Message& response) {
  co_return dialog_.answer(question, response);
}

Task<Result<>> StdioSession::refuse(QuestionId question, mcp::Code code, std::string_view why) {
  co_return dialog_.refuse(question, code, why);
}

Task<Result<Event>> StdioSession::next_unsolicited() {
  return dialog_.next_unsolicited();
}

}  // namespace upstream

#include "upstream/detail_http_answer.h"
#include "upstream/detail_modern_stdio.h"

namespace upstream {
namespace {

// What comes of a request is sorted out by the dialog, by ids and tokens.
class LineAnswer final : public ModernAnswer {
 public:
  explicit LineAnswer(std::unique_ptr<Conversation> conversation)
      : conversation_(std::move(conversation)) {}
  LineAnswer(const LineAnswer&) = delete;
  LineAnswer& operator=(const LineAnswer&) = delete;
  ~LineAnswer() override {
    if (count_) --*count_;
  }
  // Is one of them, as long as it lives.
  void be_counted(std::shared_ptr<std::size_t> count) {
    count_ = std::move(count);
    ++*count_;
  }

  Task<Result<mcp::Message>> next() override {
    CO_TRY(Event event, co_await conversation_->next());
    // Its token is the dialog's and not the asker's.
    if (event.kind() == Event::Kind::progress) co_return read_answer(event.text());
    co_return std::move(event).take_message();
  }

 private:
  std::unique_ptr<Conversation> conversation_;
  std::shared_ptr<std::size_t> count_;
};

}  // namespace

ModernStdio::ModernStdio(Scheduler& scheduler, std::shared_ptr<const StdioPlace> place,
                         std::shared_ptr<EraMemory> era, Random& random)
    : scheduler_(scheduler),
      place_(std::move(place)),
      era_(std::move(era)),
      dialog_(random, place_->settings.queue, mcp::Era::modern),
      over_(&ModernStdio::on_over, this),
      idling_(scheduler, place_->settings.idle, &ModernStdio::on_idle, this) {}

ModernStdio::~ModernStdio() {
  dialog_.close(Error(Fault::cancelled, "the session was closed"));
}

// Runs by itself, so the tasks of the ended run may be destroyed.
void ModernStdio::on_over(void* channel) {
  auto& self = *static_cast<ModernStdio*>(channel);
  const bool is_failure = !self.run_ || !self.run_->was_asked_to_end();
  self.run_.reset();
  if (!is_failure) return self.restarts_.succeeded();
  self.restarts_.ended(self.started_, self.scheduler_.now());
}

// A listener that can miss something keeps no child from being idle.
bool ModernStdio::is_busy() const {
  const bool has_tasks = stays_until_ > scheduler_.now();
  return dialog_.calls() > *idle_listeners_ || dialog_.has_outgoing() || has_tasks;
}

void ModernStdio::on_idle(void* channel) {
  auto& self = *static_cast<ModernStdio*>(channel);
  self.notice_end();
  if (self.run_ == nullptr || !self.idling_.is_over(self.is_busy())) return;
  self.place_->log.info("idle child ended",
                        {{"target", self.place_->name.text()}, {"pid", self.run_->pid()}});
  self.is_asleep_ = true;
  self.run_.reset();
  self.scheduler_.disarm(self.over_);
  self.dialog_.fail(Error(Fault::upstream_failed, "the server had nothing to do"));
}

Task<> ModernStdio::until_awake() {
  while (is_asleep_) {
    co_await woken_.wait();
  }
}

void ModernStdio::notice_end() {
  if (run_ == nullptr || run_->reason().empty()) return;
  scheduler_.disarm(over_);
  on_over(this);
}

void ModernStdio::adopt(ChildParts parts) {
  has_been_started_ = true;
  started_ = scheduler_.now();
  run_ = std::make_unique<ChildRun>(scheduler_, *place_, dialog_, std::move(parts), over_);
  idling_.begin();
}

std::optional<ChildParts> ModernStdio::give_up_child() {
  notice_end();
  if (run_ == nullptr) return std::nullopt;
  return ChildRun::take_apart(std::move(run_));
}

// One caller starts the child, the others wait for what comes of it.
Task<Result<>> ModernStdio::until_up(Deadline deadline) {
  notice_end();
  while (run_ == nullptr && starting_.is_on()) {
    CO_TRY(co_await starting_.until_over(deadline));
  }
  if (run_ != nullptr) co_return Result<>();
  const SharedWork::Turn turn(starting_);
  co_return co_await start(deadline);
}

Task<Result<>> ModernStdio::start(Deadline deadline) {
  CO_TRY(co_await restarts_.wait(deadline, "the server is restarting"));
  // What was for the last child is not for this one.
  dialog_.fail(Error(Fault::upstream_failed, "the server is started again"));
  const bool is_restart = std::exchange(has_been_started_, true);
  started_ = scheduler_.now();
  auto run = co_await ChildRun::start(scheduler_, *place_, dialog_, over_, deadline);
  if (!run) {
    restarts_.failed_at(scheduler_.now());
    if (is_restart) {
      place_->log.warn("child restart failed",
                       {{"target", place_->name.text()}, {"reason", run.error().why()}});
    }
    place_->vitals->failed(run.error().why());
    co_return tl::unexpected<Error>(run.error());
  }
  run_ = std::move(*run);
  idling_.begin();
  is_asleep_ = false;
  woken_.notify_all();
  if (is_restart) {
    place_->vitals->count_restart();
    place_->vitals->recovered();
  }
  co_return Result<>();
}

Task<Result<std::unique_ptr<ModernAnswer>>> ModernStdio::ask(ModernOrder order) {
  if (order.may_miss) co_await until_awake();
  CO_TRY(co_await until_up(order.deadline));
  CO_TRY(co_await dialog_.until_sendable(order.deadline, "the server does not read its input"));
  notice_end();
  if (run_ == nullptr) co_return failed(Fault::upstream_failed, "the server ended");
  CO_TRY(const auto params, json::Document::parse(std::move(order.params)));
  const mcp::Call call(order.method, params.root(), order.deadline);
  // A server that knows nothing of it is not told that nobody waits any more.
  const bool is_probe = order.method == "server/discover";
  auto conversation = is_probe ? dialog_.start_own(call) : dialog_.start(call);
  if (!conversation) co_return tl::unexpected<Error>(conversation.error());
  idling_.be_used();
  auto answer = std::make_unique<LineAnswer>(std::move(*conversation));
  if (order.may_miss) answer->be_counted(idle_listeners_);
  co_return std::unique_ptr<ModernAnswer>(std::move(answer));
}

}  // namespace upstream

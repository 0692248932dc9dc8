#include "upstream/stdio.h"

#include <mutex>

#include "base/random.h"
#include "base/sleep.h"
#include "upstream/detail_stdio_session.h"

namespace upstream {
namespace {

// How long opening a session waits for the back-off after a failed start; longer ones are refused.
constexpr Duration backoff_waited_max = std::chrono::seconds(2);

// Starts that fail (no such command, exits or stays silent before the session is open) are counted
// here, for all sessions; a child that dies later is its own session's trouble, so that one client
// cannot use up another's restarts.
class StdioTarget final : public Target {
 public:
  StdioTarget(mcp::TargetName name, StdioSettings settings, net::Spawner& spawner, const Log& log,
              std::shared_ptr<ChildCount> children)
      : place_(std::make_shared<const StdioPlace>(std::move(name), std::move(settings), spawner,
                                                  log, std::move(children))) {}

  const mcp::TargetName& name() const override { return place_->name; }

  using Target::open;
  Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site>, json::Value initialize_params, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials>) override {
    CO_TRY(auto params, InitializeParams::from(initialize_params));
    Scheduler& scheduler = co_await this_scheduler();
    CO_TRY(const Instant next, next_try(scheduler.now()));
    if (next - scheduler.now() > backoff_waited_max || deadline.has_passed(next)) {
      co_return failed(Fault::unavailable, "the server failed to start a moment ago");
    }
    co_await sleep_until(Deadline(next));
    SystemRandom random;
    auto session = std::make_unique<StdioSession>(scheduler, place_, random, std::move(params));
    Result<> up = co_await session->bring_up(deadline);
    // What a server refuses one client for must not open the breaker for the others.
    const bool is_clients_fault = !up && up.error().fault() == Fault::bad_request;
    if (!is_clients_fault && session->has_been_started()) count(up.has_value(), scheduler.now());
    if (!up) {
      place_->log.warn("session not opened",
                       {{"target", place_->name.text()}, {"reason", up.error().why()}});
      co_return tl::unexpected(std::move(up).error());
    }
    co_return std::unique_ptr<Session>(std::move(session));
  }

 private:
  Result<Instant> next_try(Instant now) {
    const std::lock_guard lock(mutex_);
    return restarts_.next_try(now);
  }
  void count(bool is_up, Instant now) {
    const std::lock_guard lock(mutex_);
    if (is_up) {
      restarts_.succeeded();
    } else {
      restarts_.failed_at(now);
    }
  }

  std::shared_ptr<const StdioPlace> place_;
  std::mutex mutex_;
  Restarts restarts_;
};

}  // namespace

Result<ChildCount::Place> ChildCount::take(const std::shared_ptr<ChildCount>& count) {
  if (!count) return Place();
  if (count->count_.fetch_add(1, std::memory_order_relaxed) < count->most_) return Place(count);
  count->count_.fetch_sub(1, std::memory_order_relaxed);
  return failed(Fault::unavailable, "there are too many child processes");
}

std::unique_ptr<Target> make_stdio_target(mcp::TargetName name, StdioSettings settings,
                                          net::Spawner& spawner, const Log& log,
                                          std::shared_ptr<ChildCount> children) {
  return std::make_unique<StdioTarget>(std::move(name), std::move(settings), spawner, log,
                                       std::move(children));
}

}  // namespace upstream

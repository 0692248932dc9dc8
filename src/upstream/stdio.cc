#include "upstream/stdio.h"

#include <mutex>

#include "base/sleep.h"
#include "upstream/detail_spare_children.h"
#include "upstream/detail_stdio_opening.h"
#include "upstream/site.h"

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
              std::shared_ptr<ChildCount> children, std::shared_ptr<Vitals> vitals)
      : place_(std::make_shared<const StdioPlace>(std::move(name), std::move(settings), spawner,
                                                  log, std::move(children), std::move(vitals))) {}

  const mcp::TargetName& name() const override { return place_->name; }

  bool restart() override {
    {
      const std::lock_guard lock(mutex_);
      restarts_.succeeded();
      ++restarts_asked_;
    }
    const std::size_t ended = Vitals::end_children(place_->vitals);
    place_->vitals->recovered();
    place_->log.info("target restarted", {{"target", place_->name.text()}, {"children", ended}});
    return true;
  }

  using Target::open;
  Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site> site, json::Value initialize_params, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials>) override {
    CO_TRY(auto params, InitializeParams::from(initialize_params));
    CO_TRY(auto copy, json::Document::parse(std::string(initialize_params.raw())));
    Scheduler& scheduler = co_await this_scheduler();
    CO_TRY(const Instant next, next_try(scheduler.now()));
    if (next - scheduler.now() > backoff_waited_max || deadline.has_passed(next)) {
      co_return failed(Fault::unavailable, "the server failed to start a moment ago");
    }
    co_await sleep_until(Deadline(next));
    const std::uint64_t asked = restarts_asked();
    StdioOpening opening(scheduler, place_, era_, std::move(copy), std::move(params));
    const bool has_spares = site != nullptr && place_->settings.spares > 0;
    if (has_spares) opening.use(site->spares().take(*place_));
    auto session = co_await opening.open(deadline);
    // What a server refuses one client for must not open the breaker for the others.
    const bool is_clients_fault = !session && session.error().fault() == Fault::bad_request;
    // Nor must what an operator ended.
    const bool is_ended_as_asked = !session && restarts_asked() != asked;
    const bool is_counted = !is_clients_fault && !is_ended_as_asked && opening.has_started_child();
    if (is_counted) count(session.has_value(), scheduler.now());
    if (!session) {
      place_->log.warn("session not opened",
                       {{"target", place_->name.text()}, {"reason", session.error().why()}});
    }
    if (session && has_spares) site->spares().refill(place_);
    co_return session;
  }

 private:
  Result<Instant> next_try(Instant now) {
    const std::lock_guard lock(mutex_);
    return restarts_.next_try(now);
  }
  std::uint64_t restarts_asked() {
    const std::lock_guard lock(mutex_);
    return restarts_asked_;
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
  const std::shared_ptr<EraMemory> era_ = std::make_shared<EraMemory>();
  std::mutex mutex_;
  Restarts restarts_;
  std::uint64_t restarts_asked_ = 0;  // by operators
};

}  // namespace

Result<ChildCount::Place> ChildCount::take(const std::shared_ptr<ChildCount>& count) {
  return count ? take(count, count->most_) : Place();
}

// Half of the places are for those who need a child at once.
Result<ChildCount::Place> ChildCount::take_spare(const std::shared_ptr<ChildCount>& count) {
  return count ? take(count, count->most_ / 2) : Place();
}

Result<ChildCount::Place> ChildCount::take(const std::shared_ptr<ChildCount>& count,
                                           std::size_t most) {
  if (count->count_.fetch_add(1, std::memory_order_relaxed) < most) return Place(count);
  count->count_.fetch_sub(1, std::memory_order_relaxed);
  return failed(Fault::unavailable, "there are too many child processes");
}

std::unique_ptr<Target> make_stdio_target(mcp::TargetName name, StdioSettings settings,
                                          net::Spawner& spawner, const Log& log,
                                          std::shared_ptr<ChildCount> children,
                                          std::shared_ptr<Vitals> vitals) {
  if (!vitals) vitals = std::make_shared<Vitals>();
  return std::make_unique<StdioTarget>(std::move(name), std::move(settings), spawner, log,
                                       std::move(children), std::move(vitals));
}

}  // namespace upstream

#include <algorithm>

#include "base/sleep.h"
#include "upstream/detail_restarts.h"

namespace upstream {

Result<Instant> Restarts::next_try(Instant now) const {
  if (failures_.empty()) return now;
  const bool is_open =
      failures_.size() == failures_max && failures_.back() - failures_.front() <= window;
  const Instant closes = failures_.back() + delay_max;
  if (is_open && now < closes) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(closes - now).count();
    return failed(Fault::unavailable, "failed " + std::to_string(failures_max) +
                                          " times within a minute; the next try is in " +
                                          std::to_string(seconds) + " s");
  }
  return std::max(now, is_open ? closes : failures_.back() + delay_);
}

Task<Result<>> Restarts::wait(Deadline deadline, std::string_view late) const {
  Scheduler& scheduler = co_await this_scheduler();
  CO_TRY(const Instant next, next_try(scheduler.now()));
  if (deadline.has_passed(next)) co_return failed(Fault::unavailable, std::string(late));
  co_await sleep_until(Deadline(next));
  co_return Result<>();
}

void Restarts::ended(Instant began, Instant now) {
  if (now - began >= proven_time) succeeded();
  failed_at(now);
}

void Restarts::failed_at(Instant now) {
  delay_ = delay_ == Duration::zero() ? delay_min : std::min(delay_ * 2, delay_max);
  failures_.push_back(now);
  if (failures_.size() > failures_max) failures_.pop_front();
}

void Restarts::succeeded() {
  failures_.clear();
  delay_ = Duration::zero();
}

}  // namespace upstream

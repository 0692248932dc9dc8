#pragma once
// When something that failed may be tried again: back-off from 0.1 s, doubling up to 30 s, and a
// breaker that opens for 30 s at five failures within 60 s. Not for several threads at once.

#include <chrono>
#include <deque>
#include <string_view>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"

namespace upstream {

class Restarts {
 public:
  static constexpr Duration delay_min = std::chrono::milliseconds(100);
  static constexpr Duration delay_max = std::chrono::seconds(30);
  static constexpr std::size_t failures_max = 5;
  static constexpr Duration window = std::chrono::seconds(60);
  // What lasted this long is begun again without delay.
  static constexpr Duration proven_time = std::chrono::seconds(60);

  // The earliest time of the next try; Fault::unavailable, with the seconds to wait, while the
  // breaker is open.
  Result<Instant> next_try(Instant now) const;
  // Sleeps until then. Fault::unavailable with `late` if the deadline comes before.
  Task<Result<>> wait(Deadline deadline, std::string_view late) const;
  void failed_at(Instant now);
  // It ended by itself, having lasted since then.
  void ended(Instant began, Instant now);
  void succeeded();

 private:
  std::deque<Instant> failures_;  // the latest failures_max
  Duration delay_ = Duration::zero();
};

}  // namespace upstream

#pragma once
// A scheduler driven by hand, for tests of code that waits: nothing happens until run() or
// advance().

#include "base/wakeup_queue.h"

class ManualScheduler final : public Scheduler {
 public:
  ManualScheduler() : queue_(*this) {}

  Instant now() const override { return now_; }
  void arm(Wakeup& wakeup, Instant when) override { queue_.arm(wakeup, when); }
  void soon(Wakeup& wakeup) override { queue_.soon(wakeup); }
  void disarm(Wakeup& wakeup) override { queue_.remove(wakeup); }

  // Makes every call that is due, and those that they ask for.
  void run() {
    do {
      queue_.run(now_);
    } while (queue_.has_soon());
  }
  // Moves the clock, stopping at each timer on the way.
  void advance(Duration by) {
    const Instant end = now_ + by;
    run();
    while (queue_.next_due() <= end) {
      now_ = queue_.next_due();
      run();
    }
    now_ = end;
    run();
  }

 private:
  WakeupQueue queue_;
  Instant now_{std::chrono::hours(1)};
};

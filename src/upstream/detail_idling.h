#pragma once
// When a child has had nothing to do for as long as its target's settings say (`idleTimeout`).
// Looked at then and not at each call, so that calls cost nothing for it.

#include "base/scheduler.h"

namespace upstream {

class Idling {
 public:
  // `idle` of zero: never. Calls `call` with its context when it may have been so long.
  Idling(Scheduler& scheduler, Duration idle, Wakeup::Call call, void* context)
      : scheduler_(scheduler), idle_(idle), due_(call, context) {}

  void be_used() {
    if (idle_ > Duration::zero()) last_used_ = scheduler_.now();
  }
  // The child came up.
  void begin() {
    be_used();
    if (idle_ > Duration::zero()) scheduler_.arm(due_, last_used_ + idle_);
  }
  // For `call`: whether it was long enough; if not it is called again.
  bool is_over(bool is_busy) {
    if (is_busy) be_used();
    const Instant due = last_used_ + idle_;
    if (due <= scheduler_.now()) return true;
    scheduler_.arm(due_, due);
    return false;
  }

 private:
  Scheduler& scheduler_;
  const Duration idle_;
  Instant last_used_;
  Wakeup due_;
};

}  // namespace upstream

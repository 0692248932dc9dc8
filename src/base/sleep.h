#pragma once
// Waiting for time to pass: `co_await sleep_until(deadline);`, and giving others a turn: `co_await
// yield();`.

#include "base/deadline.h"
#include "base/task.h"

class SleepUntil {
 public:
  explicit SleepUntil(Deadline deadline) : deadline_(deadline), timer_(&SleepUntil::wake, this) {}
  SleepUntil(const SleepUntil&) = delete;
  SleepUntil& operator=(const SleepUntil&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> awaiting) {
    awaiting_ = awaiting;
    Scheduler& scheduler = awaiting.promise().scheduler();
    if (deadline_.has_passed(scheduler.now())) {
      scheduler.soon(timer_);
    } else {
      scheduler.arm(timer_, deadline_.at());
    }
  }
  void await_resume() const noexcept {}

 private:
  static void wake(void* self) { static_cast<SleepUntil*>(self)->awaiting_.resume(); }

  Deadline deadline_;
  Wakeup timer_;
  std::coroutine_handle<> awaiting_;
};

inline SleepUntil sleep_until(Deadline deadline) {
  return SleepUntil(deadline);
}
inline SleepUntil yield() {
  return SleepUntil(Deadline(Instant::min()));
}

#pragma once
// The task's result, or Fault::timed_out once the deadline has passed; the loser is destroyed
// before this returns.
//
//   CO_TRY(auto reply, co_await before(deadline, std::move(task)));

#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"

template <class T>
class Before {
 public:
  Before(Deadline deadline, Task<Result<T>> task)
      : deadline_(deadline), task_(std::move(task)), timer_(&Before::expire, this) {}
  // It waits in place: its timer points at it.
  Before(const Before&) = delete;
  Before& operator=(const Before&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting) {
    awaiting_ = awaiting;
    Scheduler& scheduler = awaiting.promise().scheduler();
    if (!deadline_.is_never()) scheduler.arm(timer_, deadline_.at());
    // Transferred to and not started from here: a loop over tasks that are done at once would grow
    // the stack with each round.
    return task_.begin(scheduler, awaiting);
  }
  Result<T> await_resume() {
    if (has_expired_) return failed(Fault::timed_out, "deadline passed");
    return task_.take();
  }

 private:
  static void expire(void* self) {
    auto& before = *static_cast<Before*>(self);
    before.task_ = Task<Result<T>>();
    before.has_expired_ = true;
    before.awaiting_.resume();
  }

  Deadline deadline_;
  Task<Result<T>> task_;
  Wakeup timer_;
  std::coroutine_handle<> awaiting_;
  bool has_expired_ = false;
};

template <class T>
Before<T> before(Deadline deadline, Task<Result<T>> task) {
  return Before<T>(deadline, std::move(task));
}

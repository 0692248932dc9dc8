#pragma once
// A place where tasks of one thread wait until another task of the same thread has something for
// them: `while (queue.empty()) { co_await signal.wait(); }`. notify_all() wakes whoever waits, each
// in a turn of its own and in the order of waiting, so the notifier's code goes on first. Spurious
// wake-ups happen: test the condition again.

#include "base/deadline.h"
#include "base/task.h"

class Signal {
 public:
  class Wait;

  Signal() = default;
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  // Whoever still waits is never woken and can only be destroyed.
  ~Signal();

  // `const bool is_notified = co_await signal.wait(deadline);`: false once the deadline has passed.
  Wait wait(Deadline deadline = Deadline::never());
  void notify_all();
  bool has_waiters() const { return first_ != nullptr; }

 private:
  Wait* first_ = nullptr;
  Wait* last_ = nullptr;
};

class Signal::Wait {
 public:
  Wait(Signal& signal, Deadline deadline)
      : signal_(&signal), deadline_(deadline), wakeup_(&Wait::wake, this) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait() { unlink(); }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> awaiting) {
    awaiting_ = awaiting;
    scheduler_ = &awaiting.promise().scheduler();
    before_ = signal_->last_;
    (before_ != nullptr ? before_->after_ : signal_->first_) = this;
    signal_->last_ = this;
    is_linked_ = true;
    if (!deadline_.is_never()) scheduler_->arm(wakeup_, deadline_.at());
  }
  bool await_resume() const noexcept { return is_notified_; }

 private:
  friend class Signal;
  static void wake(void* self) {
    auto& wait = *static_cast<Wait*>(self);
    wait.is_notified_ = !wait.is_linked_;
    wait.unlink();
    wait.awaiting_.resume();
  }
  void unlink() {
    if (!is_linked_) return;
    is_linked_ = false;
    (before_ != nullptr ? before_->after_ : signal_->first_) = after_;
    (after_ != nullptr ? after_->before_ : signal_->last_) = before_;
    before_ = after_ = nullptr;
  }

  Signal* signal_;
  Deadline deadline_;
  Wakeup wakeup_;
  std::coroutine_handle<> awaiting_;
  Scheduler* scheduler_ = nullptr;
  Wait* before_ = nullptr;
  Wait* after_ = nullptr;
  bool is_linked_ = false;
  bool is_notified_ = false;
};

inline Signal::~Signal() {
  while (first_ != nullptr) {
    Wait& waiter = *first_;
    waiter.unlink();
    waiter.scheduler_->disarm(waiter.wakeup_);
  }
}

inline Signal::Wait Signal::wait(Deadline deadline) {
  return Wait(*this, deadline);
}

inline void Signal::notify_all() {
  while (first_ != nullptr) {
    Wait& waiter = *first_;
    waiter.unlink();
    waiter.scheduler_->soon(waiter.wakeup_);
  }
}

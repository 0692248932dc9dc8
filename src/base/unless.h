#pragma once
// A task's value, unless something else happens first: `co_await unless(peer_gone,
// std::move(task))` gives nothing if `peer_gone` was done before the task. The loser is destroyed
// before this returns.

#include <optional>

#include "base/task.h"

template <class T>
class Unless {
 public:
  Unless(Task<> interruption, Task<T> task)
      : interruption_(std::move(interruption)), task_(std::move(task)) {}
  Unless(const Unless&) = delete;
  Unless& operator=(const Unless&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting) {
    Scheduler& scheduler = awaiting.promise().scheduler();
    interruption_.start(scheduler, std::noop_coroutine());
    if (interruption_.is_done()) return awaiting;
    interruption_.continue_with(awaiting);
    return task_.begin(scheduler, awaiting);
  }
  std::optional<T> await_resume() {
    std::optional<T> value;
    if (task_.is_done()) value.emplace(task_.take());
    task_ = Task<T>();
    interruption_ = Task<>();
    return value;
  }

 private:
  Task<> interruption_;
  Task<T> task_;
};

template <class T>
Unless<T> unless(Task<> interruption, Task<T> task) {
  return Unless<T>(std::move(interruption), std::move(task));
}

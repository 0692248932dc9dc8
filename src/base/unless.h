#pragma once
// A task's value, unless something else happens first: `co_await unless(peer_gone, std::move(task))`
// gives nothing if `peer_gone` was done before the task. The loser is destroyed before this returns.

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
  void await_suspend(std::coroutine_handle<Promise> awaiting) {
    Scheduler& scheduler = awaiting.promise().scheduler();
    // Whichever is done at once resumes `awaiting`, which may destroy *this.
    bool is_over = false;
    is_over_ = &is_over;
    interruption_.start(scheduler, awaiting);
    if (is_over) return;
    is_over_ = nullptr;
    task_.start(scheduler, awaiting);
  }
  std::optional<T> await_resume() {
    if (is_over_ != nullptr) *is_over_ = true;
    std::optional<T> value;
    if (task_.is_done()) value.emplace(task_.take());
    task_ = Task<T>();
    interruption_ = Task<>();
    return value;
  }

 private:
  Task<> interruption_;
  Task<T> task_;
  bool* is_over_ = nullptr;
};

template <class T>
Unless<T> unless(Task<> interruption, Task<T> task) {
  return Unless<T>(std::move(interruption), std::move(task));
}

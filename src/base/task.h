#pragma once
// A computation that may wait. It starts when it is awaited (or spawned in a TaskGroup) and runs on
// its awaiter's scheduler, which travels from promise to promise. Destroying a Task destroys its
// frame and with it whatever it was waiting for: destruction is cancellation.
//
// How to write a co_await is restricted (docs/architecture.md, "The await rule"): g++ 12
// miscompiles common spellings.

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "base/frame_pool.h"
#include "base/scheduler.h"

template <class T>
class Task;

namespace task_detail {

class PromiseBase {
 public:
  static void* operator new(std::size_t size) { return FramePool::allocate(size); }
  static void operator delete(void* frame, std::size_t size) { FramePool::release(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  void unhandled_exception() { exception_ = std::current_exception(); }

  Scheduler& scheduler() const { return *scheduler_; }

  // Makes the task ready to be resumed: `continuation` goes on when it is done.
  void begin(Scheduler& scheduler, std::coroutine_handle<> continuation) {
    scheduler_ = &scheduler;
    continuation_ = continuation;
  }
  void continue_with(std::coroutine_handle<> continuation) { continuation_ = continuation; }
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().continuation_;
    }
    void await_resume() const noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }

 private:
  Scheduler* scheduler_ = nullptr;
  std::coroutine_handle<> continuation_;
  std::exception_ptr exception_;
};

template <class T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() {
    rethrow();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() {}
  void take() const { rethrow(); }
};

}  // namespace task_detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;  // no computation; must not be awaited
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { destroy(); }

  bool is_valid() const { return handle_ != nullptr; }
  bool is_done() const { return handle_ && handle_.done(); }

  // For awaitables that own a task: makes it ready and returns what to transfer to from
  // await_suspend, so that a task that never waits costs no stack. `continuation` goes on when it
  // is done.
  std::coroutine_handle<> begin(Scheduler& scheduler, std::coroutine_handle<> continuation) {
    handle_.promise().begin(scheduler, continuation);
    return handle_;
  }
  // For those who drive a task without awaiting it (TaskGroup, tests): runs it until it first
  // waits. `continuation` is resumed when it is done and may be std::noop_coroutine().
  void start(Scheduler& scheduler, std::coroutine_handle<> continuation) {
    handle_.promise().begin(scheduler, continuation);
    handle_.resume();
  }
  // For a task that was started and waits: another place to go on at.
  void continue_with(std::coroutine_handle<> continuation) {
    handle_.promise().continue_with(continuation);
  }
  // The value of a task that is done; may be taken once. Rethrows what the task threw.
  T take() { return handle_.promise().take(); }

  class Awaiter {
   public:
    explicit Awaiter(Handle handle) : handle_(handle) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
      handle_.promise().begin(awaiting.promise().scheduler(), awaiting);
      return handle_;
    }
    T await_resume() { return handle_.promise().take(); }

   private:
    Handle handle_;
  };
  Awaiter operator co_await() && noexcept { return Awaiter(handle_); }

 private:
  void destroy() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }
  Handle handle_;
};

namespace task_detail {
template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
}  // namespace task_detail

// The scheduler of the running task: `Scheduler& scheduler = co_await this_scheduler();`.
struct ThisScheduler {
  Scheduler* scheduler = nullptr;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    scheduler = &awaiting.promise().scheduler();
    return false;
  }
  Scheduler& await_resume() const noexcept { return *scheduler; }
};
inline ThisScheduler this_scheduler() {
  return {};
}

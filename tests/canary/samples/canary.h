#pragma once
// A lazily started task and a value that counts its lives: enough to see whether a compiler builds,
// moves and destroys the temporaries of a co_await expression once each.

#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

inline int alive = 0;   // values constructed and not destroyed
inline int wrongs = 0;  // what was found wrong

inline void expect(bool right, const char* what) {
  if (right) return;
  ++wrongs;
  std::fprintf(stderr, "wrong: %s\n", what);
}

// Non-trivial and suspicious: a destroyed or never built one does not know its own address.
class Value {
 public:
  explicit Value(std::string text = "a text that is too long for the small string") : self_(this), text_(std::move(text)) { ++alive; }
  Value(const Value& other) : self_(this), text_(other.text()) { ++alive; }
  Value(Value&& other) noexcept : self_(this), text_(std::move(other.text_)) { ++alive; }
  Value& operator=(const Value& other) = default;
  Value& operator=(Value&&) noexcept = default;
  ~Value() {
    expect(self_ == this, "destroyed what was not built");
    self_ = nullptr;
    --alive;
  }
  const std::string& text() const {
    expect(self_ == this, "read what is not alive");
    return text_;
  }

 private:
  class Self {  // keeps its owner's address over assignments
   public:
    explicit Self(const Value* at) : at_(at) {}
    Self& operator=(const Self&) { return *this; }
    Self& operator=(std::nullptr_t) {
      at_ = nullptr;
      return *this;
    }
    Self(const Self&) = default;
    bool operator==(const Value* other) const { return at_ == other; }

   private:
    const Value* at_;
  };
  Self self_;
  std::string text_;
};

template <class T>
class Task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::coroutine_handle<> continuation = std::noop_coroutine();
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Final {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        return self.promise().continuation;
      }
      void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    template <class U>
    void return_value(U&& result) {
      value.emplace(std::forward<U>(result));
    }
    void unhandled_exception() { std::terminate(); }
  };

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  T await_resume() { return std::move(*handle_.promise().value); }
  T run() {
    handle_.resume();
    return std::move(*handle_.promise().value);
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

// Suspends truly: the rest runs when `resume_all` is called.
inline std::vector<std::coroutine_handle<>> waiting;
struct Pause {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiting.push_back(handle); }
  void await_resume() const noexcept {}
};
inline void resume_all() {
  for (int rounds = 0; !waiting.empty(); ++rounds) {
    if (rounds > 1000) {
      std::fprintf(stderr, "wrong: endless\n");
      std::exit(3);
    }
    auto ready = std::exchange(waiting, {});
    for (auto handle : ready) handle.resume();
  }
}

// Runs a task through its pauses and says how the run ended: 0 right, 1 wrong.
template <class T>
int judge(Task<T> (*begin)()) {
  {
    auto outer = [](Task<T> (*inner)()) -> Task<int> {
      Task<T> task = inner();
      co_await task;
      co_return 1;
    };
    Task<int> task = outer(begin);
    std::optional<int> done;
    auto driver = [](Task<int>& t, std::optional<int>& d) -> Task<int> {
      d = co_await t;
      co_return 0;
    };
    Task<int> drive = driver(task, done);
    drive.await_suspend(std::noop_coroutine()).resume();
    resume_all();
    expect(done.has_value(), "the task never ended");
  }
  expect(alive == 0, "values leaked or destroyed twice");
  return wrongs == 0 ? 0 : 1;
}

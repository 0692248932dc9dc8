#pragma once
// For tests: a net::Stream that plays a script. What it hands out dies at the next call, like the
// bytes of the thread's read buffer, so that a reader that keeps a view is found by the sanitizer.

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/before.h"
#include "base/manual_scheduler.h"
#include "base/signal.h"
#include "net/stream.h"

namespace http::testing_ {

enum class Then { stay_open, end, reset };

class ScriptedStream final : public net::Stream {
 public:
  ScriptedStream() = default;
  explicit ScriptedStream(std::vector<std::string> pieces, Then then = Then::stay_open)
      : pieces_(pieces.begin(), pieces.end()), then_(then) {}

  void push(std::string piece) {
    pieces_.push_back(std::move(piece));
    changed_.notify_all();
  }
  void then(Then then) {
    then_ = then;
    changed_.notify_all();
  }

  bool is_quiet() const override { return pieces_.empty() && then_ == Then::stay_open; }
  Task<Result<std::span<const std::byte>>> read(Deadline deadline) override {
    current_.reset();
    while (pieces_.empty() && then_ == Then::stay_open) {
      auto woken = co_await before(deadline, changed());
      if (!woken) co_return tl::unexpected<Error>(woken.error());
    }
    if (pieces_.empty() && then_ == Then::reset) co_return failed(Fault::cancelled, "reset");
    if (pieces_.empty()) co_return std::span<const std::byte>();
    current_ = std::make_unique<std::string>(std::move(pieces_.front()));
    // Never in the short-string buffer, so that a stale view always points at freed memory.
    current_->reserve(64);
    pieces_.pop_front();
    co_return std::as_bytes(std::span(current_->data(), current_->size()));
  }
  Task<Result<>> write(net::Buffers buffers, Deadline) override {
    current_.reset();
    if (fails_writes) co_return failed(Fault::cancelled, "reset");
    ++writes;
    for (const std::string_view piece : buffers.pieces()) written += piece;
    if (on_write) on_write(*this);
    co_return Result<>();
  }
  Task<Result<>> finish(Deadline) override {
    current_.reset();
    is_finished = true;
    co_return Result<>();
  }

  std::string written;
  int writes = 0;
  bool is_finished = false;
  bool fails_writes = false;
  // Called after each write; may push.
  void (*on_write)(ScriptedStream&) = nullptr;

 private:
  Task<Result<>> changed() {
    co_await changed_.wait();
    co_return Result<>();
  }

  std::deque<std::string> pieces_;
  Then then_ = Then::stay_open;
  Signal changed_;
  std::unique_ptr<std::string> current_;
};

// Runs a task to its end, moving the clock when nothing else happens.
template <class T>
T run(ManualScheduler& scheduler, Task<T> task) {
  task.start(scheduler, std::noop_coroutine());
  for (int steps = 0; !task.is_done() && steps < 10'000; ++steps) {
    scheduler.advance(std::chrono::milliseconds(100));
  }
  if (!task.is_done()) throw std::runtime_error("the task never ended");
  return task.take();
}

}  // namespace http::testing_

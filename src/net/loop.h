#pragma once
// One epoll descriptor, one timer queue and one mailbox: what a thread waits with. A Loop belongs
// to the thread that runs it; other threads may only use address(), post() and stop(). No user code
// runs while a batch of events is taken apart: events set flags and queue wake-ups, which are
// called afterwards.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/task.h"
#include "base/wakeup_queue.h"
#include "net/fd.h"
#include "net/mailbox.h"

namespace net {

namespace detail {
class Guests;
}

// Something registered with a loop's epoll descriptor. It must be told before the descriptor is
// closed.
class Watch {
 public:
  Watch() = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  virtual ~Watch() = default;
  // Must not run user code: sets flags and queues wake-ups.
  virtual void on_events(std::uint32_t events) = 0;
};

// Something that lives on a loop and is ended with it, if not before (Home<T>).
class Resident {
 public:
  Resident() = default;
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;
  virtual ~Resident() = default;
  // On the thread of the loop, which has forgotten it already.
  virtual void evict() = 0;

 private:
  friend class Loop;
  Resident* before_ = nullptr;
  Resident* after_ = nullptr;
  bool is_listed_ = false;
};

class Loop final : public Scheduler {
 public:
  // Throws std::system_error if there is no descriptor left.
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  // Evicts what lives on it. Everything else that waits on it must be gone.
  ~Loop() override;

  Instant now() const override { return now_; }
  void arm(Wakeup& wakeup, Instant when) override { queue_.arm(wakeup, when); }
  void soon(Wakeup& wakeup) override { queue_.soon(wakeup); }
  void disarm(Wakeup& wakeup) override { queue_.remove(wakeup); }

  // Runs until stop().
  void run();
  // Waits for events at most until `latest` and handles them once.
  void turn(Instant latest);
  // From any thread: run() returns after its current turn, also if it begins only later.
  void stop();
  bool is_stopped() const { return is_stopped_.load(std::memory_order_relaxed); }

  // How other threads reach this loop. Valid, and of no effect, when the loop is gone.
  const LoopAddress& address() const { return mailbox_; }

  // The bytes that every read on this thread goes to: good until the reader waits again.
  // `read_slack` more bytes behind it may be read and written (simdjson needs them).
  static constexpr std::size_t read_bytes = 65'536;
  static constexpr std::size_t read_slack = 64;
  std::span<std::byte> read_buffer() { return {read_buffer_.get(), read_bytes}; }

  // How many turns there were: an operation that is always ready uses it to give others theirs.
  std::uint64_t turns() const { return turns_; }

  // For Socket and its like. `events` are epoll's; throws std::system_error if epoll refuses.
  void watch(int fd, Watch& watch, std::uint32_t events);
  void rewatch(int fd, Watch& watch, std::uint32_t events);
  void unwatch(int fd);
  void adopt(Resident& resident);
  void forget(Resident& resident);
  // What other threads run here by run_on().
  detail::Guests& guests() { return *guests_; }

 private:
  static constexpr std::size_t batch_max = 256;
  int wait_ms(Instant latest) const;
  void open_letters();

  Fd epoll_;
  LoopAddress mailbox_;
  WakeupQueue queue_;
  Instant now_;
  std::uint64_t turns_ = 0;
  std::unique_ptr<std::byte[]> read_buffer_;
  Resident* residents_ = nullptr;
  std::unique_ptr<detail::Guests> guests_;
  std::atomic<bool> is_stopped_ = false;
};

// The loop of the running task: `Loop& loop = co_await this_loop();`. The task must run on a Loop.
class ThisLoop {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    scheduler_ = &awaiting.promise().scheduler();
    return false;
  }
  Loop& await_resume() const { return dynamic_cast<Loop&>(*scheduler_); }

 private:
  Scheduler* scheduler_ = nullptr;
};
inline ThisLoop this_loop() {
  return {};
}

}  // namespace net

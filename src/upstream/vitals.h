#pragma once
// How a target fares, for whoever looks from another thread: its sessions, its child processes with
// the end of what they wrote to their standard error, and what went wrong last. It is told of what
// is rare (a session opens, a child ends) and of no call, so calls cost nothing for it.

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/mailbox.h"

namespace upstream {

// A child that can be told to end, on the loop that it lives on.
class Endable {
 public:
  Endable() = default;
  Endable(const Endable&) = delete;
  Endable& operator=(const Endable&) = delete;
  virtual ~Endable() = default;
  virtual void end_as_asked() = 0;
};

// For any thread.
class Vitals {
 public:
  // What is kept of standard error, of all children together; the newest lines.
  static constexpr std::size_t lines_max = 200;
  static constexpr std::size_t bytes_max = std::size_t{64} * 1024;

  enum class State : std::uint8_t {
    idle,     // it has no session
    up,       // it has
    failing,  // the last attempt to reach it failed, or its last child ended by itself
  };
  struct Report {
    State state = State::idle;
    std::size_t sessions = 0;
    std::uint64_t restarts = 0;  // children that took the place of one that had ended
    std::vector<int> pids;
    std::string last_error;  // for operators; empty: nothing ever failed
  };
  struct Line {
    WallTime time;
    int pid;
    std::string text;
  };
  struct Tail {
    std::vector<Line> lines;
    std::uint64_t dropped = 0;  // lines that were written and are not among these
  };

  Vitals() = default;
  Vitals(const Vitals&) = delete;
  Vitals& operator=(const Vitals&) = delete;
  ~Vitals() = default;

  Report report() const;
  Tail tail() const;
  // Counts the changes of the report.
  std::uint64_t version() const;

  void failed(std::string_view why);
  // Costs a look at a flag while nothing fails.
  void recovered() {
    if (is_failing_.load(std::memory_order_relaxed)) recover();
  }
  void count_restart();
  // `pid` wrote it; it is printable and of bounded size.
  void keep_line(WallTime now, int pid, std::string text);
  void count_lost_line();

  // Ends every child that there is, each on its own loop and soon. How many there are.
  static std::size_t end_children(const std::shared_ptr<Vitals>& vitals);

  // A session's entry, as long as it lives.
  class Session {
   public:
    Session() = default;
    explicit Session(std::shared_ptr<Vitals> vitals);
    Session(Session&& other) noexcept = default;
    Session& operator=(Session&& other) noexcept {
      std::swap(vitals_, other.vitals_);
      return *this;
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

   private:
    std::shared_ptr<Vitals> vitals_;
  };

  // A child's entry, as long as it lives. `run` must take itself out (leave) on its own loop before
  // it goes.
  class Child {
   public:
    Child(std::shared_ptr<Vitals> vitals, net::LoopAddress home, int pid);
    Child(Child&& other) noexcept = default;
    Child& operator=(Child&& other) noexcept {
      std::swap(vitals_, other.vitals_);
      std::swap(number_, other.number_);
      return *this;
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();
    void run_by(Endable& run);
    void leave();

   private:
    std::shared_ptr<Vitals> vitals_;
    std::uint64_t number_;
  };

 private:
  class EndLetter;
  struct Entry {
    int pid;
    net::LoopAddress home;
    Endable* run = nullptr;  // for its own loop only
  };
  void end_child(std::uint64_t number);
  void recover();

  mutable std::mutex mutex_;
  std::uint64_t version_ = 0;
  std::atomic<bool> is_failing_{false};  // written under the mutex
  std::size_t sessions_ = 0;
  std::uint64_t restarts_ = 0;
  std::string last_error_;
  std::map<std::uint64_t, Entry> children_;
  std::uint64_t last_child_ = 0;
  std::deque<Line> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

std::string_view name_of(Vitals::State state);

}  // namespace upstream

#pragma once
// The two queues behind a Scheduler: calls to make soon (a list) and timers (a binary heap by due
// time). Arming and disarming cost O(log n); both are allocation-free but for the heap's growth.

#include <cstddef>
#include <vector>

#include "base/scheduler.h"

class WakeupQueue {
 public:
  explicit WakeupQueue(Scheduler& owner) : owner_(owner) {}
  WakeupQueue(const WakeupQueue&) = delete;
  WakeupQueue& operator=(const WakeupQueue&) = delete;
  ~WakeupQueue();

  void arm(Wakeup& wakeup, Instant when);
  void soon(Wakeup& wakeup);
  void remove(Wakeup& wakeup);

  // Makes the calls that were asked for before this began, then those whose time has come; as many
  // of these as there are timers now, so that one that is armed for the past again and again keeps
  // nobody from the sockets.
  void run(Instant now);
  bool has_soon() const { return first_soon_ != nullptr; }
  // When the next timer is due; Instant::max() if there is none.
  Instant next_due() const { return heap_.empty() ? Instant::max() : heap_.front()->due_; }

 private:
  void sift_up(std::size_t place);
  void sift_down(std::size_t place);
  void put(std::size_t place, Wakeup* wakeup);
  static void fire(Wakeup& wakeup);

  Scheduler& owner_;
  std::vector<Wakeup*> heap_;
  Wakeup* first_soon_ = nullptr;
  Wakeup* last_soon_ = nullptr;
};

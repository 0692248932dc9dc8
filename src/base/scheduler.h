#pragma once
// What a waiting task needs of the thread it runs on: the time, a call at a later time, and a call
// as soon as the current event is done. net::Loop implements it; ManualScheduler drives tests by
// hand. A Scheduler belongs to one thread; none of its members may be used from another.

#include "base/clock.h"

class Scheduler;

// Something that wants to be called once. It lives in the frame or object that waits; its
// destructor takes it out of every queue, which is all of the cancellation there is. Not copyable,
// not movable.
class Wakeup {
 public:
  using Call = void (*)(void* context);

  Wakeup(Call call, void* context) : call_(call), context_(context) {}
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  ~Wakeup();

  bool is_queued() const { return scheduler_ != nullptr; }

 private:
  friend class WakeupQueue;
  Call call_;
  void* context_;
  Scheduler* scheduler_ = nullptr;  // where it is queued, if it is
  Instant due_;
  // Links of the list of calls to make soon, or the place in the heap of timers.
  Wakeup* before_ = nullptr;
  Wakeup* after_ = nullptr;
  std::size_t heap_place_ = 0;
  bool in_heap_ = false;
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;
  // The time as of the current event; reading it costs nothing.
  virtual Instant now() const = 0;
  // Calls `wakeup` once `when` has passed. If it is queued already it is queued anew.
  virtual void arm(Wakeup& wakeup, Instant when) = 0;
  // Calls `wakeup` after the current event, in the order of the requests.
  virtual void soon(Wakeup& wakeup) = 0;
  // Takes it out of the queues; nothing happens if it is in none.
  virtual void disarm(Wakeup& wakeup) = 0;
};

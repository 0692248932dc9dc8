#pragma once
// Owns tasks that run beside each other on one scheduler. join() waits for all; the destructor
// cancels what is left. A task that throws ends the program: nobody is there to catch.

#include <cstddef>
#include <list>

#include "base/signal.h"
#include "base/task.h"

class TaskGroup {
 public:
  explicit TaskGroup(Scheduler& scheduler);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  // Must not be called from inside one of its own tasks.
  ~TaskGroup();

  // The task starts at the scheduler's next turn. While the group is being destroyed (a frame's
  // destructor says farewell) it is destroyed instead.
  void spawn(Task<> task);
  // Returns when no task is left; tasks spawned meanwhile count.
  Task<> join();
  // Destroys all tasks at the scheduler's next turn, so it may be called from inside one of them.
  void cancel();

  // Those not done and those not yet freed.
  std::size_t size() const { return members_.size() + done_.size(); }

 private:
  struct Member;
  static Task<> run(Member& member, Task<> task);
  static void begin(void* member);
  static void reap(void* group);
  static void drop_all(void* group);
  void drop_members();

  Scheduler& scheduler_;
  std::list<Member> members_;
  std::list<Member> done_;  // to be freed at the next turn
  bool is_ending_ = false;
  Wakeup reaping_;
  Wakeup cancelling_;
  Signal changed_;
};

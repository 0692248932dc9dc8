#include "base/task_group.h"

struct TaskGroup::Member {
  explicit Member(TaskGroup& owner) : group(owner), beginning(&TaskGroup::begin, this) {}

  TaskGroup& group;
  Task<> task;
  Wakeup beginning;
  bool is_done = false;
};

TaskGroup::TaskGroup(Scheduler& scheduler)
    : scheduler_(scheduler), reaping_(&TaskGroup::reap, this), cancelling_(&TaskGroup::drop_all, this) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(Task<> task) {
  Member& member = members_.emplace_back(*this);
  member.task = run(member, std::move(task));
  scheduler_.soon(member.beginning);
}

// The frame cannot free itself while it runs: it is marked here and freed by reap() at the next turn.
Task<> TaskGroup::run(Member& member, Task<> task) {
  try {
    co_await std::move(task);
  } catch (...) {
    std::terminate();
  }
  member.is_done = true;
  member.group.scheduler_.soon(member.group.reaping_);
}

void TaskGroup::begin(void* member) {
  auto& self = *static_cast<Member*>(member);
  self.task.start(self.group.scheduler_, std::noop_coroutine());
}

void TaskGroup::reap(void* group) {
  auto& self = *static_cast<TaskGroup*>(group);
  self.members_.remove_if([](const Member& member) { return member.is_done; });
  if (self.members_.empty()) self.changed_.notify_all();
}

void TaskGroup::cancel() { scheduler_.soon(cancelling_); }

void TaskGroup::drop_all(void* group) {
  auto& self = *static_cast<TaskGroup*>(group);
  // Moved out first: a destructor of a frame may spawn a farewell into this group.
  std::list<Member> dropped;
  dropped.splice(dropped.end(), self.members_);
  dropped.clear();
  if (self.members_.empty()) self.changed_.notify_all();
}

Task<> TaskGroup::join() {
  while (!members_.empty()) {
    co_await changed_.wait();
  }
}

#include "base/task_group.h"

#include <iterator>
#include <utility>

struct TaskGroup::Member {
  explicit Member(TaskGroup& owner) : group(owner), beginning(&TaskGroup::begin, this) {}

  TaskGroup& group;
  Task<> task;
  Wakeup beginning;
  std::list<Member>::iterator place;
};

TaskGroup::TaskGroup(Scheduler& scheduler)
    : scheduler_(scheduler),
      reaping_(&TaskGroup::reap, this),
      cancelling_(&TaskGroup::drop_all, this) {}

TaskGroup::~TaskGroup() {
  is_ending_ = true;
  drop_members();
}

void TaskGroup::spawn(Task<> task) {
  if (is_ending_) return;
  Member& member = members_.emplace_back(*this);
  member.place = std::prev(members_.end());
  member.task = run(member, std::move(task));
  scheduler_.soon(member.beginning);
}

// The frame cannot free itself while it runs: it is marked here and freed by reap() at the next
// turn.
Task<> TaskGroup::run(Member& member, Task<> task) {
  try {
    co_await std::move(task);
  } catch (...) {
    std::terminate();
  }
  TaskGroup& group = member.group;
  group.done_.splice(group.done_.end(), group.members_, member.place);
  group.scheduler_.soon(group.reaping_);
}

void TaskGroup::begin(void* member) {
  auto& self = *static_cast<Member*>(member);
  self.task.start(self.group.scheduler_, std::noop_coroutine());
}

void TaskGroup::reap(void* group) {
  auto& self = *static_cast<TaskGroup*>(group);
  // Moved out first: a destructor of a frame may spawn a farewell into this group.
  std::list<Member> dropped = std::exchange(self.done_, {});
  dropped.clear();
  if (self.size() == 0) self.changed_.notify_all();
}

void TaskGroup::cancel() {
  scheduler_.soon(cancelling_);
}

void TaskGroup::drop_all(void* group) {
  auto& self = *static_cast<TaskGroup*>(group);
  self.drop_members();
  if (self.size() == 0) self.changed_.notify_all();
}

void TaskGroup::drop_members() {
  std::list<Member> dropped = std::exchange(members_, {});
  dropped.splice(dropped.end(), done_);
  dropped.clear();
}

Task<> TaskGroup::join() {
  while (size() > 0) {
    co_await changed_.wait();
  }
}

#include "base/signal.h"

#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_scheduler.h"
#include "base/task_group.h"

namespace {

using testing::ElementsAre;

Task<> note(Signal& signal, std::vector<int>& notes, int number) {
  co_await signal.wait();
  notes.push_back(number);
}

TEST(Signal, wakes_all_in_the_order_of_waiting) {
  ManualScheduler scheduler;
  Signal signal;
  std::vector<int> notes;
  TaskGroup group(scheduler);
  for (int i = 0; i < 4; ++i) group.spawn(note(signal, notes, i));
  scheduler.run();

  signal.notify_all();
  EXPECT_TRUE(notes.empty()) << "each is woken in a turn of its own";
  scheduler.run();

  EXPECT_THAT(notes, ElementsAre(0, 1, 2, 3));
  EXPECT_FALSE(signal.has_waiters());
}

Task<> note_until(Signal& signal, Deadline deadline, std::vector<int>& notes) {
  const bool is_notified = co_await signal.wait(deadline);
  notes.push_back(is_notified ? 1 : 0);
}

TEST(Signal, wakes_a_waiter_at_its_deadline_or_by_a_notice_whichever_is_first) {
  ManualScheduler scheduler;
  Signal signal;
  std::vector<int> notes;
  TaskGroup group(scheduler);
  const Deadline deadline = Deadline::in(scheduler.now(), std::chrono::seconds(5));
  group.spawn(note_until(signal, deadline, notes));
  scheduler.run();
  signal.notify_all();
  scheduler.run();
  EXPECT_THAT(notes, ElementsAre(1));

  group.spawn(note_until(signal, deadline, notes));
  scheduler.advance(std::chrono::seconds(4));
  EXPECT_THAT(notes, ElementsAre(1));
  scheduler.advance(std::chrono::seconds(1));
  EXPECT_THAT(notes, ElementsAre(1, 0));
  EXPECT_FALSE(signal.has_waiters());
}

TEST(Signal, does_not_wake_those_who_come_later) {
  ManualScheduler scheduler;
  Signal signal;
  std::vector<int> notes;
  TaskGroup group(scheduler);
  signal.notify_all();
  group.spawn(note(signal, notes, 1));

  scheduler.run();

  EXPECT_TRUE(notes.empty());
}

TEST(Signal, forgets_waiters_that_are_destroyed_before_and_after_the_notice) {
  ManualScheduler scheduler;
  Signal signal;
  std::vector<int> notes;
  std::optional<Task<>> tasks[4];
  for (int i = 0; i < 4; ++i) {
    tasks[i].emplace(note(signal, notes, i));
    tasks[i]->start(scheduler, std::noop_coroutine());
  }
  tasks[0].reset();
  tasks[3].reset();
  signal.notify_all();
  tasks[1].reset();

  scheduler.run();

  EXPECT_THAT(notes, ElementsAre(2));
}

TEST(Signal, may_go_before_those_who_wait_for_it) {
  ManualScheduler scheduler;
  std::vector<int> notes;
  std::optional<Signal> signal(std::in_place);
  auto first = note(*signal, notes, 1);
  auto second = note(*signal, notes, 2);
  first.start(scheduler, std::noop_coroutine());
  second.start(scheduler, std::noop_coroutine());

  signal.reset();
  scheduler.run();

  EXPECT_FALSE(first.is_done());
}

}  // namespace

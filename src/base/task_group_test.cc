#include "base/task_group.h"

#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_scheduler.h"
#include "base/sleep.h"

namespace {

using std::chrono::seconds;
using testing::ElementsAre;

Task<> count_up(int& count, Duration wait) {
  Scheduler& scheduler = co_await this_scheduler();
  const Deadline end = Deadline::in(scheduler.now(), wait);
  co_await sleep_until(end);
  ++count;
}

Task<> wait_for_ever(std::shared_ptr<int> held) {
  co_await sleep_until(Deadline::never());
  held.reset();
}

bool is_done_after(ManualScheduler& scheduler, Task<>& task, Duration wait) {
  scheduler.advance(wait);
  return task.is_done();
}

TEST(TaskGroup, starts_its_tasks_at_the_next_turn) {
  ManualScheduler scheduler;
  TaskGroup group(scheduler);
  int count = 0;
  group.spawn(count_up(count, seconds(0)));
  EXPECT_EQ(count, 0);

  scheduler.run();

  EXPECT_EQ(count, 1);
  EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, joins_all_also_those_spawned_meanwhile) {
  ManualScheduler scheduler;
  TaskGroup group(scheduler);
  int count = 0;
  group.spawn(count_up(count, seconds(1)));
  auto joining = group.join();
  joining.start(scheduler, std::noop_coroutine());
  scheduler.run();
  group.spawn(count_up(count, seconds(3)));

  EXPECT_FALSE(is_done_after(scheduler, joining, seconds(2)));
  EXPECT_TRUE(is_done_after(scheduler, joining, seconds(1)));
  EXPECT_EQ(count, 2);
}

TEST(TaskGroup, joins_at_once_when_it_is_empty) {
  ManualScheduler scheduler;
  TaskGroup group(scheduler);
  auto joining = group.join();
  joining.start(scheduler, std::noop_coroutine());
  EXPECT_TRUE(joining.is_done());
}

TEST(TaskGroup, cancels_what_is_left_when_it_is_destroyed) {
  ManualScheduler scheduler;
  const auto held = std::make_shared<int>();
  {
    TaskGroup group(scheduler);
    group.spawn(wait_for_ever(held));
    group.spawn(wait_for_ever(held));
    scheduler.run();
    group.spawn(wait_for_ever(held));
    EXPECT_EQ(held.use_count(), 4);
  }
  EXPECT_EQ(held.use_count(), 1);
  scheduler.run();
}

Task<> cancel_and_wait(TaskGroup& group, std::vector<int>& steps) {
  group.cancel();
  steps.push_back(1);
  co_await yield();
  steps.push_back(2);
  co_await sleep_until(Deadline::never());
}

TEST(TaskGroup, can_be_cancelled_by_one_of_its_tasks_and_used_again) {
  ManualScheduler scheduler;
  TaskGroup group(scheduler);
  std::vector<int> steps;
  const auto held = std::make_shared<int>();
  group.spawn(wait_for_ever(held));
  group.spawn(cancel_and_wait(group, steps));
  scheduler.run();

  EXPECT_THAT(steps, ElementsAre(1));
  EXPECT_EQ(group.size(), 0U);
  EXPECT_EQ(held.use_count(), 1);
  int count = 0;
  group.spawn(count_up(count, seconds(0)));
  scheduler.run();
  EXPECT_EQ(count, 1);
}

// Spawns a farewell when it is destroyed.
class Polite {
 public:
  Polite(TaskGroup& group, int& farewells) : group_(group), farewells_(farewells) {}
  Polite(const Polite&) = delete;
  Polite& operator=(const Polite&) = delete;
  ~Polite() { group_.spawn(count_up(farewells_, seconds(1))); }

 private:
  TaskGroup& group_;
  int& farewells_;
};

Task<> be_polite(TaskGroup& group, int& farewells, Duration wait) {
  const Polite polite(group, farewells);
  Scheduler& scheduler = co_await this_scheduler();
  const Deadline end = Deadline::in(scheduler.now(), wait);
  co_await sleep_until(end);
}

TEST(TaskGroup, runs_farewells_that_destructors_spawn) {
  ManualScheduler scheduler;
  TaskGroup group(scheduler);
  int farewells = 0;
  group.spawn(be_polite(group, farewells, seconds(1)));
  group.spawn(be_polite(group, farewells, seconds(100)));
  scheduler.advance(seconds(1));
  group.cancel();

  scheduler.advance(seconds(2));

  EXPECT_EQ(farewells, 1) << "the first was cancelled with the rest";
  EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, drops_farewells_that_come_while_it_is_destroyed) {
  ManualScheduler scheduler;
  int farewells = 0;
  {
    TaskGroup group(scheduler);
    group.spawn(be_polite(group, farewells, seconds(100)));
    scheduler.run();
  }
  scheduler.advance(seconds(2));
  EXPECT_EQ(farewells, 0);
}

}  // namespace

#include "base/task.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "base/before.h"
#include "base/manual_scheduler.h"
#include "base/result.h"
#include "base/sleep.h"
#include "base/unless.h"

namespace {

using std::chrono::seconds;

// Sets a flag when it is destroyed.
class Mark {
 public:
  explicit Mark(bool& flag) : flag_(flag) {}
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;
  ~Mark() { flag_ = true; }

 private:
  bool& flag_;
};

Task<int> one() {
  co_return 1;
}

Task<int> one_later(Duration wait) {
  Scheduler& scheduler = co_await this_scheduler();
  const Deadline end = Deadline::in(scheduler.now(), wait);
  co_await sleep_until(end);
  co_return 1;
}

Task<int> add_up(int times) {
  int sum = 0;
  for (int i = 0; i < times; ++i) {
    const int value = co_await one();
    sum += value;
  }
  co_return sum;
}

Task<> hold(bool& is_destroyed) {
  const Mark mark(is_destroyed);
  co_await sleep_until(Deadline::never());
}

Task<int> hold_for_ever(bool& is_destroyed) {
  const Mark mark(is_destroyed);
  co_await sleep_until(Deadline::never());
  co_return 0;
}

Task<> hold_below(bool& is_destroyed) {
  co_await hold(is_destroyed);
}

Task<int> throws() {
  throw std::runtime_error("thrown");
  co_return 0;
}

Task<std::string> catches() {
  std::string caught;
  try {
    co_await throws();
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }
  co_return caught;
}

template <class T>
T run(ManualScheduler& scheduler, Task<T> task) {
  task.start(scheduler, std::noop_coroutine());
  scheduler.run();
  EXPECT_TRUE(task.is_done());
  return task.take();
}

TEST(Task, does_nothing_until_it_is_started) {
  bool is_destroyed = false;
  {
    const Task<> task = hold(is_destroyed);
  }
  EXPECT_FALSE(is_destroyed);
}

TEST(Task, takes_no_stack_for_tasks_that_never_wait) {
  ManualScheduler scheduler;
  EXPECT_EQ(run(scheduler, add_up(1'000'000)), 1'000'000);
}

TEST(Task, carries_exceptions_to_its_awaiter) {
  ManualScheduler scheduler;
  EXPECT_EQ(run(scheduler, catches()), "thrown");
}

TEST(Task, cancels_what_it_waits_for_when_it_is_destroyed) {
  ManualScheduler scheduler;
  bool is_destroyed = false;
  {
    Task<> task = hold_below(is_destroyed);
    task.start(scheduler, std::noop_coroutine());
    EXPECT_FALSE(is_destroyed);
  }
  EXPECT_TRUE(is_destroyed);
  scheduler.advance(seconds(1));
}

TEST(Task, is_replaced_by_assignment) {
  ManualScheduler scheduler;
  bool is_destroyed = false;
  Task<> task = hold(is_destroyed);
  task.start(scheduler, std::noop_coroutine());

  task = Task<>();

  EXPECT_TRUE(is_destroyed);
  EXPECT_FALSE(task.is_valid());
}

Task<Result<int>> result_later(Duration wait) {
  const int value = co_await one_later(wait);
  co_return value;
}

Task<Result<int>> result_at_once() {
  co_return 1;
}

Task<Result<int>> result_never(bool& is_destroyed) {
  const int value = co_await hold_for_ever(is_destroyed);
  co_return value;
}

Task<Result<int>> wait_for(Deadline deadline, Task<Result<int>> task) {
  co_return co_await before(deadline, std::move(task));
}

Task<int> many_before(int times) {
  int sum = 0;
  for (int i = 0; i < times; ++i) {
    const auto value = co_await before(Deadline::never(), result_at_once());
    sum += *value;
  }
  co_return sum;
}

TEST(Before, gives_the_value_that_comes_in_time) {
  ManualScheduler scheduler;
  const Deadline deadline = Deadline::in(scheduler.now(), seconds(2));
  auto task = wait_for(deadline, result_later(seconds(1)));
  task.start(scheduler, std::noop_coroutine());

  scheduler.advance(seconds(1));

  ASSERT_TRUE(task.is_done());
  EXPECT_EQ(task.take(), Result<int>(1));
}

TEST(Before, destroys_the_task_at_the_deadline) {
  ManualScheduler scheduler;
  bool is_destroyed = false;
  const Deadline deadline = Deadline::in(scheduler.now(), seconds(2));
  auto task = wait_for(deadline, result_never(is_destroyed));
  task.start(scheduler, std::noop_coroutine());

  scheduler.advance(seconds(1));
  EXPECT_FALSE(is_destroyed);
  scheduler.advance(seconds(1));

  EXPECT_TRUE(is_destroyed);
  ASSERT_TRUE(task.is_done());
  EXPECT_EQ(task.take().error().fault(), Fault::timed_out);
}

TEST(Before, gives_a_value_that_needs_no_wait_though_the_deadline_has_passed) {
  ManualScheduler scheduler;
  EXPECT_EQ(run(scheduler, wait_for(Deadline(Instant::min()), result_at_once())), Result<int>(1));
}

TEST(Before, takes_no_stack_for_tasks_that_never_wait) {
  ManualScheduler scheduler;
  EXPECT_EQ(run(scheduler, many_before(1'000'000)), 1'000'000);
}

TEST(Before, cancels_the_task_when_its_waiter_is_destroyed) {
  ManualScheduler scheduler;
  bool is_destroyed = false;
  {
    auto task = wait_for(Deadline::in(scheduler.now(), seconds(1)), result_never(is_destroyed));
    task.start(scheduler, std::noop_coroutine());
  }
  EXPECT_TRUE(is_destroyed);
  scheduler.advance(seconds(2));
}

Task<> pass(Duration wait) {
  co_await one_later(wait);
}
Task<> at_once() {
  co_return;
}

Task<std::optional<int>> uninterrupted(Task<> interruption, Task<int> task) {
  co_return co_await unless(std::move(interruption), std::move(task));
}

Task<int> many_unless(int times, bool& is_destroyed) {
  int sum = 0;
  for (int i = 0; i < times; ++i) {
    const auto value = co_await unless(hold(is_destroyed), one());
    sum += value.value_or(0);
  }
  co_return sum;
}

TEST(Unless, gives_what_comes_first) {
  ManualScheduler scheduler;
  auto late = uninterrupted(pass(seconds(1)), one_later(seconds(2)));
  auto early = uninterrupted(pass(seconds(2)), one_later(seconds(1)));
  auto never = uninterrupted(at_once(), one());
  for (auto* task : {&late, &early, &never}) task->start(scheduler, std::noop_coroutine());

  scheduler.advance(seconds(3));

  EXPECT_EQ(late.take(), std::nullopt);
  EXPECT_EQ(early.take(), 1);
  EXPECT_EQ(never.take(), std::nullopt);
}

TEST(Unless, takes_no_stack_for_tasks_that_never_wait) {
  ManualScheduler scheduler;
  bool is_destroyed = false;
  EXPECT_EQ(run(scheduler, many_unless(200'000, is_destroyed)), 200'000);
  EXPECT_TRUE(is_destroyed);
}

}  // namespace

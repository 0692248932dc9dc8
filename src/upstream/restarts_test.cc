#include <gtest/gtest.h>

#include "base/manual_scheduler.h"
#include "base/task_group.h"
#include "upstream/detail_restarts.h"

namespace upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant start{std::chrono::hours(1)};

TEST(Restarts, do_not_wait_before_the_first_failure) {
  EXPECT_EQ(*Restarts().next_try(start), start);
}

TEST(Restarts, wait_twice_as_long_after_each_failure) {
  Restarts restarts;
  Instant now = start;
  for (const milliseconds delay : {milliseconds(100), milliseconds(200), milliseconds(400)}) {
    restarts.failed_at(now);
    EXPECT_EQ(*restarts.next_try(now), now + delay);
    now += seconds(30);
  }
  EXPECT_EQ(*restarts.next_try(now), now);
}

TEST(Restarts, stop_for_a_while_at_five_failures_within_a_minute) {
  Restarts restarts;
  for (int i = 0; i < 4; ++i) restarts.failed_at(start + seconds(i));
  EXPECT_TRUE(restarts.next_try(start + seconds(4)));
  restarts.failed_at(start + seconds(4));

  const auto refused = restarts.next_try(start + seconds(5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::unavailable);
  EXPECT_EQ(refused.error().why(), "failed 5 times within a minute; the next try is in 29 s");
  EXPECT_EQ(*restarts.next_try(start + seconds(34)), start + seconds(34));
  restarts.failed_at(start + seconds(34));
  EXPECT_FALSE(restarts.next_try(start + seconds(35)));
}

TEST(Restarts, go_on_when_failures_are_rare) {
  Restarts restarts;
  for (int i = 0; i < 20; ++i) restarts.failed_at(start + std::chrono::minutes(i));

  const Instant last = start + std::chrono::minutes(19);
  EXPECT_EQ(*restarts.next_try(last), last + Restarts::delay_max);
}

TEST(Restarts, forget_failures_after_a_success) {
  Restarts restarts;
  for (int i = 0; i < 5; ++i) restarts.failed_at(start);
  restarts.succeeded();

  EXPECT_EQ(*restarts.next_try(start), start);
  restarts.failed_at(start);
  EXPECT_EQ(*restarts.next_try(start), start + Restarts::delay_min);
}

TEST(Restarts, count_anew_what_lasted_for_a_minute) {
  Restarts restarts;
  for (int i = 0; i < 5; ++i) restarts.ended(start, start + seconds(i));
  EXPECT_FALSE(restarts.next_try(start + seconds(5)));
  restarts.ended(start + seconds(40), start + seconds(100));
  EXPECT_EQ(*restarts.next_try(start + seconds(100)), start + seconds(100) + Restarts::delay_min);
}

Task<> wait(const Restarts& restarts, Deadline deadline, std::string& said) {
  const Result<> waited = co_await restarts.wait(deadline, "later");
  said = waited ? "now" : waited.error().why();
}

TEST(Restarts, are_waited_for_unless_that_is_too_late) {
  ManualScheduler scheduler;
  Restarts restarts;
  restarts.failed_at(scheduler.now());
  const Instant begin = scheduler.now();
  std::string late;
  std::string in_time;
  TaskGroup tasks(scheduler);
  tasks.spawn(wait(restarts, Deadline::in(begin, milliseconds(50)), late));
  tasks.spawn(wait(restarts, Deadline::in(begin, milliseconds(200)), in_time));
  scheduler.run();
  EXPECT_EQ(late, "later");
  EXPECT_EQ(in_time, "");
  scheduler.advance(Restarts::delay_min);
  EXPECT_EQ(in_time, "now");
}

}  // namespace
}  // namespace upstream

#include "base/shared_work.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_scheduler.h"
#include "base/sleep.h"
#include "base/task_group.h"

namespace {

using std::chrono::seconds;
using testing::ElementsAre;

class Worked {
 public:
  SharedWork work;
  bool is_done = false;
  std::vector<std::string> notes;
};

// Does the work, which takes two seconds, or waits for who does it.
Task<> want(Worked& worked, Deadline deadline) {
  while (!worked.is_done && worked.work.is_on()) {
    auto over = co_await worked.work.until_over(deadline);
    worked.notes.emplace_back(over ? "over" : "late");
    if (!over) co_return;
  }
  if (worked.is_done) co_return;
  const SharedWork::Turn turn(worked.work);
  worked.notes.emplace_back("begun");
  Scheduler& scheduler = co_await this_scheduler();
  co_await sleep_until(Deadline::in(scheduler.now(), seconds(2)));
  worked.is_done = true;
}

Task<> note_next_end(Worked& worked) {
  co_await worked.work.next_end();
  worked.notes.emplace_back("end");
}

TEST(SharedWork, is_done_by_one_and_awaited_by_the_others_in_their_time) {
  ManualScheduler scheduler;
  Worked worked;
  TaskGroup group(scheduler);
  group.spawn(note_next_end(worked));
  group.spawn(want(worked, Deadline::never()));
  group.spawn(want(worked, Deadline::never()));
  group.spawn(want(worked, Deadline::in(scheduler.now(), seconds(1))));
  scheduler.advance(seconds(1));
  EXPECT_THAT(worked.notes, ElementsAre("begun", "late"));
  scheduler.advance(seconds(1));
  EXPECT_THAT(worked.notes, ElementsAre("begun", "late", "end", "over"));
  EXPECT_FALSE(worked.work.is_on());
}

TEST(SharedWork, goes_to_another_if_who_does_it_is_gone) {
  ManualScheduler scheduler;
  Worked worked;
  TaskGroup group(scheduler);
  {
    TaskGroup leaving(scheduler);
    leaving.spawn(want(worked, Deadline::never()));
    scheduler.run();
    group.spawn(want(worked, Deadline::never()));
    scheduler.run();
  }
  scheduler.advance(seconds(2));
  EXPECT_THAT(worked.notes, ElementsAre("begun", "over", "begun"));
  EXPECT_TRUE(worked.is_done);
}

}  // namespace

#include "base/scheduler.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/deadline.h"
#include "base/manual_scheduler.h"
#include "base/sleep.h"

namespace {

using std::chrono::seconds;
using testing::ElementsAre;

// Writes its number down when it is called.
class Caller {
 public:
  Caller(std::vector<int>& calls, int number)
      : wakeup(&Caller::call, this), calls_(calls), number_(number) {}
  Wakeup wakeup;

 private:
  static void call(void* self) {
    auto& caller = *static_cast<Caller*>(self);
    caller.calls_.push_back(caller.number_);
  }
  std::vector<int>& calls_;
  int number_;
};

TEST(Scheduler, calls_soon_in_the_order_of_the_requests) {
  ManualScheduler scheduler;
  std::vector<int> calls;
  Caller one(calls, 1);
  Caller two(calls, 2);
  Caller three(calls, 3);
  for (Caller* caller : {&three, &one, &two}) scheduler.soon(caller->wakeup);

  scheduler.run();
  scheduler.run();

  EXPECT_THAT(calls, ElementsAre(3, 1, 2));
}

TEST(Scheduler, queues_anew_what_is_queued_already) {
  ManualScheduler scheduler;
  std::vector<int> calls;
  Caller one(calls, 1);
  Caller two(calls, 2);
  scheduler.soon(one.wakeup);
  scheduler.soon(two.wakeup);
  scheduler.soon(one.wakeup);
  scheduler.arm(two.wakeup, scheduler.now() + seconds(1));

  scheduler.run();
  EXPECT_THAT(calls, ElementsAre(1));
  scheduler.advance(seconds(2));
  EXPECT_THAT(calls, ElementsAre(1, 2));
}

TEST(Scheduler, calls_timers_in_the_order_of_their_times_whatever_is_removed) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    ManualScheduler scheduler;
    std::vector<int> calls;
    std::vector<std::unique_ptr<Caller>> callers;
    std::vector<int> expected;
    for (int i = 0; i < 100; ++i) {
      const int due = static_cast<int>(random() % 1000);
      callers.push_back(std::make_unique<Caller>(calls, due));
      scheduler.arm(callers.back()->wakeup, scheduler.now() + std::chrono::milliseconds(due));
      if (random() % 3 == 0) {
        callers.pop_back();
      } else if (random() % 4 == 0) {
        scheduler.disarm(callers.back()->wakeup);
        EXPECT_FALSE(callers.back()->wakeup.is_queued());
      } else {
        expected.push_back(due);
      }
    }
    std::sort(expected.begin(), expected.end());

    scheduler.advance(seconds(1));

    EXPECT_EQ(calls, expected);
  }
}

// Queues itself again whenever it is called.
class Again {
 public:
  Again(Scheduler& scheduler, bool is_timer)
      : wakeup(&Again::call, this), scheduler_(scheduler), is_timer_(is_timer) {}
  Wakeup wakeup;
  int calls = 0;

 private:
  static void call(void* self) {
    auto& again = *static_cast<Again*>(self);
    ++again.calls;
    if (again.is_timer_) {
      again.scheduler_.arm(again.wakeup, Instant::min());
    } else {
      again.scheduler_.soon(again.wakeup);
    }
  }
  Scheduler& scheduler_;
  bool is_timer_;
};

// A scheduler that makes one round at a time.
class OneRound final : public Scheduler {
 public:
  OneRound() : queue(*this) {}
  Instant now() const override { return Instant() + seconds(1); }
  void arm(Wakeup& wakeup, Instant when) override { queue.arm(wakeup, when); }
  void soon(Wakeup& wakeup) override { queue.soon(wakeup); }
  void disarm(Wakeup& wakeup) override { queue.remove(wakeup); }
  WakeupQueue queue;
};

TEST(Scheduler, ends_a_round_though_calls_ask_for_calls) {
  for (const bool is_timer : {false, true}) {
    OneRound scheduler;
    Again again(scheduler, is_timer);
    scheduler.soon(again.wakeup);

    for (int i = 0; i < 3; ++i) scheduler.queue.run(scheduler.now());

    EXPECT_LE(again.calls, 6);
    EXPECT_GE(again.calls, 3);
  }
}

// Destroys another caller.
class Destroyer {
 public:
  explicit Destroyer(std::unique_ptr<Caller>& victim)
      : wakeup(&Destroyer::call, this), victim_(victim) {}
  Wakeup wakeup;

 private:
  static void call(void* self) { static_cast<Destroyer*>(self)->victim_.reset(); }
  std::unique_ptr<Caller>& victim_;
};

TEST(Scheduler, does_not_call_what_was_destroyed_in_the_same_round) {
  ManualScheduler scheduler;
  std::vector<int> calls;
  auto soon = std::make_unique<Caller>(calls, 1);
  auto timer = std::make_unique<Caller>(calls, 2);
  Destroyer first(soon);
  Destroyer second(timer);
  scheduler.soon(first.wakeup);
  scheduler.soon(second.wakeup);
  scheduler.soon(soon->wakeup);
  scheduler.arm(timer->wakeup, scheduler.now());

  scheduler.run();

  EXPECT_TRUE(calls.empty());
}

TEST(Scheduler, outlives_nothing_that_is_still_queued) {
  std::vector<int> calls;
  Caller soon(calls, 1);
  Caller timer(calls, 2);
  {
    ManualScheduler scheduler;
    scheduler.soon(soon.wakeup);
    scheduler.arm(timer.wakeup, Instant::max());
  }
  EXPECT_FALSE(soon.wakeup.is_queued());
  EXPECT_FALSE(timer.wakeup.is_queued());
}

TEST(Deadline, is_never_for_a_wait_beyond_the_range_of_the_clock) {
  const Instant now = Instant() + seconds(1000);
  EXPECT_TRUE(Deadline::in(now, Duration::max()).is_never());
  EXPECT_TRUE(Deadline::in(now, Duration::max() - seconds(1)).is_never());
  EXPECT_EQ(Deadline::in(now, seconds(1)).at(), now + seconds(1));
  EXPECT_EQ(Deadline::in(now, seconds(-1)).at(), now - seconds(1));
}

TEST(Deadline, has_passed_at_its_instant) {
  const Instant now = Instant() + seconds(1000);
  EXPECT_TRUE(Deadline(now).has_passed(now));
  EXPECT_FALSE(Deadline(now).has_passed(now - Duration(1)));
  EXPECT_FALSE(Deadline::never().has_passed(now));
  EXPECT_EQ(Deadline::never().or_sooner(Deadline(now)), Deadline(now));
}

Task<> sleep_and_count(Deadline deadline, int& count) {
  co_await sleep_until(deadline);
  ++count;
  co_await yield();
  ++count;
}

TEST(Sleep, waits_for_the_deadline_and_yields_for_a_turn) {
  ManualScheduler scheduler;
  int count = 0;
  auto task = sleep_and_count(Deadline::in(scheduler.now(), seconds(1)), count);
  task.start(scheduler, std::noop_coroutine());

  scheduler.advance(seconds(1) - Duration(1));
  EXPECT_EQ(count, 0);
  scheduler.advance(Duration(1));
  EXPECT_EQ(count, 2);
}

}  // namespace

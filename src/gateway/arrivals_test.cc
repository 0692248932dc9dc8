#include "gateway/arrivals.h"

#include <atomic>

#include <gtest/gtest.h>

#include "base/sleep.h"
#include "net/test_loop.h"
#include "net/worker.h"

namespace gateway {
namespace {

using std::chrono::seconds;

SessionNumber number(std::uint8_t first) {
  SessionNumber::Bytes bytes{};
  bytes[0] = first;
  return SessionNumber(bytes);
}

Deadline in_time(net::Loop& loop) {
  return Deadline::in(loop.now(), seconds(10));
}

Task<Result<>> wait_for(const Arrivals::Turn& turn, Deadline deadline) {
  co_return co_await turn.until_over(deadline);
}

class ArrivalsTest : public testing::Test {
 protected:
  std::unique_ptr<Arrivals::Turn> take(std::uint8_t first, std::uint64_t target = 1) {
    return arrivals_.take_turn(loop_, number(first), target);
  }
  net::Loop loop_;
  Arrivals arrivals_;
};

TEST_F(ArrivalsTest, have_one_first_for_each_session_and_target) {
  const auto first = take(1);
  EXPECT_TRUE(first->is_first());
  EXPECT_FALSE(take(1)->is_first());
  EXPECT_TRUE(take(2)->is_first());
  EXPECT_TRUE(take(1, 2)->is_first());
}

TEST_F(ArrivalsTest, have_another_first_when_it_has_let_go) {
  auto first = take(1);
  auto second = take(1);
  second.reset();
  EXPECT_FALSE(take(1)->is_first());
  first.reset();
  EXPECT_TRUE(take(1)->is_first());
}

TEST_F(ArrivalsTest, wake_those_who_wait) {
  auto first = take(1);
  const auto second = take(1);
  Task<Result<>> waiting = wait_for(*second, in_time(loop_));
  waiting.start(loop_, std::noop_coroutine());
  EXPECT_FALSE(waiting.is_done());
  first.reset();
  for (int turn = 0; turn < 10 && !waiting.is_done(); ++turn) loop_.turn(Instant::min());
  ASSERT_TRUE(waiting.is_done());
  EXPECT_TRUE(waiting.take());
}

TEST_F(ArrivalsTest, are_not_waited_for_beyond_the_deadline) {
  const auto first = take(1);
  const auto second = take(1);
  const Deadline passed = Deadline::in(loop_.now(), Duration::zero());
  const auto waited = net::run_to_end(loop_, wait_for(*second, passed));
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().fault(), Fault::timed_out);
}

TEST_F(ArrivalsTest, may_let_go_when_those_who_waited_are_gone) {
  auto first = take(1);
  auto second = take(1);
  {
    Task<Result<>> waiting = wait_for(*second, in_time(loop_));
    waiting.start(loop_, std::noop_coroutine());
  }
  second.reset();
  first.reset();
  EXPECT_TRUE(take(1)->is_first());
}

TEST_F(ArrivalsTest, may_let_go_when_their_loop_has_ended) {
  auto loop = std::make_unique<net::Loop>();
  auto first = arrivals_.take_turn(*loop, number(1), 1);
  loop.reset();
  first.reset();
  EXPECT_TRUE(take(1)->is_first());
}

// On another core.
Task<int> wait_there(Arrivals* arrivals, std::atomic<bool>* has_begun) {
  net::Loop& loop = co_await net::this_loop();
  const auto turn = arrivals->take_turn(loop, number(1), 1);
  if (turn->is_first()) co_return 1;
  *has_begun = true;
  const Deadline deadline = in_time(loop);
  auto over = co_await turn->until_over(deadline);
  co_return over ? 0 : 2;
}

Task<> sleep_for_ever(net::Loop& /*loop*/) {
  co_await sleep_until(Deadline::never());
}

TEST_F(ArrivalsTest, are_waited_for_from_other_loops) {
  net::Worker worker("there", &sleep_for_ever);
  std::atomic<bool> has_begun = false;
  auto first = take(1);
  auto visit = net::run_on(worker.address(), &wait_there, &arrivals_, &has_begun);
  visit.start(loop_, std::noop_coroutine());
  const Instant end = loop_.now() + seconds(10);
  while (!has_begun && loop_.now() < end) loop_.turn(loop_.now() + std::chrono::milliseconds(1));
  first.reset();
  while (!visit.is_done() && loop_.now() < end) {
    loop_.turn(loop_.now() + std::chrono::milliseconds(1));
  }
  ASSERT_TRUE(visit.is_done());
  EXPECT_EQ(visit.take(), 0);
}

}  // namespace
}  // namespace gateway

#include "net/home.h"

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/before.h"
#include "base/sleep.h"
#include "base/task_group.h"
#include "net/test_loop.h"
#include "net/worker.h"

namespace net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Counts what lives, from any thread.
std::atomic<int> living = 0;
class Counted {
 public:
  Counted() { ++living; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --living; }
};

// Lives on a worker; checks that it is used and destroyed on that thread.
class Counter {
 public:
  Counter() = default;
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  ~Counter() { EXPECT_EQ(std::this_thread::get_id(), thread_); }

  Task<int> add(int amount) {
    EXPECT_EQ(std::this_thread::get_id(), thread_);
    const Counted during;
    co_await yield();
    value_ += amount;
    co_return value_;
  }
  Task<Result<std::string>> repeat(std::string text, int times) const {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    if (times < 0) co_return failed(Fault::bad_request, "negative");
    co_return all;
  }
  Task<> wait_for_ever() {
    const Counted during;
    co_await sleep_until(Deadline::never());
  }

 private:
  std::thread::id thread_ = std::this_thread::get_id();
  Counted alive_;
  int value_ = 0;
};

// An ask as a task, for those who drive it by hand.
template <class R, class... Params, class... Args>
auto asked(const Home<Counter>& home, Task<R> (Counter::*method)(Params...), Args... args)
    -> Task<typename detail::Outcome<R>::Type> {
  co_return co_await home.ask(method, std::move(args)...);
}
template <class R, class... Params, class... Args>
auto asked(const Home<Counter>& home, Task<R> (Counter::*method)(Params...) const, Args... args)
    -> Task<typename detail::Outcome<R>::Type> {
  co_return co_await home.ask(method, std::move(args)...);
}

Task<> sleep_for_ever(Loop& /*loop*/) {
  co_await sleep_until(Deadline::never());
}

Task<Result<Home<Counter>>> open_counter() {
  Loop& loop = co_await this_loop();
  co_return Home<Counter>(loop, std::make_unique<Counter>());
}

Task<int> add(int left, int right) {
  const Counted during;
  co_await yield();
  co_return left + right;
}

Task<> wait_for_ever() {
  const Counted during;
  co_await sleep_until(Deadline::never());
}

bool becomes_zero(const std::atomic<int>& count) {
  const auto end = std::chrono::steady_clock::now() + seconds(5);
  while (count != 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return count == 0;
}

TEST(RunOn, gives_the_value_of_the_other_thread) {
  Loop loop;
  Worker worker("there", &sleep_for_ever);

  const auto sum = run_to_end(loop, run_on(worker.address(), &add, 1, 2));

  ASSERT_TRUE(sum);
  EXPECT_EQ(*sum, 3);
}

TEST(RunOn, needs_no_hop_on_its_own_loop) {
  Loop loop;

  const auto sum = run_to_end(loop, run_on(loop.address(), &add, 1, 2));

  ASSERT_TRUE(sum);
  EXPECT_EQ(*sum, 3);
}

TEST(RunOn, fails_when_the_loop_has_ended) {
  Loop loop;
  LoopAddress address;
  {
    Worker worker("there", &sleep_for_ever);
    address = worker.address();
  }

  const auto sum = run_to_end(loop, run_on(address, &add, 1, 2));

  ASSERT_FALSE(sum);
  EXPECT_EQ(sum.error().fault(), Fault::unavailable);
}

TEST(RunOn, fails_when_the_loop_ends_meanwhile) {
  Loop loop;
  auto worker = std::make_unique<Worker>("there", &sleep_for_ever);
  auto waiting = run_on(worker->address(), &wait_for_ever);
  waiting.start(loop, std::noop_coroutine());

  worker.reset();
  const Instant end = loop.now() + seconds(5);
  while (!waiting.is_done() && loop.now() < end) loop.turn(end);

  ASSERT_TRUE(waiting.is_done());
  EXPECT_EQ(waiting.take().error().fault(), Fault::unavailable);
  EXPECT_EQ(living, 0);
}

TEST(RunOn, cancels_there_what_is_destroyed_here) {
  Loop loop;
  Worker worker("there", &sleep_for_ever);
  {
    auto waiting = run_on(worker.address(), &wait_for_ever);
    waiting.start(loop, std::noop_coroutine());
    const auto end = std::chrono::steady_clock::now() + seconds(5);
    while (living == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    ASSERT_EQ(living, 1);
  }

  EXPECT_TRUE(becomes_zero(living));
}

TEST(RunOn, cancels_on_its_own_loop_too) {
  Loop loop;
  {
    auto waiting = run_on(loop.address(), &wait_for_ever);
    waiting.start(loop, std::noop_coroutine());
    ASSERT_EQ(living, 1);
  }
  loop.turn(loop.now());

  EXPECT_EQ(living, 0);
}

TEST(Home, answers_from_its_own_thread) {
  Loop loop;
  {
    Worker worker("home", &sleep_for_ever);
    auto opened = run_to_end(loop, run_on(worker.address(), &open_counter));
    ASSERT_TRUE(opened);
    const Home<Counter> home = std::move(*opened);

    EXPECT_EQ(*run_to_end(loop, asked(home, &Counter::add, 2)), 2);
    EXPECT_EQ(*run_to_end(loop, asked(home, &Counter::add, 3)), 5);
    EXPECT_EQ(*run_to_end(loop, asked(home, &Counter::repeat, "ab", 3)), "ababab");
    EXPECT_EQ(run_to_end(loop, asked(home, &Counter::repeat, "ab", -1)).error().why(), "negative");
  }
  EXPECT_EQ(living, 0);
}

TEST(Home, answers_on_its_own_loop_without_a_hop) {
  Loop loop;
  {
    const Home<Counter> home(loop, std::make_unique<Counter>());
    EXPECT_EQ(*run_to_end(loop, asked(home, &Counter::add, 2)), 2);
  }
  loop.turn(loop.now());
  EXPECT_EQ(living, 0);
}

TEST(Home, destroys_the_object_with_its_loop) {
  auto loop = std::make_unique<Loop>();
  const Home<Counter> home(*loop, std::make_unique<Counter>());
  ASSERT_EQ(living, 1);

  loop.reset();

  EXPECT_EQ(living, 0);
}

TEST(Home, tells_the_waiting_when_it_leaves) {
  Loop loop;
  for (const bool is_remote : {true, false}) {
    Worker worker("home", &sleep_for_ever);
    auto opened =
        run_to_end(loop, run_on(is_remote ? worker.address() : loop.address(), &open_counter));
    ASSERT_TRUE(opened);
    std::optional<Home<Counter>> home(std::move(*opened));
    auto waiting = asked(*home, &Counter::wait_for_ever);
    waiting.start(loop, std::noop_coroutine());

    home.reset();
    const Instant end = loop.now() + seconds(5);
    while (!waiting.is_done() && loop.now() < end) loop.turn(end);

    ASSERT_TRUE(waiting.is_done());
    EXPECT_EQ(waiting.take().error().fault(), Fault::unavailable);
  }
  EXPECT_TRUE(becomes_zero(living));
}

// Asks again and again; some of the questions are given up while the answer is on its way.
Task<> ask_often(Loop& loop, std::shared_ptr<const Home<Counter>> home, int times,
                 std::shared_ptr<std::atomic<int>> answered) {
  for (int i = 0; i < times; ++i) {
    const auto patience = std::chrono::microseconds(i % 3 == 0 ? 0 : 200 * (i % 7));
    const Deadline deadline = Deadline::in(loop.now(), patience);
    const auto sum = co_await before(deadline, asked(*home, &Counter::add, 1));
    if (sum) ++*answered;
  }
}

TEST(Home, survives_answers_that_race_with_cancellations) {
  Loop loop;
  const auto answered = std::make_shared<std::atomic<int>>(0);
  {
    Worker home_worker("home", &sleep_for_ever);
    auto opened = run_to_end(loop, run_on(home_worker.address(), &open_counter));
    ASSERT_TRUE(opened);
    const auto home = std::make_shared<const Home<Counter>>(std::move(*opened));
    std::vector<std::unique_ptr<Worker>> askers;
    for (int i = 0; i < 3; ++i) {
      askers.push_back(std::make_unique<Worker>("asker", &ask_often, home, 500, answered));
    }
    for (const auto& asker : askers) asker->join();
  }
  EXPECT_GT(*answered, 0);
  EXPECT_EQ(living, 0);
}

TEST(Home, survives_every_order_of_endings) {
  for (int i = 0; i < 60; ++i) {
    Loop loop;
    const auto answered = std::make_shared<std::atomic<int>>(0);
    auto home_worker = std::make_unique<Worker>("home", &sleep_for_ever);
    auto opened = run_to_end(loop, run_on(home_worker->address(), &open_counter));
    ASSERT_TRUE(opened);
    auto home = std::make_shared<const Home<Counter>>(std::move(*opened));
    auto first = std::make_unique<Worker>("first", &ask_often, home, 100'000, answered);
    auto second = std::make_unique<Worker>("second", &ask_often, home, 100'000, answered);
    if (i % 2 == 0) home.reset();
    if (i % 3 == 0) first.reset();
    home_worker.reset();
    first.reset();
    home.reset();
    second.reset();
    EXPECT_EQ(living, 0);
  }
}

TEST(Mailbox, refuses_letters_beyond_its_bound_but_not_replies) {
  class Count final : public Letter {
   public:
    void open(Loop& /*loop*/) override {}
  };
  Mailbox mailbox(2);
  std::unique_ptr<Letter> letters[3];
  for (auto& letter : letters) letter = std::make_unique<Count>();

  EXPECT_TRUE(mailbox.post(letters[0]));
  EXPECT_TRUE(mailbox.post(letters[1]));
  EXPECT_FALSE(mailbox.post(letters[2]));
  EXPECT_NE(letters[2], nullptr);
  mailbox.post_reply(std::move(letters[2]));

  EXPECT_EQ(mailbox.take().size(), 3U);
  letters[0] = std::make_unique<Count>();
  EXPECT_TRUE(mailbox.post(letters[0]));
  EXPECT_EQ(mailbox.close().size(), 1U);
  letters[0] = std::make_unique<Count>();
  EXPECT_FALSE(mailbox.post(letters[0]));
}

TEST(Mailbox, takes_letters_of_many_threads_each_in_its_order) {
  class Number final : public Letter {
   public:
    Number(std::vector<int>& to, int number) : to_(to), number_(number) {}
    void open(Loop& /*loop*/) override { to_.push_back(number_); }

   private:
    std::vector<int>& to_;
    int number_;
  };
  constexpr int each = 2000;
  Loop loop;
  std::vector<int> got[3];
  std::vector<std::thread> senders;
  for (auto& to : got) {
    senders.emplace_back([&to, address = loop.address()] {
      for (int i = 0; i < each; ++i) {
        std::unique_ptr<Letter> letter = std::make_unique<Number>(to, i);
        EXPECT_TRUE(address->post(letter));
      }
    });
  }
  const Instant end = loop.now() + seconds(10);
  while (got[0].size() + got[1].size() + got[2].size() < 3 * each && loop.now() < end)
    loop.turn(end);
  for (auto& sender : senders) sender.join();

  for (const auto& numbers : got) {
    ASSERT_EQ(numbers.size(), static_cast<std::size_t>(each));
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

Task<> tell(Loop& loop, std::shared_ptr<std::promise<std::string>> told, std::string text) {
  co_await sleep_until(Deadline(loop.now()));
  told->set_value(text);
}

TEST(Worker, runs_its_task_and_ends_with_it) {
  const auto told = std::make_shared<std::promise<std::string>>();
  Worker worker("a-name-that-is-longer-than-allowed", &tell, told, "done");

  worker.join();

  EXPECT_EQ(told->get_future().get(), "done");
  EXPECT_TRUE(worker.address()->is_closed());
}

Task<> hold(Loop& /*loop*/, std::shared_ptr<Counted> held) {
  co_await sleep_until(Deadline::never());
  held.reset();
}

TEST(Worker, destroys_its_task_when_it_is_stopped) {
  {
    Worker worker("worker", &hold, std::make_shared<Counted>());
    EXPECT_EQ(living, 1);
  }
  EXPECT_EQ(living, 0);
}

}  // namespace
}  // namespace net

#include <gtest/gtest.h>

#include "upstream/detail_spare_children.h"
#include "upstream/detail_stdio_world.h"

namespace upstream {
namespace {

class SpareChildrenTest : public testing::Test {
 protected:
  std::shared_ptr<const StdioPlace> place(std::size_t wanted,
                                          std::shared_ptr<ChildCount> count = nullptr) {
    StdioSettings settings = world_.settings(R"({"steps":[{"serve":1}]})");
    settings.spares = wanted;
    return world_.place(std::move(settings), std::move(count));
  }
  // Turns the loop until there are so many, at most ten seconds.
  bool has_soon(std::size_t count) { return has_soon(spares_, count); }
  bool has_soon(const SpareChildren& spares, std::size_t count) {
    const Instant end = SystemClock().now() + std::chrono::seconds(10);
    while (spares.size() != count) {
      if (SystemClock().now() > end) return false;
      world_.loop().turn(SystemClock().now() + std::chrono::milliseconds(20));
    }
    return true;
  }

  // What it executes, by which it is known, begins a moment after the child does.
  bool is_running_soon() {
    const Instant end = SystemClock().now() + std::chrono::seconds(10);
    while (world_.processes() == 0) {
      if (SystemClock().now() > end) return false;
      world_.loop().turn(SystemClock().now() + std::chrono::milliseconds(20));
    }
    return true;
  }

  static bool has_children(const StdioPlace& place) { return !place.vitals->report().pids.empty(); }
  bool is_noticed_soon(const StdioPlace& place) {
    const Instant end = SystemClock().now() + std::chrono::seconds(10);
    while (has_children(place)) {
      if (SystemClock().now() > end) return false;
      world_.loop().turn(SystemClock().now() + std::chrono::milliseconds(20));
    }
    return true;
  }

  // Turns the loop for as long as one more would have needed to come up.
  void settle() {
    const Instant end = SystemClock().now() + std::chrono::milliseconds(300);
    while (SystemClock().now() < end) world_.loop().turn(end);
  }

  StdioWorld world_;
  SpareChildren spares_{world_.loop()};
};

TEST_F(SpareChildrenTest, has_none_that_nobody_asked_for) {
  const auto unwanting = place(0);
  spares_.refill(unwanting);
  EXPECT_FALSE(spares_.take(*unwanting));
}

TEST_F(SpareChildrenTest, starts_as_many_as_are_wanted_and_no_more) {
  const auto wanting = place(2);
  spares_.refill(wanting);
  spares_.refill(wanting);
  ASSERT_TRUE(has_soon(2));
  spares_.refill(wanting);
  settle();
  EXPECT_EQ(world_.processes(), 2U);
  const auto one = spares_.take(*wanting);
  const auto other = spares_.take(*wanting);
  ASSERT_TRUE(one && other);
  EXPECT_NE(one->child->pid(), other->child->pid());
  EXPECT_TRUE(one->child->is_running());
  EXPECT_FALSE(spares_.take(*wanting));
  spares_.refill(wanting);
  EXPECT_TRUE(has_soon(2));
}

TEST_F(SpareChildrenTest, gives_a_child_of_that_server_only) {
  const auto one = place(1);
  const auto other = place(1);
  spares_.refill(one);
  ASSERT_TRUE(has_soon(1));
  EXPECT_FALSE(spares_.take(*other));
  EXPECT_TRUE(spares_.take(*one));
}

TEST_F(SpareChildrenTest, leaves_half_of_the_places_to_those_who_need_them) {
  const auto count = std::make_shared<ChildCount>(2);
  const auto wanting = place(2, count);
  spares_.refill(wanting);
  ASSERT_TRUE(has_soon(1));
  EXPECT_TRUE(ChildCount::take(count));
  EXPECT_FALSE(ChildCount::take_spare(count));
}

TEST_F(SpareChildrenTest, gives_none_that_an_operator_ended) {
  const auto wanting = place(1);
  spares_.refill(wanting);
  ASSERT_TRUE(has_soon(1));
  EXPECT_EQ(wanting->vitals->report().pids.size(), 1U);
  ASSERT_TRUE(is_running_soon());

  EXPECT_EQ(Vitals::end_children(wanting->vitals), 1U);

  // It is gone before the loop hears of it.
  EXPECT_TRUE(world_.is_empty_soon());
  EXPECT_TRUE(is_noticed_soon(*wanting));
  EXPECT_FALSE(spares_.take(*wanting));
}

TEST_F(SpareChildrenTest, ends_what_nobody_took_in_time) {
  EXPECT_EQ(SpareChildren::kept_for, std::chrono::minutes(10));  // as documented
  const auto kept = std::chrono::milliseconds(500);
  SpareChildren spares(world_.loop(), kept, std::chrono::milliseconds(50));
  const auto wanting = place(1);
  const Instant begin = SystemClock().now();
  spares.refill(wanting);
  ASSERT_TRUE(has_soon(spares, 1));
  EXPECT_EQ(world_.log().count("child started"), 1U);

  ASSERT_TRUE(has_soon(spares, 0));
  EXPECT_GE(SystemClock().now() - begin, kept);
  EXPECT_TRUE(world_.is_empty_soon());

  // Later ones, too.
  spares.refill(wanting);
  ASSERT_TRUE(has_soon(spares, 1));
  EXPECT_TRUE(has_soon(spares, 0));
}

TEST_F(SpareChildrenTest, says_what_one_died_of_and_starts_none_for_a_while) {
  SpareChildren spares(world_.loop(), SpareChildren::kept_for, std::chrono::milliseconds(20));
  StdioSettings settings =
      world_.settings(R"({"handshake":false,"steps":[{"stderr":"last words\n"},{"exit":3}]})");
  settings.spares = 1;
  const auto dying = world_.place(std::move(settings));
  const auto soon = [&](auto claim) {
    const Instant end = SystemClock().now() + std::chrono::seconds(20);
    while (!claim() && SystemClock().now() < end) {
      world_.loop().turn(SystemClock().now() + std::chrono::milliseconds(20));
    }
    return claim();
  };
  for (std::size_t deaths = 1; deaths <= Restarts::failures_max; ++deaths) {
    // Whoever opens sessions asks again and again; there is a pause after each death.
    EXPECT_TRUE(soon([&] {
      spares.refill(dying);
      return world_.log().count("spare child ended") == deaths;
    }));
  }
  EXPECT_EQ(world_.log().count("last words"), Restarts::failures_max);
  EXPECT_EQ(world_.log().count("exit code 3"), Restarts::failures_max);
  EXPECT_EQ(dying->vitals->report().last_error, "a spare server ended: exit code 3");
  EXPECT_EQ(dying->vitals->report().state, Vitals::State::failing);

  spares.refill(dying);
  settle();
  EXPECT_EQ(world_.log().count("child started"), Restarts::failures_max);
}

TEST_F(SpareChildrenTest, leaves_nothing_behind) {
  {
    SpareChildren spares(world_.loop());
    const auto wanting = place(1);
    spares.refill(wanting);
    ASSERT_TRUE(has_soon(spares, 1));
    EXPECT_EQ(world_.log().count("child started"), 1U);
  }
  EXPECT_TRUE(world_.is_empty_soon());
}

}  // namespace
}  // namespace upstream

#include "gateway/modern_pool.h"

#include <gtest/gtest.h>

#include "gateway/detail_test_server.h"
#include "net/loop.h"

namespace gateway {
namespace {

using std::chrono::minutes;

class HandClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  WallTime wall() const override { return WallTime(); }
  void pass(Duration time) { now_ += time; }

 private:
  Instant now_{std::chrono::hours(1)};
};

Task<Result<ModernSession::Upstream>> open_now(Heard& heard) {
  co_return std::make_unique<ScriptedSession>(heard);
}

class ModernPoolTest : public testing::Test {
 protected:
  std::unique_ptr<Lease> add(const std::string& key, bool alone, const std::string& owner = "me",
                             std::uint64_t target = 1) {
    EXPECT_TRUE(counts_.reserve(owner));
    auto session = std::make_unique<ModernSession>(loop_, open_now(heard_), true, nullptr);
    net::Home<ModernSession> home(loop_, std::move(session));
    return pool_.add(key,
                     std::make_shared<ModernHandle>(std::move(home), counts_, owner, target,
                                                    std::make_shared<auth::CurrentCredentials>()),
                     alone);
  }
  ParkedCall parked(std::unique_ptr<Lease> lease) {
    return ParkedCall(std::move(lease), 1, clock_.now() + minutes(5));
  }

  net::Loop loop_;
  Heard heard_;
  HandClock clock_;
  SystemRandom random_;
  SessionIds ids_{crypto::SealKey::from_random(random_), random_};
  SessionTable counts_{SessionLimits()};
  ModernPool pool_{counts_, clock_, ModernLimits{2, 3, minutes(5), minutes(5)}};
};

TEST_F(ModernPoolTest, shares_a_session_until_one_wants_it_alone) {
  EXPECT_FALSE(pool_.take("key", false));
  auto first = add("key", false);
  EXPECT_FALSE(pool_.take("other", false));
  EXPECT_FALSE(pool_.take("key", true));
  auto second = pool_.take("key", false);
  ASSERT_TRUE(second);
  EXPECT_EQ(&second->session(), &first->session());
  first.reset();
  second.reset();
  auto alone = pool_.take("key", true);
  ASSERT_TRUE(alone);
  EXPECT_FALSE(pool_.take("key", false));
  EXPECT_FALSE(pool_.take("key", true));
  alone->is_clean();
  alone.reset();
  EXPECT_TRUE(pool_.take("key", false));
  EXPECT_EQ(pool_.size(), 1U);
}

TEST_F(ModernPoolTest, finds_the_session_that_has_a_task) {
  auto first = add("key", true);
  auto second = add("key", true);
  pool_.keep_task("one", *first, clock_.now() + minutes(10));
  pool_.keep_task("two", *second, clock_.now() + minutes(20));
  const ModernHandle* place = &first->session();
  // Also while somebody has it alone, who goes on to.
  auto found = pool_.take_task("one");
  ASSERT_TRUE(found);
  EXPECT_EQ(&found->session(), place);
  found.reset();
  EXPECT_FALSE(pool_.take("key", false));
  EXPECT_FALSE(pool_.take_task("none"));
  // One that is of no use to anybody is gone with its tasks.
  first->is_broken();
  first.reset();
  EXPECT_FALSE(pool_.take_task("one"));
  EXPECT_TRUE(pool_.take_task("two"));
}

TEST_F(ModernPoolTest, keeps_a_session_whose_call_did_not_end_for_its_tasks_only) {
  auto lease = add("key", true);
  pool_.keep_task("task", *lease, clock_.now() + minutes(10));
  lease.reset();
  EXPECT_FALSE(pool_.take("key", true));
  EXPECT_FALSE(pool_.take("key", false));
  auto about = pool_.take_task("task");
  ASSERT_TRUE(about);
  pool_.keep_task("task", *about, clock_.now());
  about.reset();
  EXPECT_TRUE(pool_.take_task("task")) << "it is over, and its result is there";
  clock_.pass(minutes(5));
  EXPECT_TRUE(pool_.take_task("task"));
  EXPECT_FALSE(pool_.take_task("task")) << "the last use was late";
  EXPECT_EQ(pool_.size(), 0U);
  EXPECT_EQ(counts_.size(), 0U);
}

TEST_F(ModernPoolTest, ends_a_session_whose_call_did_not_end_when_its_tasks_are_over) {
  auto lease = add("key", true);
  pool_.keep_task("task", *lease, clock_.now() + minutes(10));
  lease.reset();
  clock_.pass(minutes(9));
  EXPECT_EQ(pool_.end_idle(), 0U);
  EXPECT_EQ(pool_.size(), 1U);
  clock_.pass(minutes(2));
  EXPECT_EQ(pool_.end_idle(), 1U);
  EXPECT_EQ(pool_.size(), 0U);
}

TEST_F(ModernPoolTest, gives_the_session_of_a_task_in_its_scope_only) {
  auto lease = add("one\nkey", false);
  pool_.keep_task("task", *lease, clock_.now() + minutes(10));
  EXPECT_TRUE(pool_.take_task("task", "one\n"));
  EXPECT_FALSE(pool_.take_task("task", "other\n"));
}

TEST_F(ModernPoolTest, keeps_a_session_for_the_sake_of_its_tasks) {
  {
    auto lease = add("key", false);
    pool_.keep_task("long", *lease, clock_.now() + minutes(60));
    pool_.keep_task("short", *lease, clock_.now());
  }
  add("other", false).reset();
  clock_.pass(minutes(6));
  EXPECT_EQ(pool_.end_idle(), 1U);
  EXPECT_EQ(pool_.size(), 1U);
  clock_.pass(minutes(60));
  EXPECT_EQ(pool_.end_idle(), 1U);
  EXPECT_EQ(pool_.size(), 0U);
  EXPECT_FALSE(pool_.take_task("long"));
}

TEST_F(ModernPoolTest, makes_room_where_there_is_no_task_first) {
  {
    auto lease = add("key", false);
    pool_.keep_task("task", *lease, clock_.now() + minutes(60));
  }
  add("other", false).reset();
  EXPECT_TRUE(pool_.drop_idle_of("me"));
  EXPECT_TRUE(pool_.take_task("task"));
  EXPECT_TRUE(pool_.drop_idle_of("me"));
  EXPECT_FALSE(pool_.take_task("task"));
}

TEST_F(ModernPoolTest, does_not_use_a_session_again_whose_call_did_not_end) {
  add("key", true).reset();
  EXPECT_EQ(pool_.size(), 0U);
  EXPECT_EQ(counts_.size(), 0U);
  auto shared = add("key", false);
  shared->is_broken();
  shared.reset();
  EXPECT_EQ(pool_.size(), 0U);
  add("key", false).reset();
  EXPECT_EQ(pool_.size(), 1U) << "of those that are shared others have use";
}

TEST_F(ModernPoolTest, ends_what_nobody_used_for_a_while) {
  auto used = add("used", false);
  add("idle", false).reset();
  clock_.pass(minutes(5));
  EXPECT_EQ(pool_.end_idle(), 0U);
  clock_.pass(minutes(1));
  EXPECT_EQ(pool_.end_idle(), 1U);
  EXPECT_EQ(pool_.size(), 1U);
  EXPECT_EQ(counts_.size(), 1U);
}

TEST_F(ModernPoolTest, ends_what_depends_on_a_target_that_is_gone) {
  add("one", false, "me", 1).reset();
  add("two", false, "me", 2).reset();
  auto parking = parked(add("three", true, "me", 2));
  EXPECT_TRUE(pool_.park(ids_.make(), std::move(parking)).empty());
  pool_.end_orphans({1});
  EXPECT_EQ(pool_.size(), 1U);
  pool_.end_all();
  EXPECT_EQ(counts_.size(), 0U);
}

TEST_F(ModernPoolTest, makes_room_at_the_cost_of_what_the_owner_does_not_use) {
  auto used = add("used", false);
  add("others", false, "you").reset();
  EXPECT_FALSE(pool_.drop_idle_of("me"));
  add("idle", false).reset();
  EXPECT_TRUE(pool_.drop_idle_of("me"));
  EXPECT_EQ(pool_.size(), 2U);
  EXPECT_FALSE(pool_.take_oldest_of("me"));
}

TEST_F(ModernPoolTest, keeps_a_call_once_and_for_its_time) {
  const SessionNumber number = ids_.make();
  EXPECT_TRUE(pool_.park(number, parked(add("key", true))).empty());
  EXPECT_FALSE(pool_.take_parked(ids_.make()));
  EXPECT_TRUE(pool_.take_parked(number));
  EXPECT_FALSE(pool_.take_parked(number));
  EXPECT_EQ(pool_.size(), 0U) << "the call did not come to its end";

  const SessionNumber late = ids_.make();
  EXPECT_TRUE(pool_.park(late, parked(add("key", true))).empty());
  clock_.pass(minutes(5));
  EXPECT_FALSE(pool_.take_parked(late));
}

TEST_F(ModernPoolTest, gives_up_the_oldest_calls_for_new_ones) {
  std::vector<SessionNumber> numbers;
  std::vector<ParkedCall> evicted;
  for (const std::string owner : {"me", "you", "me", "me"}) {
    numbers.push_back(ids_.make());
    for (auto& call : pool_.park(numbers.back(), parked(add("key", true, owner)))) {
      evicted.push_back(std::move(call));
    }
  }
  ASSERT_EQ(evicted.size(), 1U) << "two of one owner";
  EXPECT_FALSE(pool_.take_parked(numbers[0]));
  numbers.push_back(ids_.make());
  EXPECT_EQ(pool_.park(numbers.back(), parked(add("key", true, "they"))).size(), 1U)
      << "three in all";
  EXPECT_FALSE(pool_.take_parked(numbers[1]));
  auto oldest = pool_.take_oldest_of("me");
  ASSERT_TRUE(oldest);
  EXPECT_FALSE(pool_.take_parked(numbers[2]));
  EXPECT_TRUE(pool_.take_parked(numbers[3]));
}

}  // namespace
}  // namespace gateway

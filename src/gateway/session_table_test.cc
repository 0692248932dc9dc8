#include "gateway/session_table.h"

#include <gtest/gtest.h>

#include "gateway/detail_test_server.h"

namespace gateway {
namespace {

constexpr Instant start{std::chrono::hours(1)};

SessionNumber number(std::uint8_t first) {
  SessionNumber::Bytes bytes{};
  bytes[0] = first;
  return SessionNumber(bytes);
}

// A handle to a session whose server is never asked: the table does not look inside.
SessionHome handle(net::Loop& loop, std::size_t children = 0) {
  static Heard nothing;
  return std::make_shared<const SessionHandle>(
      net::Home<McpSession>(
          loop, std::make_unique<McpSession>(loop, std::make_unique<ScriptedSession>(nothing))),
      mcp::latest_legacy, "n", nullptr, children);
}

class SessionTableTest : public testing::Test {
 protected:
  static SessionLimits limits() {
    SessionLimits limits;
    limits.per_owner = 2;
    limits.total = 3;
    limits.children_per_owner = 4;
    limits.idle = std::chrono::minutes(1);
    return limits;
  }
  void put(std::uint8_t first, const std::string& owner, std::uint64_t target = 1) {
    ASSERT_TRUE(table_.reserve(owner));
    table_.insert(number(first), owner, target, handle(loop_), start);
  }

  net::Loop loop_;
  SessionTable table_{limits()};
};

TEST_F(SessionTableTest, finds_what_was_inserted_until_it_is_taken) {
  put(1, "alice");
  EXPECT_NE(table_.find(number(1), 1, start), nullptr);
  EXPECT_EQ(table_.find(number(2), 1, start), nullptr);
  EXPECT_NE(table_.take(number(1)), nullptr);
  EXPECT_EQ(table_.find(number(1), 1, start), nullptr);
  EXPECT_EQ(table_.take(number(1)), nullptr);
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(SessionTableTest, bounds_the_sessions_of_one_owner) {
  put(1, "alice");
  put(2, "alice");
  const auto refused = table_.reserve("alice");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::too_many);
  table_.take(number(1));
  EXPECT_TRUE(table_.reserve("alice"));
}

TEST_F(SessionTableTest, bounds_the_children_of_one_owner) {
  ASSERT_TRUE(table_.reserve("alice", 3));
  table_.insert(number(1), "alice", 1, handle(loop_, 3), start);
  const auto refused = table_.reserve("alice", 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Error(Fault::too_many, "this caller has too many child processes"));
  EXPECT_TRUE(table_.reserve("bob", 4));
  ASSERT_TRUE(table_.reserve("alice", 1));
  table_.release("alice", 1);
  table_.take(number(1));
  EXPECT_TRUE(table_.reserve("alice", 4));
}

TEST_F(SessionTableTest, bounds_all_sessions_together) {
  put(1, "alice");
  put(2, "bob");
  put(3, "carol");
  const auto refused = table_.reserve("dave");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::unavailable);
}

TEST_F(SessionTableTest, gives_a_reservation_back) {
  ASSERT_TRUE(table_.reserve("alice"));
  table_.release("alice");
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(SessionTableTest, ends_what_was_idle_but_not_what_is_held) {
  put(1, "alice");
  put(2, "bob");
  const SessionHome held = table_.find(number(2), 1, start);
  EXPECT_TRUE(table_.take_idle(start + std::chrono::seconds(59)).empty());
  EXPECT_EQ(table_.take_idle(start + std::chrono::minutes(2)).size(), 1U);
  EXPECT_EQ(table_.find(number(1), 1, start), nullptr);
  EXPECT_NE(table_.find(number(2), 1, start), nullptr);
}

TEST_F(SessionTableTest, counts_a_look_up_as_use) {
  put(1, "alice");
  table_.find(number(1), 1, start + std::chrono::seconds(50));
  EXPECT_TRUE(table_.take_idle(start + std::chrono::seconds(100)).empty());
}

TEST_F(SessionTableTest, takes_out_what_depends_on_a_target_that_is_gone) {
  put(1, "alice", 1);
  put(2, "alice", 2);
  EXPECT_EQ(table_.take_orphans({2}).size(), 1U);
  EXPECT_EQ(table_.find(number(1), 1, start), nullptr);
  EXPECT_NE(table_.find(number(2), 2, start), nullptr);
}

TEST_F(SessionTableTest, finds_a_session_only_for_the_target_it_depends_on) {
  put(1, "alice", 1);
  EXPECT_EQ(table_.find(number(1), 2, start), nullptr);
  EXPECT_NE(table_.find(number(1), 1, start), nullptr);
}

class SharedSessionsTest : public SessionTableTest {
 protected:
  SessionHome shared(std::int64_t since) {
    auto home = std::const_pointer_cast<SessionHandle>(handle(loop_));
    home->shared_since = since;
    return home;
  }
  // As a request that brings the session here.
  SessionHome bring(const SessionNumber& which, std::int64_t since, std::uint64_t target = 1) {
    if (!table_.reserve("alice")) return nullptr;
    return table_.adopt(which, "alice", target, shared(since), start);
  }
};

TEST_F(SharedSessionsTest, brings_a_session_here_once) {
  const SessionHome first = bring(number(1), 100);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(bring(number(1), 100), first);
  EXPECT_EQ(table_.size(), 1U);
  EXPECT_EQ(table_.find(number(1), 1, start), first);
}

TEST_F(SharedSessionsTest, brings_a_session_in_place_of_one_of_another_target) {
  const SessionHome first = bring(number(1), 100);
  const SessionHome second = bring(number(1), 100, 2);
  ASSERT_NE(second, nullptr);
  EXPECT_NE(second, first);
  EXPECT_EQ(table_.size(), 1U);
  EXPECT_EQ(first.use_count(), 1);
  EXPECT_EQ(table_.find(number(1), 1, start), nullptr);
  EXPECT_EQ(table_.find(number(1), 2, start), second);
  EXPECT_FALSE(table_.has_ended(number(1), 100));
}

TEST_F(SharedSessionsTest, does_not_bring_back_what_has_ended_here) {
  ASSERT_NE(bring(number(1), 100), nullptr);
  ASSERT_NE(bring(number(2), 100), nullptr);
  table_.take(number(1));
  EXPECT_TRUE(table_.has_ended(number(1), 100));
  EXPECT_EQ(bring(number(1), 100), nullptr);
  EXPECT_EQ(table_.size(), 1U);
  EXPECT_EQ(table_.take_idle(start + std::chrono::minutes(2)).size(), 1U);
  EXPECT_EQ(bring(number(2), 100), nullptr);
  EXPECT_FALSE(table_.has_ended(number(3), 100));
  ASSERT_NE(bring(number(3), 100), nullptr);
  table_.take_orphans({});
  EXPECT_EQ(bring(number(3), 100), nullptr);
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(SharedSessionsTest, remembers_no_end_of_what_stays_in_one_process) {
  put(1, "alice");
  table_.take(number(1));
  EXPECT_FALSE(table_.has_ended(number(1), 100));
}

TEST_F(SharedSessionsTest, takes_for_ended_what_it_cannot_remember) {
  SessionNumber::Bytes bytes{};
  for (std::int64_t since = 1; since <= 5000; ++since) {
    bytes[8] = static_cast<std::uint8_t>(since % 256);
    bytes[9] = static_cast<std::uint8_t>(since / 256);
    ASSERT_NE(bring(SessionNumber(bytes), since), nullptr);
    table_.take(SessionNumber(bytes));
  }
  EXPECT_TRUE(table_.has_ended(SessionNumber(bytes), 5000));
  bytes[10] = 1;  // none of those
  EXPECT_FALSE(table_.has_ended(SessionNumber(bytes), 5000));
  EXPECT_FALSE(table_.has_ended(SessionNumber(bytes), 2000));
  EXPECT_TRUE(table_.has_ended(SessionNumber(bytes), 500));
}

}  // namespace
}  // namespace gateway

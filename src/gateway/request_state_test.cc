#include "gateway/request_state.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

mcp::Message request(const std::string& params, const std::string& method = "tools/call") {
  auto read =
      mcp::read(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}",
                mcp::Sender::client);
  EXPECT_TRUE(read.has_value());
  return std::move(*read);
}

std::string subject(const std::string& params, const std::string& method = "tools/call") {
  return state_subject(request(params, method), mcp::AskCapabilities());
}

class RequestStateTest : public testing::Test {
 protected:
  bool opens(std::string_view state, const Binding& binding, std::string_view what,
             WallTime now = WallTime(std::chrono::seconds(1000))) {
    const auto number = open_state(ids_, state, binding, what, now);
    EXPECT_EQ(number.value_or(number_), number_);
    return number.has_value();
  }

  SystemRandom random_;
  SessionIds ids_{crypto::SealKey::from_random(random_), random_};
  SessionNumber number_ = ids_.make();
  Binding mine_{"me", "route", 1};
  std::string what_ = subject(R"({"name":"a","arguments":{"x":1,"y":2}})");
  std::string state_ =
      seal_state(ids_, number_, mine_, what_, WallTime(std::chrono::seconds(1000)));
};

TEST_F(RequestStateTest, opens_for_the_same_caller_and_request_in_time) {
  EXPECT_TRUE(opens(state_, mine_, what_));
  EXPECT_TRUE(opens(state_, mine_, subject(R"({"arguments":{"y":2,"x":1},"name":"a"})")));
  EXPECT_FALSE(opens(state_, mine_, what_, WallTime(std::chrono::seconds(1001))));
}

TEST_F(RequestStateTest, is_of_no_use_to_others_or_for_other_requests) {
  EXPECT_FALSE(opens(state_, Binding("you", "route", 1), what_));
  EXPECT_FALSE(opens(state_, Binding("me", "other", 1), what_));
  EXPECT_FALSE(opens(state_, Binding("me", "route", 2), what_));
  EXPECT_FALSE(opens(state_, mine_, subject(R"({"name":"b","arguments":{"x":1,"y":2}})")));
  EXPECT_FALSE(opens(state_, mine_, subject(R"({"name":"a","arguments":{"x":1,"y":3}})")));
  EXPECT_FALSE(opens(state_, mine_, subject(R"({"name":"a"})")));
  EXPECT_FALSE(
      opens(state_, mine_, subject(R"({"name":"a","arguments":{"x":1,"y":2}})", "prompts/get")));
}

TEST_F(RequestStateTest, cannot_be_altered_or_made) {
  for (std::size_t at = 0; at < state_.size(); at += 7) {
    std::string altered = state_;
    altered[at] = altered[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(opens(altered, mine_, what_)) << at;
  }
  EXPECT_FALSE(opens("", mine_, what_));
  EXPECT_FALSE(opens(state_.substr(0, state_.size() - 1), mine_, what_));
  EXPECT_FALSE(opens(std::string(2000, 'A'), mine_, what_));
  EXPECT_FALSE(opens(ids_.seal(number_, mine_), mine_, what_)) << "a session id is no state";
  const SessionIds others(crypto::SealKey::from_random(random_), random_);
  EXPECT_FALSE(open_state(others, state_, mine_, what_, WallTime()).has_value());
}

}  // namespace
}  // namespace gateway

#include "gateway/session_id.h"

#include <gtest/gtest.h>

#include "gateway/session_state.h"

namespace gateway {
namespace {

class SessionIdsTest : public testing::Test {
 protected:
  SystemRandom random_;
  SessionIds ids_{crypto::SealKey::from_random(random_), random_};
  Binding alice_{"alice", "route", 1};
};

TEST_F(SessionIdsTest, opens_what_it_sealed_for_the_same_owner) {
  const SessionNumber number = ids_.make();
  const OpenedSession opened = ids_.open(ids_.seal(number, alice_), alice_);
  EXPECT_EQ(opened.kind, OpenedSession::Kind::own);
  EXPECT_EQ(opened.number, number);
}

TEST_F(SessionIdsTest, tells_apart_who_and_what_a_session_is_bound_to) {
  const std::string id = ids_.seal(ids_.make(), alice_);
  EXPECT_EQ(ids_.open(id, Binding("bob", "route", 1)).kind, OpenedSession::Kind::foreign);
  EXPECT_EQ(ids_.open(id, Binding("alice", "other", 1)).kind, OpenedSession::Kind::foreign);
  EXPECT_EQ(ids_.open(id, Binding("alice", "route", 2)).kind, OpenedSession::Kind::foreign);
}

TEST_F(SessionIdsTest, keeps_the_parts_of_a_binding_apart) {
  EXPECT_NE(Binding("ab", "c", 1).text(), Binding("a", "bc", 1).text());
  EXPECT_NE(Binding("a", "1:b", 1).text(), Binding("a1:", "b", 1).text());
}

TEST_F(SessionIdsTest, begins_to_count_elsewhere_each_time) {
  EXPECT_LT(ids_.random_start(), std::uint64_t{1} << 46);
  EXPECT_NE(ids_.random_start(), ids_.random_start());
}

TEST_F(SessionIdsTest, does_not_know_what_it_did_not_make) {
  const SessionIds other(crypto::SealKey::from_random(random_), random_);
  EXPECT_EQ(ids_.open(other.seal(ids_.make(), alice_), alice_).kind, OpenedSession::Kind::unknown);
  EXPECT_EQ(ids_.open("", alice_).kind, OpenedSession::Kind::unknown);
  EXPECT_EQ(ids_.open("00000000-0000-0000-0000-000000000000", alice_).kind,
            OpenedSession::Kind::unknown);
  EXPECT_EQ(ids_.open(std::string(100'000, 'A'), alice_).kind, OpenedSession::Kind::unknown);
}

TEST_F(SessionIdsTest, does_not_open_an_id_with_any_character_changed) {
  const std::string id = ids_.seal(ids_.make(), alice_);
  for (std::size_t i = 0; i < id.size(); ++i) {
    std::string altered = id;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(ids_.open(altered, alice_).kind, OpenedSession::Kind::unknown) << i;
  }
}

TEST_F(SessionIdsTest, writes_visible_characters_only) {
  for (const char c : ids_.seal(ids_.make(), alice_)) {
    EXPECT_GT(c, 0x20);
    EXPECT_LT(c, 0x7f);
  }
}

TEST_F(SessionIdsTest, gives_the_state_to_the_owner_only) {
  const SessionNumber number = ids_.make();
  const std::string state(SessionState::bytes_max, 's');
  const std::string id = ids_.seal(number, alice_, state);
  EXPECT_EQ(ids_.open(id, alice_).number, number);
  EXPECT_EQ(ids_.state_of(id, alice_), state);
  EXPECT_EQ(ids_.state_of(id, Binding("bob", "route", 1)), "");
  EXPECT_EQ(ids_.open(id, Binding("bob", "route", 1)).kind, OpenedSession::Kind::foreign);
  EXPECT_EQ(id.find(state.substr(0, 8)), std::string::npos);
  std::string altered = id;
  altered[id.size() / 2] = altered[id.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(ids_.state_of(altered, alice_), "");
}

TEST_F(SessionIdsTest, does_not_take_the_state_for_a_part_of_the_owner) {
  const std::string id = ids_.seal(ids_.make(), Binding("alice", "rou", 1), "te");
  EXPECT_EQ(ids_.open(id, alice_).kind, OpenedSession::Kind::foreign);
  EXPECT_EQ(ids_.state_of(ids_.seal(ids_.make(), alice_), alice_), "");
}

TEST_F(SessionIdsTest, opens_nothing_that_was_sealed_for_another_purpose) {
  const std::string text(200, 'x');
  EXPECT_EQ(ids_.open(ids_.seal_text(text, "agentgateway session 1"), alice_).kind,
            OpenedSession::Kind::unknown);
  EXPECT_EQ(ids_.state_of(ids_.seal_text(text, "another purpose"), alice_), "");
}

TEST_F(SessionIdsTest, is_shared_with_nobody_unless_told_for_how_long) {
  EXPECT_FALSE(ids_.are_portable());
  const SessionIds shared(crypto::SealKey::from_random(random_), random_, std::chrono::hours(1));
  EXPECT_TRUE(shared.are_portable());
}

class OpenedIdsTest : public SessionIdsTest {
 protected:
  OpenedIds opened_;
};

TEST_F(OpenedIdsTest, says_again_what_opening_said) {
  const SessionNumber number = ids_.make();
  const std::string id = ids_.seal(number, alice_);
  for (int i = 0; i < 3; ++i) {
    const OpenedSession opened = opened_.open(ids_, id, alice_);
    EXPECT_EQ(opened.kind, OpenedSession::Kind::own);
    EXPECT_EQ(opened.number, number);
  }
}

TEST_F(OpenedIdsTest, says_nothing_of_what_one_caller_opened_to_another) {
  const std::string id = ids_.seal(ids_.make(), alice_);
  for (const Binding& other :
       {Binding("bob", "route", 1), Binding("alice", "other", 1), Binding("alice", "route", 2)}) {
    EXPECT_EQ(opened_.open(ids_, id, alice_).kind, OpenedSession::Kind::own);
    EXPECT_EQ(opened_.open(ids_, id, other).kind, OpenedSession::Kind::foreign);
  }
}

TEST_F(OpenedIdsTest, knows_no_id_that_only_resembles_one) {
  const std::string id = ids_.seal(ids_.make(), alice_);
  EXPECT_EQ(opened_.open(ids_, id, alice_).kind, OpenedSession::Kind::own);
  // The last characters choose the place, so these are compared with the id that was kept.
  std::string altered = id;
  altered[0] = altered[0] == 'A' ? 'B' : 'A';
  EXPECT_EQ(opened_.open(ids_, altered, alice_).kind, OpenedSession::Kind::unknown);
  EXPECT_EQ(opened_.open(ids_, id.substr(1), alice_).kind, OpenedSession::Kind::unknown);
  EXPECT_EQ(opened_.open(ids_, "", alice_).kind, OpenedSession::Kind::unknown);
}

}  // namespace
}  // namespace gateway

#include "gateway/sse_link.h"

#include <gtest/gtest.h>

#include "gateway/detail_test_server.h"

namespace gateway {
namespace {

class SseLinkTest : public testing::Test {
 protected:
  std::optional<std::string> next() {
    auto item = run_on(scheduler_, link_.next());
    return item ? std::optional(std::move(item->text)) : std::nullopt;
  }
  bool say(std::string text) { return run_on(scheduler_, link_.say(std::move(text))).has_value(); }

  ManualScheduler scheduler_;
  SseLink link_;
};

TEST_F(SseLinkTest, gives_what_was_said_in_its_order) {
  EXPECT_TRUE(say("a"));
  EXPECT_TRUE(say("b"));
  EXPECT_EQ(next(), "a");
  EXPECT_EQ(next(), "b");
}

TEST_F(SseLinkTest, waits_for_something_to_be_said) {
  auto waiting = begin_on(scheduler_, link_.next());
  EXPECT_FALSE(waiting.is_done());
  EXPECT_TRUE(say("late"));
  scheduler_.run();
  ASSERT_TRUE(waiting.is_done());
  EXPECT_EQ(waiting.take()->text, "late");
}

TEST_F(SseLinkTest, makes_speakers_wait_for_a_client_that_does_not_read) {
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(say("text"));
  auto waiting = begin_on(scheduler_, link_.say("one more"));
  EXPECT_FALSE(waiting.is_done());
  EXPECT_EQ(next(), "text");
  scheduler_.run();
  ASSERT_TRUE(waiting.is_done());
  EXPECT_TRUE(waiting.take());
}

TEST_F(SseLinkTest, bounds_what_waits_by_its_size_too) {
  ASSERT_TRUE(say(std::string(std::size_t{2} << 20, 'x')));
  auto waiting = begin_on(scheduler_, link_.say("one more"));
  EXPECT_FALSE(waiting.is_done());
  link_.end();
  scheduler_.run();
  ASSERT_TRUE(waiting.is_done());
  EXPECT_EQ(waiting.take().error().fault(), Fault::not_found);
}

TEST_F(SseLinkTest, closes_when_nothing_is_in_flight) {
  ASSERT_TRUE(run_on(scheduler_, link_.begin()));
  run_on(scheduler_, link_.close());
  EXPECT_EQ(run_on(scheduler_, link_.begin()).error().fault(), Fault::not_found);
  auto waiting = begin_on(scheduler_, link_.next());
  EXPECT_FALSE(waiting.is_done());
  EXPECT_TRUE(say("the answer"));
  run_on(scheduler_, link_.finish());
  ASSERT_TRUE(waiting.is_done());
  EXPECT_EQ(waiting.take()->text, "the answer");
  EXPECT_EQ(next(), std::nullopt);
}

TEST_F(SseLinkTest, bounds_what_is_in_flight) {
  for (int i = 0; i < 256; ++i) ASSERT_TRUE(run_on(scheduler_, link_.begin()));
  EXPECT_EQ(run_on(scheduler_, link_.begin()).error().fault(), Fault::too_many);
  run_on(scheduler_, link_.finish());
  EXPECT_TRUE(run_on(scheduler_, link_.begin()));
}

TEST_F(SseLinkTest, tells_when_it_is_over) {
  auto waiting = begin_on(scheduler_, link_.until_over());
  EXPECT_FALSE(waiting.is_done());
  link_.end();
  scheduler_.run();
  EXPECT_TRUE(waiting.is_done());
  EXPECT_FALSE(say("too late"));
}

TEST(SseDoors, lets_one_session_be_opened_for_a_stream) {
  SseDoors doors;
  const SessionNumber number{SessionNumber::Bytes{1}};
  EXPECT_FALSE(doors.claim(number));
  doors.insert(number, 1, nullptr);
  EXPECT_TRUE(doors.claim(number));
  EXPECT_FALSE(doors.claim(number));
  doors.unclaim(number);
  EXPECT_TRUE(doors.claim(number));
}

TEST(SseDoors, finds_streams_whose_target_is_gone) {
  SseDoors doors;
  doors.insert(SessionNumber{SessionNumber::Bytes{1}}, 7, nullptr);
  const SessionNumber other{SessionNumber::Bytes{2}};
  doors.insert(other, 8, nullptr);
  EXPECT_TRUE(doors.orphans({7, 8}).empty());
  EXPECT_EQ(doors.orphans({7}).size(), 1U);
  doors.remove(other);
  EXPECT_TRUE(doors.orphans({7}).empty());
}

TEST(SseDoors, keeps_no_session_of_a_stream_that_is_over) {
  SseDoors doors;
  const SessionNumber number{SessionNumber::Bytes{1}};
  doors.insert(number, 1, nullptr);
  EXPECT_TRUE(doors.claim(number));
  EXPECT_FALSE(doors.remove(number));
  bool is_inserted = false;
  EXPECT_FALSE(doors.keep(number, [&] { is_inserted = true; }));
  EXPECT_FALSE(is_inserted);
  doors.insert(number, 1, nullptr);
  EXPECT_TRUE(doors.keep(number, [&] { return is_inserted = true; }));
  EXPECT_TRUE(is_inserted);
  EXPECT_TRUE(doors.remove(number));
}

}  // namespace
}  // namespace gateway

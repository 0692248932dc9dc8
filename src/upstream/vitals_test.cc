#include "upstream/vitals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/attended.h"
#include "upstream/demo.h"
#include "upstream/detail_http_answer.h"
#include "upstream/detail_stdio_session.h"
#include "upstream/detail_stdio_world.h"

namespace upstream {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

constexpr const char* serving = R"([{"serve":1}])";

class VitalsTest : public testing::Test {
 protected:
  void serve(const std::string& script) {
    StdioSettings settings = world_.settings(script);
    target_ = attended(world_.target(std::move(settings), vitals_), vitals_);
  }
  std::unique_ptr<Session> open() {
    auto session = world_.open(*target_);
    EXPECT_TRUE(session) << session.error().why();
    return session ? std::move(*session) : nullptr;
  }
  Vitals::State state() const { return vitals_->report().state; }

  StdioWorld world_;
  std::shared_ptr<Vitals> vitals_ = std::make_shared<Vitals>();
  std::unique_ptr<Target> target_;
};

// A server that opens no session.
class Closed final : public Target {
 public:
  explicit Closed(Error why) : why_(std::move(why)) {}
  const mcp::TargetName& name() const override { return name_; }
  using Target::open;
  Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site>, json::Value, Deadline,
      std::shared_ptr<const auth::CurrentCredentials>) override {
    co_return tl::unexpected<Error>(why_);
  }

 private:
  const mcp::TargetName name_{"closed"};
  const Error why_;
};

TEST_F(VitalsTest, do_not_hold_it_against_a_server_that_it_refuses_a_caller) {
  for (const int status : {500, 401, 403, 404}) {
    const auto closed = std::make_shared<Vitals>();
    const auto target = attended(std::make_unique<Closed>(Refusal(status, "no").error()), closed);
    EXPECT_FALSE(world_.open(*target));
    const bool is_callers = status == 401 || status == 403;
    EXPECT_EQ(closed->report().state, is_callers ? Vitals::State::idle : Vitals::State::failing);
    EXPECT_THAT(closed->report().last_error, HasSubstr(std::to_string(status)));
  }
}

TEST_F(VitalsTest, count_sessions_and_children_as_long_as_they_are) {
  serve(serving);
  EXPECT_EQ(state(), Vitals::State::idle);
  const std::uint64_t before = vitals_->version();

  auto first = open();
  auto second = open();

  EXPECT_EQ(state(), Vitals::State::up);
  EXPECT_EQ(vitals_->report().sessions, 2U);
  EXPECT_THAT(vitals_->report().pids, SizeIs(2));
  EXPECT_GT(vitals_->version(), before);
  first.reset();
  second.reset();
  EXPECT_EQ(state(), Vitals::State::idle);
  EXPECT_THAT(vitals_->report().pids, SizeIs(0));
  EXPECT_EQ(vitals_->report().last_error, "");
}

TEST_F(VitalsTest, tell_of_a_crash_until_the_server_is_back) {
  serve(serving);
  const auto session = open();

  EXPECT_THAT(world_.ask(*session, "die"), StartsWith("upstream_failed"));

  EXPECT_EQ(state(), Vitals::State::failing);
  EXPECT_THAT(vitals_->report().last_error, HasSubstr("signal 9"));
  EXPECT_EQ(vitals_->report().restarts, 0U);
  (void)world_.ask(*session, "opened");
  EXPECT_EQ(state(), Vitals::State::up);
  EXPECT_EQ(vitals_->report().restarts, 1U);
  EXPECT_THAT(vitals_->report().last_error, HasSubstr("signal 9"));
}

TEST_F(VitalsTest, tell_of_a_server_that_cannot_be_started) {
  StdioSettings settings = world_.settings(serving);
  settings.command = "no-such-command-anywhere";
  target_ = attended(world_.target(std::move(settings), vitals_), vitals_);

  EXPECT_FALSE(world_.open(*target_));

  EXPECT_EQ(state(), Vitals::State::failing);
  EXPECT_EQ(vitals_->report().sessions, 0U);
  EXPECT_THAT(vitals_->report().last_error, HasSubstr("no-such-command-anywhere"));
}

TEST_F(VitalsTest, an_operator_ends_the_children_and_sessions_go_on_at_once) {
  serve(serving);
  const auto session = open();
  const int first = vitals_->report().pids.at(0);
  const auto waiting = world_.start(*session, "hang");

  EXPECT_TRUE(target_->restart());

  const auto failed_call = world_.run(waiting->next());
  ASSERT_FALSE(failed_call);
  EXPECT_THAT(failed_call.error().why(), HasSubstr("restart asked for"));
  for (int i = 0; i < 6; ++i) {
    // As often as one likes: this is no failure, so there is no back-off and no breaker.
    EXPECT_THAT(world_.ask(*session, "opened"), HasSubstr("sampling"));
    EXPECT_EQ(state(), Vitals::State::up);
    EXPECT_TRUE(target_->restart());
    const Instant end = SystemClock().now() + std::chrono::seconds(20);
    while (!vitals_->report().pids.empty() && SystemClock().now() < end) world_.loop().turn(end);
  }
  EXPECT_THAT(world_.ask(*session, "opened"), HasSubstr("sampling"));
  EXPECT_NE(vitals_->report().pids.at(0), first);
  EXPECT_EQ(vitals_->report().restarts, 7U);
  EXPECT_EQ(vitals_->report().last_error, "");
  EXPECT_TRUE(world_.is_empty_soon(1));
}

TEST_F(VitalsTest, a_server_that_is_not_a_child_cannot_be_restarted) {
  target_ = attended(make_demo_target(mcp::TargetName("demo")), vitals_);

  EXPECT_FALSE(target_->restart());
}

TEST(Vitals, keep_the_newest_lines_and_count_the_others) {
  Vitals vitals;
  for (std::size_t i = 0; i < Vitals::lines_max + 3; ++i) {
    vitals.keep_line(WallTime(), 7, std::to_string(i));
  }
  vitals.count_lost_line();

  EXPECT_THAT(vitals.tail().lines, SizeIs(Vitals::lines_max));
  EXPECT_EQ(vitals.tail().lines.front().text, "3");
  EXPECT_EQ(vitals.tail().dropped, 4U);
  vitals.keep_line(WallTime(), 7, std::string(Vitals::bytes_max - 10, 'x'));
  EXPECT_LE(vitals.tail().lines.size(), 5U);
  EXPECT_EQ(vitals.tail().lines.back().pid, 7);
}

}  // namespace
}  // namespace upstream

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/task_group.h"
#include "upstream/detail_modern_stdio.h"
#include "upstream/detail_stdio_world.h"

namespace upstream {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

// A server that answers server/discover as said and then serves.
std::string script(const std::string& discover) {
  return R"({"discover":")" + discover + R"(","steps":[{"serve":1}]})";
}

class StdioOpen : public testing::Test {
 protected:
  std::unique_ptr<Target> target(const std::string& discover,
                                 std::optional<mcp::Era> era = std::nullopt) {
    StdioSettings settings = world_.settings(script(discover));
    settings.era = era;
    return world_.target(std::move(settings));
  }
  std::unique_ptr<Session> open(Target& target) {
    auto session = world_.open(target);
    EXPECT_TRUE(session) << session.error().why();
    return session ? std::move(*session) : nullptr;
  }

  StdioWorld world_;
};

bool is_modern(const Session& session) {
  return dynamic_cast<const StdioSession*>(&session) == nullptr;
}

// How often a child was started for the first session and for two, by what the server answers.
TEST_F(StdioOpen, finds_out_the_era_from_whatever_a_server_answers) {
  class Case {
   public:
    std::string discover;
    bool is_modern;
    std::size_t started;
  };
  const std::vector<Case> cases = {
      {"modern", true, 1}, {"legacy", false, 1}, {"error", false, 1},  {"silent", false, 1},
      {"late", false, 1},  {"die", false, 2},    {"poison", false, 2},
  };
  for (const Case& one : cases) {
    StdioWorld world;
    StdioSettings settings = world.settings(script(one.discover));
    settings.era.reset();
    settings.handshake = std::chrono::seconds(20);
    if (one.discover == "silent" || one.discover == "late") settings.probe = milliseconds(300);
    const auto target = world.target(std::move(settings));
    const auto first = world.open(*target);
    ASSERT_TRUE(first) << one.discover << ": " << first.error().why();
    EXPECT_EQ(is_modern(**first), one.is_modern) << one.discover;
    EXPECT_EQ(world.log().count("child started"), one.started) << one.discover;
    EXPECT_THAT(world.ask(**first, "tools/list"), HasSubstr("tools")) << one.discover;
    const auto second = world.open(*target);
    ASSERT_TRUE(second) << one.discover;
    EXPECT_EQ(world.log().count("child started"), one.started + 1) << one.discover;
    EXPECT_EQ(world.log().count("era found"), 1u);
    EXPECT_THAT(world.ask(**second, "tools/list"), HasSubstr("tools")) << one.discover;
  }
}

TEST_F(StdioOpen, does_what_it_is_told) {
  const auto legacy = target("die", mcp::Era::legacy);
  EXPECT_TRUE(open(*legacy));
  EXPECT_EQ(world_.log().count("child started"), 1u);
  const auto modern = target("error", mcp::Era::modern);
  const auto refused = world_.open(*modern);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().why(), HasSubstr("does not speak 2026-07-28"));
}

TEST_F(StdioOpen, gives_progress_and_log_messages_to_their_call) {
  const auto modern = target("modern");
  const auto session = open(*modern);
  const auto call = world_.start(*session, "work", R"({"_meta":{"progressToken":"mine"}})");
  const auto progress = world_.run(call->next());
  const auto log = world_.run(call->next());
  const auto result = world_.run(call->next());
  ASSERT_TRUE(progress && log && result);
  EXPECT_THAT(progress->text(), HasSubstr(R"("progressToken":"mine")"));
  EXPECT_EQ(log->method(), "notifications/message");
  EXPECT_EQ(result->kind(), Event::Kind::result);
}

TEST_F(StdioOpen, asks_the_client_what_the_server_requires) {
  const auto modern = target("modern");
  const auto session = open(*modern);
  const auto call = world_.start(*session, "tools/call", R"({"name":"require"})");
  const auto question = world_.run(call->next());
  ASSERT_TRUE(question) << question.error().why();
  ASSERT_EQ(question->kind(), Event::Kind::question);
  EXPECT_EQ(question->method(), "roots/list");
  const auto answer =
      mcp::read(R"({"jsonrpc":"2.0","id":1,"result":{"roots":[]}})", mcp::Sender::client);
  ASSERT_TRUE(world_.run(session->answer(question->question(), *answer)));
  const auto result = world_.run(call->next());
  ASSERT_TRUE(result) << result.error().why();
  EXPECT_THAT(std::string(result->message().text()), HasSubstr(R"(\"roots\": [])"));
}

TEST_F(StdioOpen, tells_the_server_of_a_cancellation) {
  const auto modern = target("modern");
  const auto session = open(*modern);
  auto call = world_.start(*session, "hang");
  call.reset();
  EXPECT_THAT(world_.ask(*session, "notes"), HasSubstr("notifications/cancelled"));
}

TEST_F(StdioOpen, listens_for_what_the_client_subscribes_to) {
  const auto modern = target("modern");
  const auto session = open(*modern);
  EXPECT_EQ(world_.ask(*session, "resources/subscribe", R"({"uri":"a://b"})"), "{}");
  const auto told = world_.run(session->next_unsolicited());
  ASSERT_TRUE(told) << told.error().why();
  EXPECT_EQ(
      told->text(),
      R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a://b"}})");
}

TEST_F(StdioOpen, starts_a_modern_server_that_died_again_without_a_word) {
  const auto modern = target("modern");
  const auto session = open(*modern);
  EXPECT_THAT(world_.ask(*session, "die"), StartsWith("upstream_failed"));
  EXPECT_THAT(world_.ask(*session, "tools/list"), HasSubstr("tools"));
  EXPECT_EQ(world_.log().count("child started"), 2u);
}

// Whoever hears "not found" takes the session for one that is over.
TEST_F(StdioOpen, says_that_a_server_that_cannot_be_started_is_not_available) {
  for (const auto era : {std::optional<mcp::Era>(), std::optional(mcp::Era::legacy),
                         std::optional(mcp::Era::modern)}) {
    for (const char* const command : {"no-such-command-here", "/etc/passwd"}) {
      StdioSettings settings = world_.settings(script("modern"));
      settings.era = era;
      settings.command = command;
      const auto target = world_.target(settings);
      const auto session = world_.open(*target);
      ASSERT_FALSE(session);
      EXPECT_EQ(session.error().fault(), Fault::unavailable) << session.error().why();
      EXPECT_THAT(session.error().why(), HasSubstr(command));
    }
    StdioSettings settings = world_.settings(script("modern"));
    settings.era = era;
    settings.directory = "/no/such/folder";
    const auto target = world_.target(settings);
    const auto session = world_.open(*target);
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().fault(), Fault::unavailable) << session.error().why();
  }
}

TEST_F(StdioOpen, goes_on_when_a_program_that_had_vanished_is_back) {
  namespace fs = std::filesystem;
  const fs::path program = fs::path(testing::TempDir()) / ("server-" + std::to_string(getpid()));
  const fs::path away = program.string() + "-away";
  const fs::path shell = "/bin/sh";
  for (const mcp::Era era : {mcp::Era::modern, mcp::Era::legacy}) {
    StdioWorld world;
    fs::remove(program);
    fs::create_symlink(shell, program);
    StdioSettings settings = world.settings(script(era == mcp::Era::modern ? "modern" : "error"));
    settings.era = era;
    settings.command = program;
    settings.arguments.insert(settings.arguments.begin(), {"-c", R"(exec python3 "$0" "$@")"});
    const auto target = world.target(std::move(settings));
    const auto session = world.open(*target);
    ASSERT_TRUE(session) << session.error().why();
    EXPECT_THAT(world.ask(**session, "die"), StartsWith("upstream_failed"));

    fs::rename(program, away);
    EXPECT_THAT(world.ask(**session, "tools/list"), StartsWith("unavailable: "));
    EXPECT_EQ(world.log().count("child restart failed"), 1U);

    fs::rename(away, program);
    EXPECT_THAT(world.ask(**session, "tools/list"), HasSubstr("tools"));
    fs::remove(program);
  }
}

TEST_F(StdioOpen, gives_a_silent_server_one_time_for_all_that_it_is_asked) {
  StdioSettings settings = world_.settings(R"({"handshake":false,"steps":[{"sleep_ms":60000}]})");
  settings.era.reset();
  settings.handshake = milliseconds(4000);
  const auto target = world_.target(std::move(settings));
  const Instant begin = SystemClock().now();
  const auto session = world_.open(*target);
  const Duration taken = SystemClock().now() - begin;
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().fault(), Fault::timed_out);
  EXPECT_GE(taken, milliseconds(4000));
  EXPECT_LT(taken, milliseconds(5000));  // with a time of its own for the first question
}

Task<> listen(Session& session, std::vector<std::string>& heard) {
  for (;;) {
    auto event = co_await session.next_unsolicited();
    if (!event) break;
    heard.push_back(event->text());
  }
}

TEST_F(StdioOpen, ends_a_modern_child_that_has_nothing_to_do) {
  for (const char* const discover : {"modern", "telling"}) {
    StdioWorld world;
    StdioSettings settings = world.settings(script(discover));
    settings.era = mcp::Era::modern;
    settings.idle = milliseconds(300);
    const auto target = world.target(std::move(settings));
    const auto session = world.open(*target).value();
    // A client that listens to what may change in lists keeps no child alive, nor starts one.
    std::vector<std::string> heard;
    TaskGroup tasks(world.loop());
    tasks.spawn(listen(*session, heard));
    EXPECT_THAT(world.ask(*session, "tools/list"), HasSubstr("tools"));
    EXPECT_TRUE(world.is_empty_soon());
    EXPECT_EQ(world.log().count("idle child ended"), 1U);
    // Longer than until a listener that ended is tried again.
    const Instant end = SystemClock().now() + milliseconds(1500);
    while (SystemClock().now() < end) world.loop().turn(end);
    EXPECT_EQ(world.log().count("child started"), 1U);

    EXPECT_THAT(world.ask(*session, "tools/list"), HasSubstr("tools"));
    EXPECT_EQ(world.log().count("child started"), 2U);
    EXPECT_TRUE(world.is_empty_soon());
    EXPECT_EQ(world.log().count("idle child ended"), 2U);
  }
}

TEST_F(StdioOpen, keeps_a_modern_child_that_has_something_to_do) {
  StdioSettings settings = world_.settings(script("modern"));
  settings.era = mcp::Era::modern;
  settings.idle = milliseconds(200);
  const auto target = world_.target(std::move(settings));
  const auto asked = world_.open(*target).value();
  const auto subscribed = world_.open(*target).value();
  const auto call = world_.start(*asked, "hang");
  (void)world_.ask(*subscribed, "resources/subscribe", R"({"uri":"demo://a"})");
  const auto idle = world_.open(*target).value();
  EXPECT_TRUE(world_.is_empty_soon(2));
  EXPECT_EQ(world_.processes(), 2U);
}

// What else a server may die of when it is asked what it is, another session has to know nothing
// of; and none gets an initialize that the server does not know.
TEST_F(StdioOpen, does_not_take_a_modern_server_that_died_for_another) {
  namespace fs = std::filesystem;
  const fs::path flag = fs::path(testing::TempDir()) / ("dies-" + std::to_string(getpid()));
  fs::remove(flag);
  StdioSettings settings = world_.settings(script("modern"));
  settings.era.reset();
  settings.command = "sh";
  settings.arguments.insert(
      settings.arguments.begin(),
      {"-c", R"(f=$0; test -e "$f" && read -r line && exit 3; exec python3 "$@")", flag.string()});
  const auto target = world_.target(std::move(settings));
  ASSERT_TRUE(open(*target));

  std::ofstream(flag) << "now";
  const auto died = world_.open(*target);
  ASSERT_FALSE(died);
  EXPECT_EQ(died.error().fault(), Fault::upstream_failed) << died.error().why();
  EXPECT_THAT(died.error().why(), HasSubstr("exit code 3"));
  EXPECT_EQ(world_.log().count("child started"), 2U);

  fs::remove(flag);
  const auto again = open(*target);
  ASSERT_TRUE(again);
  EXPECT_TRUE(is_modern(*again));
}

TEST_F(StdioOpen, leaves_no_child_behind) {
  for (const char* const discover : {"modern", "error", "poison"}) {
    StdioWorld world;
    StdioSettings settings = world.settings(script(discover));
    settings.era.reset();
    {
      const auto target = world.target(std::move(settings));
      EXPECT_TRUE(world.open(*target)) << discover;
    }
    EXPECT_TRUE(world.is_empty_soon()) << discover;
  }
}

}  // namespace
}  // namespace upstream

#include "upstream/stdio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_stdio_session.h"
#include "upstream/detail_stdio_world.h"

namespace upstream {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* serving = R"([{"serve":1}])";

class Stdio : public testing::Test {
 protected:
  StdioWorld world_;
};

int pid_of(const Session& session) {
  return dynamic_cast<const StdioSession&>(session).pid();
}

TEST_F(Stdio, opens_a_session_with_the_clients_own_capabilities) {
  const auto session = world_.open(serving);
  ASSERT_TRUE(session);

  EXPECT_EQ(session->revision(), mcp::Revision::v2025_11_25);
  EXPECT_EQ(session->initialized().result()->find("serverInfo")->find_string("name"), "script");
  EXPECT_EQ(
      json::Document::parse(world_.ask(*session, "opened"))->root().find("capabilities")->size(),
      3U);
  EXPECT_THAT(world_.ask(*session, "opened"), Not(HasSubstr("tasks")));
}

TEST_F(Stdio, passes_requests_and_answers_on) {
  const auto session = world_.open(serving);

  EXPECT_EQ(world_.ask(*session, "tools/call", "{\"name\":\"a\",\n\"n\":18446744073709551615}"),
            R"({"method": "tools/call", "params": {"name": "a", "n": 18446744073709551615}})");
}

TEST_F(Stdio, gives_progress_and_logs_to_their_call) {
  const auto session = world_.open(serving);
  const auto call = world_.start(*session, "work", R"({"_meta":{"progressToken":"mine"}})");

  const auto progress = world_.run(call->next());
  const auto log = world_.run(call->next());
  const auto result = world_.run(call->next());

  ASSERT_TRUE(progress && log && result);
  EXPECT_EQ(progress->kind(), Event::Kind::progress);
  EXPECT_THAT(progress->text(), HasSubstr(R"("progressToken":"mine")"));
  EXPECT_EQ(log->method(), "notifications/message");
  EXPECT_EQ(result->kind(), Event::Kind::result);
}

TEST_F(Stdio, passes_questions_and_their_answers_on) {
  const auto session = world_.open(serving);
  const auto call = world_.start(*session, "ask");

  const auto question = world_.run(call->next());
  ASSERT_TRUE(question);
  ASSERT_EQ(question->kind(), Event::Kind::question);
  const auto response =
      mcp::read(R"({"jsonrpc":"2.0","id":9,"result":{"roots":[]}})", mcp::Sender::client);
  EXPECT_TRUE(world_.run(session->answer(question->question(), *response)));
  EXPECT_FALSE(world_.run(session->answer(question->question(), *response)));

  const auto result = world_.run(call->next());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->message().result()->find("answer")->find_string("id"), "q-1");
}

TEST_F(Stdio, tells_the_child_about_cancelled_calls_and_notifications) {
  const auto session = world_.open(serving);
  auto hanging = world_.start(*session, "hang");
  const auto listening = world_.start(*session, "messages", R"({"count":2})");

  hanging.reset();
  EXPECT_TRUE(world_.run(session->notify("notifications/initialized", json::Value())));
  EXPECT_TRUE(world_.run(session->notify("notifications/roots/list_changed", json::Value())));

  const auto heard = world_.run(listening->next());
  ASSERT_TRUE(heard);
  const std::string text(heard->message().result()->raw());
  EXPECT_THAT(text, HasSubstr("notifications/cancelled"));
  EXPECT_THAT(text, HasSubstr("notifications/roots/list_changed"));
}

TEST_F(Stdio, fails_every_call_at_once_when_the_child_dies) {
  const auto session = world_.open(serving);
  std::vector<std::unique_ptr<Conversation>> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(world_.start(*session, "hang"));
  calls.push_back(world_.start(*session, "die"));

  const Instant begin = SystemClock().now();
  for (const auto& call : calls) {
    const auto event = world_.run(call->next());
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error().fault(), Fault::upstream_failed);
    EXPECT_THAT(event.error().why(), HasSubstr("signal 9"));
  }
  // The bound is 100 ms after the child's end; what a busy machine adds is not the point here.
  EXPECT_LT(SystemClock().now() - begin, std::chrono::seconds(5));
  EXPECT_THAT(world_.log().text(), HasSubstr("child ended"));
}

TEST_F(Stdio, starts_a_dead_child_again_for_the_next_call) {
  const auto session = world_.open(serving);
  const int first = pid_of(*session);
  EXPECT_THAT(world_.ask(*session, "die"), StartsWith("upstream_failed"));

  EXPECT_THAT(world_.ask(*session, "opened"), HasSubstr("sampling"));

  EXPECT_NE(pid_of(*session), first);
  EXPECT_THAT(world_.log().text(), HasSubstr("child restarted"));
}

Task<Result<Event>> ask_again_at_once(Session& session) {
  const Deadline deadline = Deadline::in(SystemClock().now(), std::chrono::seconds(20));
  [[maybe_unused]] auto failed = co_await ask(session, "die", "{}", deadline);
  EXPECT_FALSE(session.start_now(mcp::Call("opened", json::Value(), deadline)));
  co_return co_await ask(session, "opened", "{}", deadline);
}

TEST_F(Stdio, starts_it_again_also_for_a_call_that_follows_the_failure_at_once) {
  const auto session = world_.open(serving);

  const auto answer = world_.run(ask_again_at_once(*session));

  ASSERT_TRUE(answer) << answer.error().why();
  EXPECT_EQ(answer->kind(), Event::Kind::result);
  EXPECT_EQ(world_.log().count("child restarted"), 1U);
}

TEST_F(Stdio, tells_a_new_child_the_log_level_and_the_subscriptions) {
  const auto session = world_.open(serving);
  (void)world_.ask(*session, "logging/setLevel", R"({"level":"error"})");
  (void)world_.ask(*session, "resources/subscribe", R"({"uri":"demo://a"})");
  (void)world_.ask(*session, "resources/subscribe", R"({"uri":"demo://b"})");
  (void)world_.ask(*session, "resources/unsubscribe", R"({"uri":"demo://b"})");
  EXPECT_THAT(world_.ask(*session, "die"), StartsWith("upstream_failed"));

  EXPECT_EQ(world_.ask(*session, "history"),
            R"({"methods": ["logging/setLevel", "resources/subscribe", "history"]})");
}

TEST_F(Stdio, ends_a_child_that_has_nothing_to_do_and_starts_it_for_the_next_call) {
  StdioSettings settings = world_.settings(serving);
  settings.idle = milliseconds(200);
  const auto target = world_.target(std::move(settings));
  const auto session = world_.open(*target).value();
  const int first = pid_of(*session);
  (void)world_.ask(*session, "logging/setLevel", R"({"level":"error"})");
  EXPECT_TRUE(world_.is_empty_soon());
  EXPECT_EQ(world_.log().count("idle child ended"), 1U);

  EXPECT_EQ(world_.ask(*session, "history"), R"({"methods": ["logging/setLevel", "history"]})");
  EXPECT_NE(pid_of(*session), first);
  EXPECT_TRUE(world_.is_empty_soon());
}

TEST_F(Stdio, keeps_a_child_that_has_something_to_do) {
  StdioSettings settings = world_.settings(serving);
  settings.idle = milliseconds(100);
  const auto target = world_.target(std::move(settings));
  const auto asked = world_.open(*target).value();
  const auto subscribed = world_.open(*target).value();
  const auto call = world_.start(*asked, "hang");
  (void)world_.ask(*subscribed, "resources/subscribe", R"({"uri":"demo://a"})");
  const auto idle = world_.open(*target).value();
  EXPECT_TRUE(world_.is_empty_soon(2));
  EXPECT_EQ(world_.processes(), 2U);
}

TEST_F(Stdio, keeps_a_child_as_long_as_its_client_has_a_task_there) {
  StdioSettings settings = world_.settings(serving);
  settings.idle = milliseconds(100);
  const auto target = world_.target(std::move(settings));
  const auto make = [&](Session& session, const std::string& task) {
    const auto params = json::Document::parse(R"({"name":"x","task":)" + task + "}");
    mcp::Call call("tools/call", params->root(), Deadline::never());
    call.keep_task();
    const auto making = world_.run(session.start(std::move(call)));
    return std::string(world_.run((*making)->next())->message().result()->raw());
  };
  const auto lasting = world_.open(*target).value();
  const auto boundless = world_.open(*target).value();
  const auto brief = world_.open(*target).value();
  EXPECT_THAT(make(*lasting, R"({"ttl":600000})"), HasSubstr("600000"));
  EXPECT_THAT(make(*boundless, "{}"), HasSubstr("null"));
  EXPECT_THAT(make(*brief, R"({"ttl":1})"), HasSubstr("working"));
  EXPECT_TRUE(world_.is_empty_soon(2));
  EXPECT_EQ(world_.processes(), 2U);
  EXPECT_EQ(pid_of(*brief), 0);
}

TEST_F(Stdio, starts_no_child_to_cancel_a_task_that_it_never_had) {
  const auto session = world_.open(serving);
  EXPECT_THAT(world_.ask(*session, "die"), StartsWith("upstream_failed"));
  const auto params = json::Document::parse(R"({"taskId":"t"})");
  mcp::Call call("tasks/cancel", params->root(), Deadline::never());
  call.make_own();
  EXPECT_FALSE(world_.run(session->start(std::move(call))));
  EXPECT_TRUE(world_.is_empty_soon());
  EXPECT_EQ(world_.ask(*session, "history"), R"({"methods": ["history"]})");
}

TEST_F(Stdio, stops_restarting_a_child_that_keeps_dying) {
  const auto session = world_.open(serving);
  for (std::size_t i = 0; i < Restarts::failures_max; ++i) {
    EXPECT_THAT(world_.ask(*session, "die"), StartsWith("upstream_failed"));
  }

  EXPECT_THAT(world_.ask(*session, "opened"),
              StartsWith("unavailable: failed 5 times within a minute"));
}

TEST_F(Stdio, gives_a_call_up_at_its_deadline) {
  const auto session = world_.open(serving);

  EXPECT_THAT(world_.ask(*session, "hang", "{}", milliseconds(100)), StartsWith("timed_out"));
  EXPECT_THAT(world_.ask(*session, "opened"), HasSubstr("capabilities"));
}

TEST_F(Stdio, says_why_a_child_cannot_be_started) {
  StdioSettings settings = world_.settings(serving);
  settings.command = "no-such-command-here";
  const auto missing = world_.target(settings);
  settings = world_.settings(serving);
  settings.directory = "/no/such/folder";
  const auto nowhere = world_.target(settings);

  const auto first = world_.open(*missing);
  const auto second = world_.open(*nowhere);

  ASSERT_FALSE(first);
  EXPECT_THAT(first.error().why(), HasSubstr("no-such-command-here"));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().why(), HasSubstr("/no/such/folder"));
  EXPECT_EQ(world_.log().count("session not opened"), 2U);
}

TEST_F(Stdio, says_why_a_session_cannot_be_opened) {
  const auto exits = world_.target(world_.settings(R"({"handshake":false,"steps":[{"exit":3}]})"));
  StdioSettings silent = world_.settings(R"({"handshake":false,"steps":[{"sleep_ms":60000}]})");
  silent.handshake = milliseconds(300);
  const auto sleeps = world_.target(silent);

  const auto first = world_.open(*exits);
  const auto second = world_.open(*sleeps);

  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().fault(), Fault::upstream_failed);
  EXPECT_THAT(first.error().why(), HasSubstr("3"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault(), Fault::timed_out);
  EXPECT_TRUE(world_.is_empty_soon());
}

TEST_F(Stdio, refuses_a_server_of_an_unknown_revision) {
  // {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2026-07-28"}}
  const auto target = world_.target(world_.settings(
      R"({"handshake":false,"steps":[{"out_b64":)"
      R"("eyJqc29ucnBjIjoiMi4wIiwiaWQiOjEsInJlc3VsdCI6eyJwcm90b2NvbFZlcnNpb24iOiIyMDI2LTA3LTI4In19Cg=="},)"
      R"({"sleep_ms":60000}]})"));

  const auto session = world_.open(*target);

  ASSERT_FALSE(session);
  EXPECT_THAT(session.error().why(), HasSubstr("protocolVersion"));
}

TEST_F(Stdio, shows_the_child_nothing_of_the_gateways_own_environment) {
  ASSERT_EQ(setenv("AGW_TEST_SECRET", "canary", 1), 0);  // NOLINT(concurrency-mt-unsafe)
  StdioSettings settings = world_.settings(R"([{"list_env":1},{"serve":1}])");
  settings.environment = {{"GIVEN", "yes"}};
  const auto target = world_.target(settings);
  const auto session = world_.open(*target);

  const std::string environment = world_.ask(**session, "any");

  EXPECT_THAT(environment, HasSubstr("GIVEN"));
  EXPECT_THAT(environment, HasSubstr("PATH"));
  EXPECT_THAT(environment, Not(HasSubstr("canary")));
}

TEST_F(Stdio, gives_the_child_three_descriptors) {
  const auto session = world_.open(R"([{"list_fds":1},{"serve":1}])");

  EXPECT_EQ(world_.ask(*session, "any"), R"({"fds": [0, 1, 2]})");
}

TEST_F(Stdio, passes_arguments_without_a_shell) {
  StdioSettings settings = world_.settings(R"([{"print_argv":1},{"serve":1}])");
  settings.arguments.emplace_back("$HOME; `id` 'x'");
  const auto target = world_.target(settings);
  const auto session = world_.open(*target);

  EXPECT_THAT(world_.ask(**session, "any"), HasSubstr("$HOME; `id` 'x'"));
}

TEST_F(Stdio, logs_what_the_child_says_on_standard_error) {
  const auto session = world_.open(
      R"([{"stderr":"\u001b[2Jowned\n","times":1},{"out_b64":"YmFubmVyCg=="},{"serve":1}])");
  EXPECT_THAT(world_.ask(*session, "opened"), HasSubstr("capabilities"));

  EXPECT_EQ(world_.log().count("child stderr"), 1U);
  EXPECT_THAT(world_.log().text(), HasSubstr("owned"));
  EXPECT_THAT(world_.log().text(), Not(HasSubstr("\x1b")));
  EXPECT_EQ(world_.log().count("child line skipped"), 1U);
}

TEST_F(Stdio, logs_only_so_much_of_standard_error) {
  const auto session = world_.open(
      R"([{"stderr":"0123456789012345678901234567890123456789\n","times":50000},{"serve":1}])");
  EXPECT_THAT(world_.ask(*session, "opened"), HasSubstr("capabilities"));

  EXPECT_LT(world_.log().text().size(), 2'000'000U);
  EXPECT_GT(world_.log().count("child stderr"), 100U);
}

TEST_F(Stdio, leaves_nothing_behind) {
  const std::size_t before = open_descriptors();
  {
    const auto session = world_.open(R"([{"fork_sleep":600},{"ignore":"TERM"},{"serve":1}])");
    EXPECT_THAT(world_.ask(*session, "opened"), HasSubstr("capabilities"));
    EXPECT_GE(world_.processes(), 2U);
  }

  EXPECT_TRUE(world_.is_empty_soon());
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Stdio, keeps_sessions_apart) {
  const auto first = world_.open(serving);
  const auto second = world_.open(serving);
  const int pid = pid_of(*second);
  EXPECT_THAT(world_.ask(*first, "die"), StartsWith("upstream_failed"));

  EXPECT_THAT(world_.ask(*second, "opened"), HasSubstr("capabilities"));
  EXPECT_EQ(pid_of(*second), pid);
}

TEST_F(Stdio, waits_for_the_next_unsolicited_event) {
  // {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}
  const auto session = world_.open(
      R"([{"out_b64":"eyJqc29ucnBjIjoiMi4wIiwibWV0aG9kIjoibm90aWZpY2F0aW9ucy90b29scy9saXN0X2NoYW5nZWQifQo="},{"serve":1}])");

  const auto event = world_.run(session->next_unsolicited());

  ASSERT_TRUE(event);
  EXPECT_EQ(event->text(), R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
}

}  // namespace
}  // namespace upstream

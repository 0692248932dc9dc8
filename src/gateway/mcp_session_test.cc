#include "gateway/mcp_session.h"

#include <gtest/gtest.h>

#include "gateway/detail_mcp_session_test.h"

namespace gateway {
namespace {

TEST_F(McpSessionTest, hands_on_what_belongs_to_a_request_up_to_its_result) {
  const StreamId stream = start("7").value();
  ASSERT_EQ(heard_.calls.size(), 1U);
  EXPECT_EQ(call(0).method, "tools/call");
  EXPECT_EQ(call(0).params, R"({"name":"echo"})");
  EXPECT_FALSE(call(0).is_own);
  auto coming = begin(session_.next(stream));
  EXPECT_FALSE(coming.is_done());
  call(0).say(notification("notifications/message"));
  scheduler_.run();
  ASSERT_TRUE(coming.is_done());
  EXPECT_EQ(coming.take().value().method(), "notifications/message");
  call(0).say(result(R"({"content":[]})"));
  const auto last = run(session_.next(stream));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->kind(), Event::Kind::result);
  EXPECT_TRUE(call(0).is_gone);
}

TEST_F(McpSessionTest, calls_what_the_server_lists_and_the_caller_may_use) {
  page(R"({"tools":[{"name":"echo"}]})");
  heard_.ready.emplace_back(notification("notifications/message"));
  const auto first = run(session_.call(7, order("echo", true)));
  ASSERT_TRUE(first);
  ASSERT_TRUE(*first);
  EXPECT_EQ((*first)->method(), "notifications/message");

  ASSERT_EQ(heard_.calls.size(), 2U);
  EXPECT_EQ(call(0).method, "tools/list");
  EXPECT_EQ(call(1).method, "tools/call");
  call(1).say(result(R"({"content":[]})"));
  EXPECT_EQ(run(session_.next(7)).value().kind(), Event::Kind::result);

  heard_.ready.emplace_back(result(R"({"content":[]})"));
  EXPECT_TRUE(run(session_.call(8, order("echo", true))).value());
  EXPECT_EQ(heard_.calls.size(), 3U) << "the list is known by now";
}

TEST_F(McpSessionTest, does_the_same_work_for_what_is_not_there_and_for_what_is_not_allowed) {
  page(R"({"tools":[{"name":"echo"}]})");
  EXPECT_FALSE(run(session_.call(7, order("missing", true))).value());
  ASSERT_EQ(heard_.calls.size(), 1U);
  EXPECT_EQ(call(0).method, "tools/list");

  Heard other;
  McpSession session(scheduler_, std::make_unique<ScriptedSession>(other));
  other.ready.emplace_back(result(R"({"tools":[{"name":"echo"}]})"));
  EXPECT_FALSE(run(session.call(7, order("echo", false))).value());
  ASSERT_EQ(other.calls.size(), 1U);
  EXPECT_EQ(other.calls[0]->method, "tools/list");
}

TEST_F(McpSessionTest, refuses_an_id_that_is_in_flight_and_takes_it_again_afterwards) {
  const StreamId stream = start("7").value();
  const auto twice = start("7");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().fault(), Fault::conflict);
  EXPECT_TRUE(start(R"("7")"));  // a text is another id than a number
  call(0).say(result("{}"));
  EXPECT_TRUE(run(session_.next(stream)));
  EXPECT_TRUE(start("7"));
}

TEST_F(McpSessionTest, bounds_the_requests_in_flight) {
  for (int id = 0; id < 256; ++id) ASSERT_TRUE(start(std::to_string(id)));
  const auto refused = start("256");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::too_many);
  EXPECT_EQ(heard_.calls.size(), 256U);
}

TEST_F(McpSessionTest, forgets_a_request_that_the_server_does_not_take) {
  heard_.refuses_calls = true;
  const auto refused = start("7");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::unavailable);
  heard_.refuses_calls = false;
  EXPECT_TRUE(start("7"));
}

TEST_F(McpSessionTest, forgets_a_request_whose_client_goes_while_it_is_started) {
  heard_.is_starting = true;
  auto starting = begin(session_.start(1, tool_call("7"), Deadline::never()));
  EXPECT_FALSE(starting.is_done());
  EXPECT_EQ(start("7").error().fault(), Fault::conflict);
  starting = Task<Result<>>();
  run(session_.leave(1));
  heard_.is_starting = false;
  EXPECT_TRUE(start("7"));
}

TEST_F(McpSessionTest, bounds_requests_that_are_being_started_like_those_in_flight) {
  heard_.is_starting = true;
  std::deque<Task<Result<>>> starting;
  for (StreamId id = 0; id < 256; ++id) {
    starting.push_back(begin(session_.start(id, tool_call(std::to_string(id)), Deadline::never())));
    ASSERT_FALSE(starting.back().is_done());
  }
  EXPECT_EQ(start("256").error().fault(), Fault::too_many);
}

TEST_F(McpSessionTest, ends_a_request_with_the_error_of_its_conversation) {
  const StreamId stream = start("7").value();
  call(0).say(failed(Fault::timed_out, "scripted"));
  const auto ended = run(session_.next(stream));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().fault(), Fault::timed_out);
  EXPECT_TRUE(call(0).is_gone);
  EXPECT_TRUE(start("7"));
}

TEST_F(McpSessionTest, ends_a_request_that_the_client_cancels) {
  const StreamId stream = start("7").value();
  auto coming = begin(session_.next(stream));
  cancel("7");
  ASSERT_TRUE(coming.is_done());
  const auto ended = coming.take();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().fault(), Fault::cancelled);
  coming = Task<Result<Event>>();
  EXPECT_TRUE(call(0).is_gone);
  EXPECT_TRUE(heard_.notifications.empty());  // destroying the conversation tells the server
  const auto again = run(session_.next(stream));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().fault(), Fault::cancelled);
}

TEST_F(McpSessionTest, ends_a_cancelled_request_that_nobody_reads) {
  const StreamId stream = start(R"("a")").value();
  cancel(R"("a")");
  EXPECT_TRUE(call(0).is_gone);
  EXPECT_EQ(run(session_.next(stream)).error().fault(), Fault::cancelled);
  EXPECT_TRUE(start(R"("a")"));
}

TEST_F(McpSessionTest, takes_no_notice_of_cancelling_what_is_not_in_flight) {
  EXPECT_TRUE(start("7"));
  cancel("8");
  cancel(R"("7")");
  EXPECT_TRUE(run(session_.notify(
      message(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})", mcp::Sender::client))));
  EXPECT_FALSE(call(0).is_gone);
  EXPECT_TRUE(heard_.notifications.empty());
}

TEST_F(McpSessionTest, hands_other_notifications_to_the_server) {
  EXPECT_TRUE(run(session_.notify(message(
      R"({"jsonrpc":"2.0","method":"notifications/roots/list_changed"})", mcp::Sender::client))));
  EXPECT_EQ(heard_.notifications, std::vector<std::string>{"notifications/roots/list_changed"});
}

TEST_F(McpSessionTest, lets_a_call_go_on_when_its_client_leaves) {
  run(session_.leave(start("7").value()));
  scheduler_.run();
  EXPECT_FALSE(call(0).is_gone);
  call(0).say(notification("notifications/message"));
  call(0).say(question(41));
  scheduler_.run();
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{41});
  EXPECT_FALSE(call(0).is_gone);
  EXPECT_EQ(start("7").error().fault(), Fault::conflict);
  call(0).say(result("{}"));
  scheduler_.run();
  EXPECT_TRUE(call(0).is_gone);
  EXPECT_TRUE(start("7"));
}

TEST_F(McpSessionTest, refuses_what_a_client_that_leaves_was_asked_and_did_not_answer) {
  const StreamId stream = start("7").value();
  const StreamId other = start("8").value();
  heard_.pending_question = 41;
  call(0).say(question(41));
  call(0).say(question(42));
  call(1).say(question(43));
  EXPECT_TRUE(run(session_.next(stream)));
  EXPECT_TRUE(run(session_.next(stream)));
  EXPECT_TRUE(run(session_.next(other)));
  EXPECT_TRUE(run(
      session_.respond(message(R"({"jsonrpc":"2.0","id":41,"result":{}})", mcp::Sender::client))));
  run(session_.leave(stream));
  scheduler_.run();
  EXPECT_EQ(heard_.answered, std::vector<std::uint64_t>{41});
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{42});
}

TEST_F(McpSessionTest, refuses_a_question_that_was_not_answered_for_ten_minutes) {
  const StreamId stream = start("7").value();
  call(0).say(question(1));
  EXPECT_TRUE(run(session_.next(stream)));
  scheduler_.advance(std::chrono::minutes(6));
  call(0).say(question(2));
  EXPECT_TRUE(run(session_.next(stream)));
  scheduler_.advance(std::chrono::minutes(3));
  EXPECT_TRUE(heard_.refused.empty());
  scheduler_.advance(std::chrono::minutes(1));
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{1});
  scheduler_.advance(std::chrono::minutes(6));
  EXPECT_EQ(heard_.refused, (std::vector<std::uint64_t>{1, 2}));
  call(0).say(question(3));
  EXPECT_TRUE(run(session_.next(stream)));
  scheduler_.advance(std::chrono::minutes(10));
  EXPECT_EQ(heard_.refused, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(McpSessionTest, refuses_what_a_call_asked_that_is_over_or_cancelled) {
  const StreamId answered = start("7").value();
  const StreamId cancelled = start("8").value();
  call(0).say(question(1));
  call(1).say(question(2));
  EXPECT_TRUE(run(session_.next(answered)));
  EXPECT_TRUE(run(session_.next(cancelled)));
  call(0).say(result("{}"));
  EXPECT_TRUE(run(session_.next(answered)));
  scheduler_.run();
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{1});
  cancel("8");
  scheduler_.run();
  EXPECT_EQ(heard_.refused, (std::vector<std::uint64_t>{1, 2}));
}

// A child says everything on one pipe: whose a question is, is a guess where there are several.
TEST_F(McpSessionTest, waits_for_answers_as_long_as_a_call_may_that_may_have_asked) {
  const StreamId first = start("7").value();
  const StreamId second = start("8").value();
  upstream::Event guess = question(1);
  call(1).say(std::move(guess.be_guess(true)));
  EXPECT_TRUE(run(session_.next(second)));
  call(1).say(result("{}"));
  EXPECT_TRUE(run(session_.next(second)));
  const StreamId third = start("9").value();
  scheduler_.run();
  EXPECT_TRUE(heard_.refused.empty());
  call(0).say(result("{}"));
  EXPECT_TRUE(run(session_.next(first)));
  scheduler_.run();
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{1}) << third << " began later";
}

TEST_F(McpSessionTest, knows_what_a_client_was_shown) {
  page(R"({"tools":[{"name":"a"}]})");
  EXPECT_FALSE(knows("b").value());
  page(R"({"tools":[{"name":"b"}]})");
  EXPECT_TRUE(run(session_.start(
      1, message(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})", mcp::Sender::client),
      Deadline::never())));
  EXPECT_TRUE(run(session_.next(1)));
  EXPECT_TRUE(knows("b").value());
  EXPECT_TRUE(knows("a").value());
  EXPECT_EQ(heard_.calls.size(), 2U);
}

TEST_F(McpSessionTest, cancels_a_call_whose_client_has_left) {
  run(session_.leave(start("7").value()));
  cancel("7");
  scheduler_.run();
  EXPECT_TRUE(call(0).is_gone);
}

TEST_F(McpSessionTest, ends_left_calls_with_itself) {
  auto session =
      std::make_unique<McpSession>(scheduler_, std::make_unique<ScriptedSession>(heard_));
  EXPECT_TRUE(run(session->start(1, tool_call("7"), Deadline::never())));
  run(session->leave(1));
  scheduler_.run();
  session.reset();
  EXPECT_TRUE(call(0).is_gone);
}

TEST_F(McpSessionTest, never_starts_a_request_that_is_cancelled_while_its_name_is_looked_up) {
  for (const bool is_allowed : {true, false}) {
    const std::size_t before = heard_.calls.size();
    auto calling = begin(session_.call(7, order("echo", is_allowed)));
    EXPECT_FALSE(calling.is_done());
    cancel("2");
    EXPECT_FALSE(calling.is_done());
    cancel("1");
    ASSERT_TRUE(calling.is_done());
    EXPECT_EQ(calling.take().error().fault(), Fault::cancelled);
    ASSERT_EQ(heard_.calls.size(), before + 1);
    EXPECT_EQ(call(before).method, "tools/list");
    EXPECT_TRUE(call(before).is_gone);
  }
  page(R"({"tools":[{"name":"echo"}]})");
  heard_.ready.emplace_back(result("{}"));
  EXPECT_TRUE(run(session_.call(8, order("echo", true)))) << "the id is free again";
}

TEST_F(McpSessionTest, fetches_a_list_for_others_when_the_request_that_began_to_is_cancelled) {
  auto first = begin(session_.call(7, order("echo", true)));
  auto second = begin(
      session_.call(8, CallOrder(Kind::tool, "echo", true, tool_call("2"), Deadline::never())));
  page(R"({"tools":[{"name":"echo"}]})");
  heard_.ready.emplace_back(result("{}"));
  cancel("1");
  ASSERT_TRUE(first.is_done());
  ASSERT_TRUE(second.is_done());
  EXPECT_EQ(second.take().value().value().kind(), Event::Kind::result);
}

TEST_F(McpSessionTest, never_starts_a_request_that_is_cancelled_while_its_server_is) {
  heard_.is_starting = true;
  auto starting = begin(session_.start(1, tool_call("7"), Deadline::never()));
  cancel("7");
  ASSERT_TRUE(starting.is_done());
  EXPECT_EQ(starting.take().error().fault(), Fault::cancelled);
  heard_.is_starting = false;
  heard_.started.notify_all();
  scheduler_.run();
  EXPECT_TRUE(heard_.calls.empty());
  EXPECT_TRUE(start("7"));
}

TEST_F(McpSessionTest, answers_a_question_that_is_pending) {
  heard_.pending_question = 41;
  EXPECT_TRUE(run(
      session_.respond(message(R"({"jsonrpc":"2.0","id":41,"result":{}})", mcp::Sender::client))));
  EXPECT_EQ(heard_.answered, std::vector<std::uint64_t>{41});
}

TEST_F(McpSessionTest, drops_answers_to_questions_that_nobody_asked) {
  heard_.pending_question = 41;
  for (const std::string id : {"42", R"("41")", R"("x")", "-1", "99999999999999999999999"}) {
    EXPECT_TRUE(run(session_.respond(
        message(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})", mcp::Sender::client))))
        << id;
  }
  EXPECT_TRUE(heard_.answered.empty());
}

TEST_F(McpSessionTest, gives_what_belongs_to_no_request_to_its_listener) {
  const StreamId listener = run(session_.listen());
  auto coming = begin(session_.next_unsolicited(listener));
  EXPECT_FALSE(coming.is_done());
  heard_.unsolicited->say(notification("notifications/resources/list_changed"));
  scheduler_.run();
  ASSERT_TRUE(coming.is_done());
  EXPECT_EQ(coming.take().value().method(), "notifications/resources/list_changed");
  heard_.unsolicited->say(failed(Fault::unavailable, "scripted"));
  EXPECT_EQ(run(session_.next_unsolicited(listener)).error().fault(), Fault::unavailable);
}

TEST_F(McpSessionTest, lets_a_second_listener_take_over) {
  const StreamId first = run(session_.listen());
  auto old = begin(session_.next_unsolicited(first));
  const StreamId second = run(session_.listen());
  ASSERT_TRUE(old.is_done());
  EXPECT_EQ(old.take().error().fault(), Fault::conflict);
  EXPECT_EQ(run(session_.next_unsolicited(first)).error().fault(), Fault::conflict);
  heard_.unsolicited->say(notification("notifications/message"));
  EXPECT_TRUE(run(session_.next_unsolicited(second)));
}

TEST_F(McpSessionTest, ends_it_for_all_only_if_the_client_said_so) {
  run(session_.end());
  EXPECT_FALSE(heard_.is_unshared);
  run(session_.end_for_all());
  EXPECT_TRUE(heard_.is_unshared);
  EXPECT_FALSE(start("1"));
}

TEST_F(McpSessionTest, begins_nothing_once_it_has_ended_and_finishes_what_was_begun) {
  const StreamId stream = start("7").value();
  const StreamId listener = run(session_.listen());
  auto listening = begin(session_.next_unsolicited(listener));
  run(session_.end());
  ASSERT_TRUE(listening.is_done());
  EXPECT_EQ(listening.take().error().fault(), Fault::conflict);
  EXPECT_EQ(start("8").error().fault(), Fault::not_found);
  const StreamId late = run(session_.listen());
  EXPECT_FALSE(run(session_.next_unsolicited(late)));
  call(0).say(result("{}"));
  EXPECT_TRUE(run(session_.next(stream)));
}

TEST_F(McpSessionTest, keeps_tools_and_prompts_apart_and_takes_resources_for_known) {
  EXPECT_TRUE(knows("file:///x", Kind::resource).value());
  EXPECT_TRUE(heard_.calls.empty());
  page(R"({"tools":[{"name":"a"}]})");
  page(R"({"prompts":[{"name":"b"}]})");
  EXPECT_TRUE(knows("a").value());
  EXPECT_FALSE(knows("a", Kind::prompt).value());
  EXPECT_TRUE(knows("b", Kind::prompt).value());
  EXPECT_EQ(call(1).method, "prompts/list");
}

TEST_F(McpSessionTest, fetches_again_when_the_list_has_changed) {
  page(R"({"tools":[{"name":"a"}]})");
  EXPECT_TRUE(knows("a").value());
  const StreamId listener = run(session_.listen());
  heard_.unsolicited->say(notification("notifications/prompts/list_changed"));
  EXPECT_TRUE(run(session_.next_unsolicited(listener)));
  EXPECT_TRUE(knows("a").value());
  EXPECT_EQ(heard_.calls.size(), 1U);
  heard_.unsolicited->say(notification("notifications/tools/list_changed"));
  EXPECT_TRUE(run(session_.next_unsolicited(listener)));
  page(R"({"tools":[{"name":"b"}]})");
  EXPECT_FALSE(knows("a").value());
  EXPECT_TRUE(knows("b").value());
  EXPECT_EQ(heard_.calls.size(), 2U);
}

TEST_F(McpSessionTest, learns_of_a_change_from_a_calls_stream) {
  page(R"({"tools":[]})");
  EXPECT_FALSE(knows("a").value());
  const StreamId stream = start("7").value();
  call(1).say(notification("notifications/tools/list_changed"));
  EXPECT_TRUE(run(session_.next(stream)));
  page(R"({"tools":[{"name":"a"}]})");
  EXPECT_TRUE(knows("a").value());
}

}  // namespace
}  // namespace gateway

#include "gateway/modern_session.h"

#include <gtest/gtest.h>

#include "gateway/detail_test_server.h"

namespace gateway {
namespace {

using Kind = policy::McpSubject::Kind;

Task<Result<ModernSession::Upstream>> open_now(Heard& heard) {
  co_return std::make_unique<ScriptedSession>(heard);
}
Task<Result<ModernSession::Upstream>> open_never() {
  co_return failed(Fault::unavailable, "scripted");
}

mcp::AskCapabilities able(const std::string& declared) {
  const auto document = json::Document::parse(declared);
  return mcp::AskCapabilities::from(document->root());
}

class ModernSessionTest : public testing::Test {
 protected:
  ModernSessionTest() { scheduler_.run(); }

  template <class T>
  Task<T> begin(Task<T> task) {
    return begin_on(scheduler_, std::move(task));
  }
  template <class T>
  T run(Task<T> task) {
    return run_on(scheduler_, std::move(task));
  }
  void run_void(Task<> task) {
    Task<> begun = begin_on(scheduler_, std::move(task));
    EXPECT_TRUE(begun.is_done());
  }
  ModernOrder order(bool alone = true, const std::string& declared = R"({"roots":{}})") {
    ModernOrder made(tool_call("1"), Deadline::never());
    made.kind = Kind::tool;
    made.name = "echo";
    made.is_alone = alone;
    made.asks = able(declared);
    return made;
  }
  // The server lists `echo`; gives the call's script.
  Script& start(StreamId stream, ModernOrder wanted) {
    if (!is_listed_) heard_.ready.emplace_back(result(R"({"tools":[{"name":"echo"}]})"));
    is_listed_ = true;
    EXPECT_TRUE(run(session_.begin(stream, std::move(wanted))).value());
    return *heard_.calls.back();
  }
  void pass(Duration time) {
    scheduler_.advance(time);
    scheduler_.run();
  }

  ManualScheduler scheduler_;
  Heard heard_;
  bool is_listed_ = false;
  ModernSession session_{scheduler_, open_now(heard_), true, nullptr};
};

TEST_F(ModernSessionTest, says_why_it_could_not_be_opened) {
  ModernSession session(scheduler_, open_never(), true, nullptr);
  scheduler_.run();
  const auto face = run(session.face());
  ASSERT_FALSE(face);
  EXPECT_EQ(face.error().fault(), Fault::unavailable);
  EXPECT_FALSE(run(session.begin(1, order())));
}

TEST_F(ModernSessionTest, hands_on_a_result) {
  Script& call = start(1, order());
  EXPECT_EQ(call.method, "tools/call");
  call.say(result(R"({"content":[]})"));
  scheduler_.run();
  const auto turn = run(session_.next(1));
  ASSERT_TRUE(turn && turn->event);
  EXPECT_EQ(turn->event->kind(), Event::Kind::result);
  EXPECT_FALSE(run(session_.next(1))) << "it is over";
}

TEST_F(ModernSessionTest, does_not_begin_what_is_unknown_or_forbidden) {
  heard_.ready.emplace_back(result(R"({"tools":[{"name":"other"}]})"));
  EXPECT_EQ(run(session_.begin(1, order())), false);
  ModernOrder forbidden = order();
  forbidden.is_allowed = false;
  EXPECT_EQ(run(session_.begin(2, std::move(forbidden))), false);
  ModernOrder resource = order();
  resource.kind = Kind::resource;
  resource.is_allowed = false;
  EXPECT_EQ(run(session_.begin(3, std::move(resource))), false);
  for (const auto& call : heard_.calls) EXPECT_EQ(call->method, "tools/list");
}

// A server with keys of its own asks again what it is not told, so clients may tell it at once.
TEST_F(ModernSessionTest, answers_from_what_came_with_the_request) {
  ModernOrder wanted = order();
  wanted.given = {{"roots", R"({"roots":[]})"}, {"ask-1", "{}"}};
  Script& call = start(1, std::move(wanted));
  heard_.pending_question = 7;
  const std::string keyed = R"({"jsonrpc":"2.0","id":"q","method":"roots/list","params":)" +
                            mcp::with_input_key("{}", "roots") + "}";
  call.say(Event(upstream::QuestionId{7}, message(keyed)));
  scheduler_.run();
  EXPECT_EQ(heard_.answered, std::vector<std::uint64_t>{7});

  call.say(question(8));
  scheduler_.run();
  EXPECT_EQ(heard_.answered.size(), 1U) << "a key of ours is nobody's before it is asked under";
  call.say(result("{}"));
  scheduler_.run();
  EXPECT_EQ(run(session_.next(1)).value().event->kind(), Event::Kind::result);
}

TEST_F(ModernSessionTest, gives_questions_together_and_goes_on_with_their_answers) {
  Script& call = start(1, order());
  auto coming = begin(session_.next(1));
  call.say(question(7));
  scheduler_.run();
  EXPECT_FALSE(coming.is_done()) << "there may come another";
  call.say(question(8));
  pass(std::chrono::milliseconds(6));
  ASSERT_TRUE(coming.is_done());
  const auto turn = coming.take();
  ASSERT_TRUE(turn);
  ASSERT_EQ(turn->questions.size(), 2U);
  EXPECT_EQ(turn->questions[0].key, "ask-1");
  EXPECT_EQ(turn->questions[1].method, "roots/list");

  run_void(session_.park(1, Deadline::in(scheduler_.now(), std::chrono::seconds(60))));
  heard_.pending_question = 8;
  EXPECT_TRUE(run(session_.answer(1, {{"ask-2", "{}"}, {"other", "{}"}})));
  EXPECT_EQ(heard_.answered, std::vector<std::uint64_t>{8});
  const auto again = run(session_.next(1));
  ASSERT_TRUE(again);
  ASSERT_EQ(again->questions.size(), 1U);
  EXPECT_EQ(again->questions[0].key, "ask-1");

  heard_.pending_question = 7;
  EXPECT_TRUE(run(session_.answer(1, {{"ask-1", "{}"}})));
  call.say(result("{}"));
  scheduler_.run();
  EXPECT_TRUE(run(session_.next(1))->event);
  EXPECT_TRUE(heard_.refused.empty());
}

TEST_F(ModernSessionTest, refuses_questions_that_the_client_cannot_be_asked) {
  Script& call = start(1, order(true, R"({"sampling":{}})"));
  call.say(question(7));
  scheduler_.run();
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{7});
  Script& shared = start(2, order(false));
  shared.say(question(8));
  scheduler_.run();
  EXPECT_EQ(heard_.refused.back(), 8U);
  heard_.unsolicited->say(question(9));
  scheduler_.run();
  EXPECT_EQ(heard_.refused.back(), 9U);
}

TEST_F(ModernSessionTest, gives_up_a_call_that_waits_too_long) {
  Script& call = start(1, order());
  call.say(question(7));
  auto coming = begin(session_.next(1));
  pass(std::chrono::milliseconds(6));
  ASSERT_TRUE(coming.is_done());
  run_void(session_.park(1, Deadline::in(scheduler_.now(), std::chrono::seconds(60))));
  pass(std::chrono::seconds(59));
  EXPECT_TRUE(heard_.refused.empty());
  pass(std::chrono::seconds(2));
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{7});
  EXPECT_TRUE(call.is_gone);
  EXPECT_EQ(run(session_.answer(1, {})).error().fault(), Fault::not_found);
}

TEST_F(ModernSessionTest, keeps_the_result_of_a_call_that_waits) {
  Script& call = start(1, order());
  call.say(question(7));
  auto coming = begin(session_.next(1));
  pass(std::chrono::milliseconds(6));
  run_void(session_.park(1, Deadline::in(scheduler_.now(), std::chrono::seconds(60))));
  call.say(notification("notifications/message"));
  call.say(result("{}"));
  scheduler_.run();
  EXPECT_TRUE(run(session_.answer(1, {})));
  const auto turn = run(session_.next(1));
  ASSERT_TRUE(turn && turn->event);
  EXPECT_EQ(turn->event->kind(), Event::Kind::result);
  scheduler_.run();
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{7}) << "nobody answers that any more";
}

TEST_F(ModernSessionTest, refuses_and_cancels_what_its_client_left) {
  Script& call = start(1, order());
  call.say(question(7));
  scheduler_.run();
  run_void(session_.abandon(1));
  scheduler_.run();
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{7});
  EXPECT_TRUE(call.is_gone);
}

TEST_F(ModernSessionTest, lets_go_of_an_abandoned_call_that_nobody_has_read) {
  Script& call = start(1, order(false));
  const std::string progress =
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}})";
  for (int i = 0; i < 100; ++i) call.say(Event(Event::Kind::progress, message(progress)));
  scheduler_.run();
  EXPECT_FALSE(call.events.empty()) << "a bounded number is fetched ahead";
  run_void(session_.abandon(1));
  scheduler_.run();
  EXPECT_TRUE(call.is_gone);
}

TEST_F(ModernSessionTest, hands_on_log_messages_from_the_wanted_level_on) {
  const auto log = [](const std::string& level) {
    return Event(
        Event::Kind::notification,
        message(R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":")" + level +
                R"("}})"));
  };
  ModernOrder wanted = order();
  wanted.log_level = mcp::LogLevel::warning;
  Script& call = start(1, std::move(wanted));
  call.say(log("info"));
  call.say(log("odd"));
  call.say(log("error"));
  call.say(result("{}"));
  scheduler_.run();
  const auto turn = run(session_.next(1));
  ASSERT_TRUE(turn && turn->event);
  EXPECT_EQ(turn->event->message().params().find_string("level"), "error");
  EXPECT_EQ(run(session_.next(1))->event->kind(), Event::Kind::result);

  Script& silent = start(2, order());
  silent.say(log("emergency"));
  silent.say(result("{}"));
  scheduler_.run();
  EXPECT_EQ(run(session_.next(2))->event->kind(), Event::Kind::result);
}

TEST_F(ModernSessionTest, subscribes_once_for_all_who_want_it) {
  const Notice updated(Notice::Kind::updated, "test://a");
  heard_.ready.emplace_back(result("{}"));
  EXPECT_TRUE(run(session_.subscribe(updated)));
  EXPECT_TRUE(run(session_.subscribe(updated)));
  run_void(session_.unsubscribe(updated));
  EXPECT_EQ(heard_.calls.size(), 1U);
  heard_.ready.emplace_back(result("{}"));
  run_void(session_.unsubscribe(updated));
  ASSERT_EQ(heard_.calls.size(), 2U);
  EXPECT_EQ(heard_.calls[1]->method, "resources/unsubscribe");
  EXPECT_EQ(heard_.calls[1]->params, R"({"uri":"test://a"})");
}

TEST_F(ModernSessionTest, watches_tasks_in_the_gateways_own_words) {
  const Notice task(Notice::Kind::task, "t-1");
  heard_.ready.emplace_back(result("{}"));
  EXPECT_TRUE(run(session_.subscribe(task)));
  EXPECT_EQ(heard_.calls.back()->method, upstream::watch_task);
  EXPECT_EQ(heard_.calls.back()->params, R"({"taskId":"t-1"})");
  heard_.ready.emplace_back(result("{}"));
  run_void(session_.unsubscribe(task));
  EXPECT_EQ(heard_.calls.back()->method, upstream::unwatch_task);
}

TEST(Inbox, keeps_the_last_word_about_each_task_it_is_for) {
  ManualScheduler scheduler;
  scheduler.run();
  Inbox inbox({"t-1", "t-2"});
  const auto put = [&](const char* id, const std::string& text) {
    EXPECT_TRUE(begin_on(scheduler, inbox.put(Notice(Notice::Kind::task, id, text))).is_done());
  };
  put("t-1", "working");
  put("t-3", "nobody's");
  put("t-1", "completed");
  put("t-2", std::string(Inbox::bytes_max, 'x'));  // there is no room for it
  EXPECT_EQ(run_on(scheduler, inbox.next()).text, "completed");
  put("t-2", "small");
  EXPECT_EQ(run_on(scheduler, inbox.next()).text, "small");
  auto nothing = begin_on(scheduler, inbox.next());
  EXPECT_FALSE(nothing.is_done());
}

}  // namespace
}  // namespace gateway

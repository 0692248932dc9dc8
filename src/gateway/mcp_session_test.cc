#include "gateway/mcp_session.h"

#include <deque>
#include <vector>

#include <gtest/gtest.h>

#include "base/manual_scheduler.h"

namespace gateway {
namespace {

using upstream::Event;
using Kind = policy::McpSubject::Kind;

mcp::Message message(std::string text, mcp::Sender sender = mcp::Sender::server) {
  auto read = mcp::read(std::move(text), sender);
  if (!read) throw std::runtime_error(read.error().why());
  return std::move(*read);
}

mcp::Message tool_call(const std::string& id) {
  return message(
      R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"tools/call","params":{"name":"echo"}})",
      mcp::Sender::client);
}

Event result(const std::string& text) {
  return Event(Event::Kind::result, message(R"({"jsonrpc":"2.0","id":1,"result":)" + text + "}"));
}
Event notification(const std::string& method) {
  return Event(Event::Kind::notification,
               message(R"({"jsonrpc":"2.0","method":")" + method + R"("})"));
}
Event question(std::uint64_t number) {
  return Event(upstream::QuestionId{number},
               message(R"({"jsonrpc":"2.0","id":"q","method":"roots/list"})"));
}

// What a test says to one reader, and what became of the reader.
struct Script {
  void say(Result<Event> event) {
    events.push_back(std::move(event));
    changed.notify_all();
  }

  std::string method;
  std::string params;
  bool is_own = false;
  bool is_gone = false;  // the conversation was destroyed
  std::deque<Result<Event>> events;
  Signal changed;
};

Task<Result<Event>> next_of(std::shared_ptr<Script> script) {
  while (script->events.empty()) {
    co_await script->changed.wait();
  }
  Result<Event> event = std::move(script->events.front());
  script->events.pop_front();
  co_return event;
}

class ScriptedConversation final : public upstream::Conversation {
 public:
  explicit ScriptedConversation(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  ~ScriptedConversation() override { script_->is_gone = true; }
  Task<Result<Event>> next() override { return next_of(script_); }

 private:
  std::shared_ptr<Script> script_;
};

// What the scripted server was told.
struct Heard {
  std::vector<std::shared_ptr<Script>> calls;  // the scripts of the calls, in their order
  std::vector<std::string> notifications;
  std::vector<std::uint64_t> answered;
  std::vector<std::uint64_t> refused;
  // What the server has to say to its next calls at once; one that finds none waits.
  std::deque<Result<Event>> ready;
  std::shared_ptr<Script> unsolicited = std::make_shared<Script>();
  std::uint64_t pending_question = 0;  // the only one that can be answered
  bool refuses_calls = false;
  bool is_starting = false;  // calls wait until `started` says otherwise
  Signal started;
};

class ScriptedSession final : public upstream::Session {
 public:
  explicit ScriptedSession(Heard& heard) : heard_(heard) {}

  const mcp::Message& initialized() const override { return initialized_; }
  mcp::Revision revision() const override { return mcp::latest_legacy; }

  Task<Result<std::unique_ptr<upstream::Conversation>>> start(mcp::Call call) override {
    while (heard_.is_starting) {
      co_await heard_.started.wait();
    }
    if (heard_.refuses_calls) co_return failed(Fault::unavailable, "scripted");
    auto script = std::make_shared<Script>();
    script->method = std::string(call.method());
    script->params = std::string(call.params().raw());
    script->is_own = call.is_own();
    if (!heard_.ready.empty()) {
      script->say(std::move(heard_.ready.front()));
      heard_.ready.pop_front();
    }
    heard_.calls.push_back(script);
    std::unique_ptr<upstream::Conversation> made = std::make_unique<ScriptedConversation>(script);
    co_return made;
  }

  Task<Result<>> notify(std::string_view method, json::Value) override {
    heard_.notifications.emplace_back(method);
    co_return Result<>();
  }
  Task<Result<>> answer(upstream::QuestionId id, const mcp::Message&) override {
    const auto number = static_cast<std::uint64_t>(id);
    if (number != heard_.pending_question) co_return failed(Fault::not_found, "not pending");
    heard_.answered.push_back(number);
    co_return Result<>();
  }
  Task<Result<>> refuse(upstream::QuestionId id, mcp::Code, std::string_view) override {
    heard_.refused.push_back(static_cast<std::uint64_t>(id));
    co_return Result<>();
  }
  Task<Result<Event>> next_unsolicited() override { return next_of(heard_.unsolicited); }

 private:
  Heard& heard_;
  mcp::Message initialized_ = message(R"({"jsonrpc":"2.0","id":1,"result":{}})");
};

class McpSessionTest : public testing::Test {
 protected:
  template <class T>
  Task<T> begin(Task<T> task) {
    task.start(scheduler_, std::noop_coroutine());
    scheduler_.run();
    return task;
  }
  template <class T>
  T run(Task<T> task) {
    Task<T> begun = begin(std::move(task));
    if (!begun.is_done()) throw std::runtime_error("the task still waits");
    return begun.take();
  }
  Result<StreamId> start(const std::string& id) {
    const StreamId stream = ++last_stream_;
    const auto started =
        run(session_.start(stream, tool_call(id), mcp::ParamsEdit(), Deadline::never()));
    if (!started) return tl::unexpected(started.error());
    return stream;
  }
  void cancel(const std::string& id) {
    const auto told = run(session_.notify(message(
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id + "}}",
        mcp::Sender::client)));
    EXPECT_TRUE(told);
  }
  Script& call(std::size_t index) { return *heard_.calls.at(index); }
  void page(const std::string& text) { heard_.ready.emplace_back(result(text)); }
  Result<bool> knows(const std::string& name, Kind kind = Kind::tool) {
    return run(session_.knows(kind, name));
  }

  StreamId last_stream_ = 100;
  ManualScheduler scheduler_;
  Heard heard_;
  McpSession session_{scheduler_, std::make_unique<ScriptedSession>(heard_)};
};

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
  auto starting = begin(session_.start(1, tool_call("7"), mcp::ParamsEdit(), Deadline::never()));
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
    starting.push_back(begin(
        session_.start(id, tool_call(std::to_string(id)), mcp::ParamsEdit(), Deadline::never())));
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
  const StreamId stream = start("7").value();
  run(session_.leave(stream));
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

TEST_F(McpSessionTest, cancels_a_call_whose_client_has_left) {
  run(session_.leave(start("7").value()));
  cancel("7");
  scheduler_.run();
  EXPECT_TRUE(call(0).is_gone);
}

TEST_F(McpSessionTest, ends_left_calls_with_itself) {
  auto session =
      std::make_unique<McpSession>(scheduler_, std::make_unique<ScriptedSession>(heard_));
  EXPECT_TRUE(run(session->start(1, tool_call("7"), mcp::ParamsEdit(), Deadline::never())));
  run(session->leave(1));
  scheduler_.run();
  session.reset();
  EXPECT_TRUE(call(0).is_gone);
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

TEST_F(McpSessionTest, knows_what_stands_on_any_page_and_fetches_them_once) {
  page(R"({"tools":[{"name":"a"},{"title":"no name"}],"nextCursor":"p2"})");
  page(R"({"tools":[{"name":"b"}]})");
  EXPECT_TRUE(knows("b").value());
  EXPECT_TRUE(knows("a").value());
  EXPECT_FALSE(knows("c").value());
  ASSERT_EQ(heard_.calls.size(), 2U);
  EXPECT_EQ(call(0).method, "tools/list");
  EXPECT_EQ(call(0).params, "{}");
  EXPECT_EQ(call(1).params, R"({"cursor":"p2"})");
  EXPECT_TRUE(call(0).is_own);
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

TEST_F(McpSessionTest, knows_nothing_of_a_kind_that_the_server_does_not_have) {
  heard_.ready.emplace_back(
      Event(Event::Kind::result,
            message(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}})")));
  EXPECT_FALSE(knows("a").value());
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

TEST_F(McpSessionTest, looks_for_an_unknown_name_every_ten_seconds_at_most) {
  page(R"({"tools":[{"name":"a"}]})");
  EXPECT_FALSE(knows("b").value());
  scheduler_.advance(std::chrono::milliseconds(9999));
  EXPECT_FALSE(knows("b").value());
  EXPECT_FALSE(knows("c").value());
  EXPECT_EQ(heard_.calls.size(), 1U);
  scheduler_.advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(knows("a").value());
  EXPECT_EQ(heard_.calls.size(), 1U);
  page(R"({"tools":[{"name":"b"}]})");
  EXPECT_TRUE(knows("b").value());
  EXPECT_EQ(heard_.calls.size(), 2U);
}

TEST_F(McpSessionTest, fetches_once_for_all_who_ask_meanwhile) {
  auto first = begin(session_.knows(Kind::tool, "a"));
  auto second = begin(session_.knows(Kind::tool, "b"));
  EXPECT_FALSE(first.is_done());
  EXPECT_FALSE(second.is_done());
  EXPECT_EQ(heard_.calls.size(), 1U);
  call(0).say(result(R"({"tools":[{"name":"a"}]})"));
  scheduler_.run();
  ASSERT_TRUE(first.is_done());
  ASSERT_TRUE(second.is_done());
  EXPECT_TRUE(first.take().value());
  EXPECT_FALSE(second.take().value());
  EXPECT_EQ(heard_.calls.size(), 1U);
}

TEST_F(McpSessionTest, remembers_no_fetch_that_failed) {
  page(R"({"tools":[{"name":"a"}],"nextCursor":"p2"})");
  heard_.ready.emplace_back(failed(Fault::timed_out, "scripted"));
  const auto failed_once = knows("a");
  ASSERT_FALSE(failed_once);
  EXPECT_EQ(failed_once.error().fault(), Fault::timed_out);
  page(R"({"tools":[{"name":"b"}]})");
  EXPECT_FALSE(knows("a").value());
  EXPECT_TRUE(knows("b").value());
}

TEST_F(McpSessionTest, remembers_no_fetch_whose_asker_went_away) {
  auto first = begin(session_.knows(Kind::tool, "a"));
  auto second = begin(session_.knows(Kind::tool, "a"));
  ASSERT_EQ(heard_.calls.size(), 1U);
  first = Task<Result<bool>>();
  page(R"({"tools":[{"name":"a"}]})");
  scheduler_.run();
  ASSERT_TRUE(second.is_done());
  EXPECT_TRUE(second.take().value());
}

TEST_F(McpSessionTest, asks_again_for_a_list_that_changed_while_it_was_fetched) {
  const StreamId listener = run(session_.listen());
  auto asking = begin(session_.knows(Kind::tool, "b"));
  heard_.unsolicited->say(notification("notifications/tools/list_changed"));
  EXPECT_TRUE(run(session_.next_unsolicited(listener)));
  call(0).say(result(R"({"tools":[{"name":"a"}]})"));
  scheduler_.run();
  ASSERT_TRUE(asking.is_done());
  page(R"({"tools":[{"name":"b"}]})");
  EXPECT_TRUE(knows("b").value());
}

TEST_F(McpSessionTest, stops_at_a_hundred_pages) {
  for (int i = 0; i < 150; ++i) page(R"({"tools":[],"nextCursor":"more"})");
  EXPECT_FALSE(knows("a").value());
  EXPECT_EQ(heard_.calls.size(), 100U);
}

}  // namespace
}  // namespace gateway

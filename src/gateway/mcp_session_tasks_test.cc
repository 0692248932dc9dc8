#include <gtest/gtest.h>

#include "gateway/detail_test_server.h"
#include "gateway/mcp_session.h"

namespace gateway {
namespace {

constexpr const char* with_tasks =
    R"({"tools":{},"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}})";
constexpr const char* related = "io.modelcontextprotocol/related-task";

mcp::Message request(const std::string& method, const std::string& params) {
  return message(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}",
                 mcp::Sender::client);
}

Event said(const std::string& method, const std::string& params) {
  return Event(Event::Kind::notification, message(R"({"jsonrpc":"2.0","method":")" + method +
                                                  R"(","params":)" + params + "}"));
}

std::string about(const std::string& id) {
  return R"("_meta":{")" + std::string(related) + R"(":{"taskId":")" + id + R"("}})";
}

class SessionWithTasksTest : public testing::Test {
 protected:
  using Kind = policy::McpSubject::Kind;
  using Answer = Result<std::optional<Event>>;

  template <class T>
  T run(Task<T> task) {
    return run_on(scheduler_, std::move(task));
  }
  // The server's next answers.
  void answer(const std::string& result_text) { heard_.ready.emplace_back(result(result_text)); }

  std::unique_ptr<SessionTasks> tasks() {
    return std::make_unique<SessionTasks>(ids_, "me", "route", 1);
  }
  Answer call_tool(const std::string& name, const std::string& params) {
    return call_in(session_, CallOrder(Kind::tool, name, true, request("tools/call", params),
                                       Deadline::never()));
  }
  Answer ask(const std::string& method, const std::string& sealed) {
    CallOrder order(Kind::none, "", true, request(method, R"({"taskId":")" + sealed + R"("})"),
                    Deadline::never());
    order.task = std::make_unique<const TaskName>(
        open_task(ids_, sealed, Binding("me", "route", 1)).value());
    return call_in(session_, std::move(order));
  }
  Answer call_in(McpSession& session, CallOrder order) {
    return run(session.call(++last_stream_, std::move(order)));
  }
  // A task of the tool `research`: its client's id.
  std::string made(const std::string& own) {
    answer(R"({"task":{"taskId":")" + own + R"(","status":"working"}})");
    const Answer answered = call_tool("research", R"({"name":"research","task":{"ttl":1}})");
    return std::string(mcp::task_made(*(*answered)->message().result()).value());
  }
  Script& last_call() { return *heard_.calls.back(); }

  StreamId last_stream_ = 100;
  ManualScheduler scheduler_;
  SystemRandom random_;
  SessionIds ids_{crypto::SealKey::from_random(random_), random_};
  Heard heard_;
  McpSession session_{scheduler_, std::make_unique<ScriptedSession>(heard_, with_tasks), tasks()};
};

const std::string tools_page =
    R"({"tools":[{"name":"research"},{"name":"only","execution":{"taskSupport":"required"}}]})";

TEST_F(SessionWithTasksTest, gives_its_client_an_id_that_opens_for_it) {
  answer(tools_page);
  const std::string sealed = made("own");

  EXPECT_TRUE(last_call().keeps_task);
  EXPECT_EQ(open_task(ids_, sealed, Binding("me", "route", 1)), (TaskName{"research", "own"}));
  answer(R"({"taskId":"own","status":"completed"})");
  const Answer got = ask("tasks/get", sealed);
  EXPECT_EQ(last_call().params, R"({"taskId":"own"})");
  EXPECT_EQ((*got)->message().result()->find_string("taskId"), sealed);
}

TEST_F(SessionWithTasksTest, says_errors_under_its_clients_id) {
  answer(tools_page);
  const std::string sealed = made("two+task-0815");
  heard_.ready.emplace_back(Event(
      Event::Kind::result,
      message(
          R"({"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"two+task-0815 (task-0815) is over"}})")));

  const Answer got = ask("tasks/cancel", sealed);

  EXPECT_EQ((*got)->message().error()->find_string("message"),
            sealed + " (" + sealed + ") is over");
}

TEST_F(SessionWithTasksTest, grows_no_error_beyond_its_bounds) {
  answer(tools_page);
  const std::string sealed = made("aaaa");
  heard_.ready.emplace_back(Event(
      Event::Kind::result, message(R"({"jsonrpc":"2.0","id":1,"error":{"code":-7,"message":")" +
                                   std::string(1 << 20, 'a') + R"("}})")));

  const Answer got = ask("tasks/get", sealed);

  EXPECT_EQ((*got)->message().error()->raw(),
            R"({"code":-7,"message":"The server refused it, with too many words"})");
}

TEST_F(SessionWithTasksTest, lists_what_its_client_knows) {
  answer(tools_page);
  const std::string sealed = made("own");
  answer(R"({"tasks":[{"taskId":"others"},{"taskId":"own"}],"nextCursor":"n"})");

  const Answer got = call_in(
      session_, CallOrder(Kind::none, "", true, request("tasks/list", "{}"), Deadline::never()));

  EXPECT_EQ((*got)->message().result()->raw(),
            R"({"tasks":[{"taskId":")" + sealed + R"("}],"nextCursor":"n"})");
}

TEST_F(SessionWithTasksTest, hears_nothing_of_others_tasks) {
  answer(tools_page);
  const std::string sealed = made("own");
  const StreamId listener = run(session_.listen());
  heard_.unsolicited->say(said("notifications/tasks/status", R"({"taskId":"others"})"));
  heard_.unsolicited->say(said("notifications/tasks/status", R"({"taskId":"own"})"));
  heard_.unsolicited->say(said("notifications/message", "{" + about("others") + "}"));
  heard_.unsolicited->say(said("notifications/message", "{" + about("own") + "}"));

  const auto next = [&] { return message(run(session_.next_unsolicited(listener))->text()); };
  EXPECT_EQ(next().params().find_string("taskId"), sealed);
  EXPECT_EQ(next().params().raw(), R"({"_meta":{}})");
  EXPECT_EQ(next().params().raw(), "{" + about(sealed) + "}");
}

TEST_F(SessionWithTasksTest, says_what_belongs_to_a_task_under_the_servers_id) {
  answer(tools_page);
  const std::string sealed = made("own");
  const auto progress = [&](const std::string& id) {
    run(session_.notify(message(
        R"({"jsonrpc":"2.0","method":"notifications/progress","params":{)" + about(id) + "}}",
        mcp::Sender::client)));
    return heard_.last_params;
  };

  EXPECT_EQ(progress(sealed), "{" + about("own") + "}");
  EXPECT_EQ(progress("own"), R"({"_meta":{}})");
  answer(R"({"content":[]})");
  EXPECT_TRUE(call_tool("research", R"({"name":"research",)" + about("own") + "}"));
  EXPECT_EQ(last_call().params, R"({"name":"research","_meta":{}})");
}

TEST_F(SessionWithTasksTest, drives_a_tool_that_is_run_only_as_a_task) {
  answer(tools_page);
  answer(R"({"task":{"taskId":"own","status":"working"}})");
  answer(R"({"content":[1],)" + about("own") + "}");

  const Answer got = call_tool("only", R"({"name":"only"})");

  ASSERT_EQ(heard_.calls.size(), 3U);
  EXPECT_EQ(heard_.calls[1]->params, R"({"name":"only","task":{"ttl":86400000}})");
  EXPECT_EQ(last_call().method, "tasks/result");
  EXPECT_EQ(last_call().params, R"({"taskId":"own"})");
  EXPECT_EQ((*got)->message().result()->raw(), R"({"content":[1],"_meta":{}})");
}

TEST_F(SessionWithTasksTest, cancels_the_task_of_a_driven_call_that_is_cancelled) {
  answer(tools_page);
  answer(R"({"task":{"taskId":"own","status":"working"}})");
  auto calling = begin_on(
      scheduler_,
      session_.call(7, CallOrder(Kind::tool, "only", true,
                                 request("tools/call", R"({"name":"only"})"), Deadline::never())));
  EXPECT_EQ(last_call().method, "tasks/result");

  EXPECT_TRUE(run(session_.notify(
      message(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})",
              mcp::Sender::client))));
  scheduler_.run();

  EXPECT_EQ(calling.take().error().fault(), Fault::cancelled);
  EXPECT_EQ(last_call().method, "tasks/cancel");
  EXPECT_EQ(last_call().params, R"({"taskId":"own"})");
  EXPECT_TRUE(last_call().is_own);
}

TEST_F(SessionWithTasksTest,
       cancels_the_task_of_a_driven_call_that_was_cancelled_before_it_was_made) {
  answer(tools_page);
  auto calling = begin_on(
      scheduler_,
      session_.call(7, CallOrder(Kind::tool, "only", true,
                                 request("tools/call", R"({"name":"only"})"), Deadline::never())));
  EXPECT_TRUE(run(session_.notify(
      message(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})",
              mcp::Sender::client))));
  scheduler_.run();
  EXPECT_EQ(calling.take().error().fault(), Fault::cancelled);
  ASSERT_EQ(heard_.calls.size(), 2U);

  last_call().say(result(R"({"task":{"taskId":"own","status":"working"}})"));
  scheduler_.run();

  EXPECT_EQ(last_call().method, "tasks/cancel");
  EXPECT_EQ(last_call().params, R"({"taskId":"own"})");
}

TEST_F(SessionWithTasksTest, takes_an_answer_that_is_no_task_as_it_is) {
  answer(tools_page);
  answer(R"({"content":[]})");

  const Answer got = call_tool("only", R"({"name":"only"})");

  EXPECT_EQ((*got)->message().result()->raw(), R"({"content":[]})");
  EXPECT_EQ(heard_.calls.size(), 2U);
}

TEST_F(SessionWithTasksTest, passes_no_names_on_that_are_none) {
  answer(tools_page);
  for (const std::string& id : {std::string(), std::string(task_id_bytes_max + 1, 'x')}) {
    for (const std::string tool : {"research", "only"}) {
      answer(R"({"task":{"taskId":")" + id + R"("}})");
      const Answer got = call_tool(
          tool, tool == "only" ? R"({"name":"only"})" : R"({"name":"research","task":{}})");
      const bool is_fine = id.empty() && tool == "research";
      EXPECT_EQ((*got)->message().error().has_value(), !is_fine) << tool << id.size();
    }
  }
}

TEST_F(SessionWithTasksTest, shows_tools_as_clients_of_its_revision_may_use_them) {
  const auto listed = [&](McpSession& session) {
    answer(tools_page);
    const Answer got = call_in(
        session, CallOrder(Kind::none, "", true, request("tools/list", "{}"), Deadline::never()));
    return std::string((*got)->message().result()->raw());
  };
  McpSession older(scheduler_, std::make_unique<ScriptedSession>(heard_, with_tasks));

  EXPECT_NE(listed(session_).find(R"({"taskSupport":"optional"})"), std::string::npos);
  EXPECT_EQ(listed(older).find("execution"), std::string::npos);
  EXPECT_NE(session_.greeting(mcp::Id(1)).find("tasks"), std::string::npos);
  EXPECT_EQ(older.greeting(mcp::Id(1)).find("tasks"), std::string::npos);
  EXPECT_EQ(older.tasks(), mcp::TaskOffer());
}

}  // namespace
}  // namespace gateway

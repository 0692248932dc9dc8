#include <gtest/gtest.h>

#include "gateway/detail_test_server.h"
#include "gateway/mcp_session.h"

namespace gateway {
namespace {

using std::chrono::seconds;

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
  void answer_error(const std::string& said) {
    heard_.ready.emplace_back(refusal(R"({"code":-32602,"message":")" + said + R"("})"));
  }
  static Event refusal(const std::string& error) {
    return Event(Event::Kind::result, message(R"({"jsonrpc":"2.0","id":1,"error":)" + error + "}"));
  }
  static std::string error_of(const Answer& answer) {
    const auto error = (*answer)->message().error();
    return std::string(error ? error->find_string("message").value_or("") : "no error");
  }
  Answer list(const std::string& params) {
    return call_in(session_, CallOrder(Kind::none, "", true, request("tasks/list", params),
                                       Deadline::never()));
  }

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
  answer(R"({"tasks":[{"taskId":"others"},{"taskId":"own"}],"x":1})");

  EXPECT_EQ((*list("{}"))->message().result()->raw(),
            R"({"tasks":[{"taskId":")" + sealed + R"("}],"x":1})");
}

TEST_F(SessionWithTasksTest, goes_on_with_a_list_under_cursors_of_its_own) {
  answer(R"({"tasks":[],"nextCursor":"others-id"})");
  const Answer first = list("{}");
  const std::string cursor((*first)->message().result()->find_string("nextCursor").value());
  EXPECT_EQ((*first)->message().text().find("others-id"), std::string::npos);

  answer(R"({"tasks":[],"nextCursor":7})");
  EXPECT_EQ((*list(R"({"cursor":")" + cursor + R"("})"))->message().result()->raw(),
            R"({"tasks":[]})");
  EXPECT_EQ(last_call().params, R"({"cursor":"others-id"})");

  const std::size_t asked = heard_.calls.size();
  for (const char* none : {R"("others-id")", R"("")", "7", "null"}) {
    EXPECT_EQ(error_of(list(R"({"cursor":)" + std::string(none) + "}")), "Invalid cursor") << none;
  }
  EXPECT_EQ(heard_.calls.size(), asked);
}

TEST_F(SessionWithTasksTest, says_nothing_of_a_servers_cursors) {
  answer(R"({"tasks":[],"nextCursor":"others-id"})");
  const Answer first = list("{}");
  const std::string params =
      R"({"cursor":")" +
      std::string((*first)->message().result()->find_string("nextCursor").value()) + R"("})";

  answer_error("Failed to list tasks: Invalid cursor: others-id");
  EXPECT_EQ(error_of(list(params)), "Invalid cursor");
  heard_.ready.emplace_back(refusal(R"({"code":-32603,"message":"others-id","data":"others-id"})"));
  EXPECT_EQ((*list(params))->message().error()->raw(),
            R"({"code":-32603,"message":"The tasks cannot be listed from there"})");
  answer_error("in a bad mood");
  EXPECT_EQ(error_of(list("{}")), "in a bad mood");
  answer(R"({"tasks":[],"nextCursor":")" + std::string(task_cursor_bytes_max + 1, 'c') + R"("})");
  EXPECT_EQ(error_of(list("{}")), "The server's cursor is too long to be passed on");
}

TEST_F(SessionWithTasksTest, passes_no_task_on_that_nobody_asked_for) {
  answer(tools_page);
  answer(R"({"task":{"taskId":"own"}})");
  EXPECT_EQ(error_of(call_tool("research", R"({"name":"research"})")),
            "The server made a task that nobody asked for");
}

TEST_F(SessionWithTasksTest, takes_no_answer_about_another_task) {
  answer(tools_page);
  const std::string sealed = made("own");
  answer(R"({"taskId":"other","status":"completed"})");
  EXPECT_EQ(error_of(ask("tasks/get", sealed)), "The server's answer is about another task");
  // What a tool says is its own.
  answer(R"({"content":[],)" + about("other") + "}");
  EXPECT_EQ((*ask("tasks/result", sealed))->message().result()->raw(),
            R"({"content":[],"_meta":{}})");
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

TEST_F(SessionWithTasksTest, lets_a_call_belong_to_a_task_that_its_caller_may_use) {
  answer(tools_page);
  const std::string sealed = made("own-1");
  const auto call = [&](bool may_relate) {
    CallOrder order(Kind::tool, "research", true,
                    request("tools/call", R"({"name":"research",)" + about(sealed) + "}"),
                    Deadline::never());
    order.may_relate = may_relate;
    return call_in(session_, std::move(order));
  };

  answer_error("own-1 is over");
  EXPECT_EQ(error_of(call(true)), sealed + " is over");
  EXPECT_EQ(last_call().params, R"({"name":"research",)" + about("own-1") + "}");
  answer(R"({"content":[],)" + about("own-1") + "}");
  EXPECT_EQ((*call(true))->message().result()->raw(), R"({"content":[],)" + about(sealed) + "}");
  answer(R"({"content":[]})");
  EXPECT_TRUE(call(false));
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

TEST_F(SessionWithTasksTest, cancels_a_task_that_was_made_as_its_driven_call_was_cancelled) {
  answer(tools_page);
  auto calling = begin_on(
      scheduler_,
      session_.call(7, CallOrder(Kind::tool, "only", true,
                                 request("tools/call", R"({"name":"only"})"), Deadline::never())));
  ASSERT_EQ(heard_.calls.size(), 2U);
  const std::shared_ptr<Script> making = heard_.calls.back();

  // Both in one turn: who waits for the answer is woken by it, and finds the call cancelled.
  Task<Result<>> cancelling = session_.notify(
      message(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})",
              mcp::Sender::client));
  making->say(result(R"({"task":{"taskId":"own","status":"working"}})"));
  cancelling.start(scheduler_, std::noop_coroutine());
  scheduler_.run();

  EXPECT_EQ(calling.take().error().fault(), Fault::cancelled);
  EXPECT_EQ(last_call().method, "tasks/cancel");
  EXPECT_EQ(last_call().params, R"({"taskId":"own"})");
}

TEST_F(SessionWithTasksTest, cancels_a_task_that_is_made_too_late) {
  answer(tools_page);
  auto calling = begin_on(scheduler_,
                          session_.call(7, CallOrder(Kind::tool, "only", true,
                                                     request("tools/call", R"({"name":"only"})"),
                                                     Deadline::in(scheduler_.now(), seconds(60)))));
  const std::shared_ptr<Script> making = heard_.calls.back();
  EXPECT_EQ(making->deadline, Deadline::in(scheduler_.now(), seconds(70)));
  scheduler_.advance(seconds(61));
  EXPECT_EQ(calling.take().error().fault(), Fault::timed_out);
  EXPECT_FALSE(making->is_gone);
  making->say(question(5));
  making->say(result(R"({"task":{"taskId":"own","status":"working"}})"));
  scheduler_.run();

  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{5});
  EXPECT_EQ(last_call().method, "tasks/cancel");
  EXPECT_EQ(last_call().params, R"({"taskId":"own"})");
}

TEST_F(SessionWithTasksTest, says_errors_of_a_driven_task_without_its_id) {
  answer(tools_page);
  answer(R"({"task":{"taskId":"task-0815","status":"working"}})");
  answer_error("Task task-0815 not found");
  EXPECT_EQ(error_of(call_tool("only", R"({"name":"only"})")), "Task (of this call) not found");
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

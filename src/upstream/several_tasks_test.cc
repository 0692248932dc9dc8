// Tasks of several targets: whose they are stands in their ids.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_scheduler.h"
#include "upstream/detail_fake_target.h"
#include "upstream/detail_stdio_world.h"
#include "upstream/several.h"

namespace upstream {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr const char* with_tasks =
    R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{},"tasks":{"list":{},"cancel":{},)"
    R"("requests":{"tools":{"call":{}}}}},"serverInfo":{"name":"fake","version":"1"}})";

std::string related(const std::string& id) {
  return R"("_meta":{"io.modelcontextprotocol/related-task":{"taskId":")" + id + R"("}})";
}

class SeveralTasksTest : public testing::Test {
 protected:
  SeveralTasksTest() {
    a_->greeting = with_tasks;
    b_->greeting = with_tasks;
    for (const auto& each : {a_, b_, c_}) {
      each->results["tools/list"] =
          R"({"tools":[{"name":"t","execution":{"taskSupport":"required"}}]})";
      each->results["tools/call"] = R"({"task":{"taskId":"1"}})";
      each->results["tasks/get"] = R"({"taskId":"1","status":"working"})";
      each->results["tasks/list"] = R"({"tasks":[{"taskId":"1"},{"taskId":"2"}]})";
    }
    std::vector<mcp::TargetName> names;
    std::vector<std::shared_ptr<Target>> targets;
    for (const auto& each : {a_, b_, c_}) {
      names.emplace_back(each->name);
      targets.push_back(make_fake_target(each));
    }
    target_ = make_several_target(std::make_shared<const mcp::Naming>(std::move(names)),
                                  std::move(targets), SeveralSettings(),
                                  Log(log_, LogFormat::text, LogLevel::info));
    const auto params = json::Document::parse(
        R"({"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}})");
    const Deadline deadline = Deadline::in(scheduler_.now(), seconds(30));
    session_ = std::move(*finish(target_->open(nullptr, params->root(), deadline)));
  }
  template <class T>
  T finish(Task<T> task) {
    task.start(scheduler_, std::noop_coroutine());
    scheduler_.run();
    if (!task.is_done()) throw std::runtime_error("it is not done");
    return task.take();
  }
  std::string ask(std::string_view method, const std::string& params = "{}") {
    const auto document = json::Document::parse(params);
    mcp::Call call(method, document->root(), Deadline::in(scheduler_.now(), seconds(60)));
    call.keep_task();
    auto now = session_->start_now(call);
    auto begun = now ? std::move(*now) : finish(session_->start(call));
    const Result<Event> event = finish((*begun)->next());
    const mcp::Message& message = event->message();
    return std::string(message.result() ? message.result()->raw() : message.error()->raw());
  }
  std::string heard() { return finish(session_->next_unsolicited())->text(); }

  ManualScheduler scheduler_;
  MemoryLog log_;
  std::shared_ptr<FakeServer> a_ = std::make_shared<FakeServer>("a");
  std::shared_ptr<FakeServer> b_ = std::make_shared<FakeServer>("b");
  std::shared_ptr<FakeServer> c_ = std::make_shared<FakeServer>("c");
  std::unique_ptr<Target> target_;
  std::unique_ptr<Session> session_;
};

// 2026-07-28: a task that is over holds the result of its call.
TEST_F(SeveralTasksTest, have_results_with_addresses_as_the_client_knows_them) {
  const std::string link =
      R"("result":{"content":[{"type":"resource_link","uri":"file:///x","name":"x"}]}})";
  a_->results["tasks/get"] = R"({"taskId":"1","status":"completed",)" + link;
  EXPECT_THAT(ask("tasks/get", R"({"taskId":"a+1"})"), HasSubstr(R"("uri":"a+file:///x")"));

  b_->say(R"({"jsonrpc":"2.0","method":"notifications/tasks/status","params":)"
          R"({"taskId":"1","status":"completed",)" +
          link + "}");
  const std::string told = heard();
  EXPECT_THAT(told, HasSubstr(R"("uri":"b+file:///x")"));
  EXPECT_THAT(told, HasSubstr(R"("taskId":"b+1")"));
}

TEST_F(SeveralTasksTest, are_nothing_at_a_target_that_has_none) {
  EXPECT_THAT(ask("tasks/get", R"({"taskId":"c+1"})"), HasSubstr("Task not found"));
  EXPECT_THAT(ask("tasks/cancel", R"({"taskId":"c+1"})"), HasSubstr("Task not found"));
  // It has those of the other revision only.
  EXPECT_THAT(ask(watch_task, R"({"taskId":"a+1"})"), HasSubstr("Task not found"));
}

TEST_F(SeveralTasksTest, are_offered_if_one_target_has_them) {
  EXPECT_THAT(std::string(session_->initialized().result()->raw()),
              HasSubstr(R"("tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}})"));
  EXPECT_EQ(
      ask("tools/list"),
      R"({"tools":[{"name":"a_t","execution":{"taskSupport":"required"}},{"name":"b_t","execution":{"taskSupport":"required"}},{"name":"c_t"}]})");
}

TEST_F(SeveralTasksTest, are_asked_for_where_they_are) {
  EXPECT_EQ(ask("tools/call", R"({"name":"b_t","task":{}})"), R"({"task":{"taskId":"b+1"}})");
  EXPECT_EQ(b_->received.back(), R"(tools/call {"name":"t","task":{}})");
  EXPECT_EQ(ask("tasks/get", R"({"taskId":"b+1"})"), R"({"taskId":"b+1","status":"working"})");
  EXPECT_EQ(b_->received.back(), R"(tasks/get {"taskId":"1"})");
  (void)ask("tools/call", R"({"name":"c_t","task":{}})");
  EXPECT_EQ(c_->received.back(), R"(tools/call {"name":"t"})");
  for (const char* id : {"1", "d+1", "", "+1"}) {
    EXPECT_THAT(ask("tasks/get", R"({"taskId":")" + std::string(id) + R"("})"),
                HasSubstr("Task not found"));
  }
}

TEST_F(SeveralTasksTest, are_listed_together) {
  EXPECT_EQ(ask("tasks/list"),
            R"({"tasks":[{"taskId":"a+1"},{"taskId":"a+2"},{"taskId":"b+1"},{"taskId":"b+2"}]})");
  EXPECT_EQ(c_->count("tasks/list"), 0u);
}

TEST_F(SeveralTasksTest, are_listed_from_where_the_call_is_changed_to_say) {
  const auto params = json::Document::parse(R"({"cursor":"as the client knows it"})");
  mcp::Call call("tasks/list", params->root(), Deadline::in(scheduler_.now(), seconds(60)));
  mcp::ParamsEdit edit;
  edit.cursor = "MQ";  // the second target
  call.change(std::move(edit));
  const auto begun = session_->start_now(call);
  ASSERT_TRUE(begun);
  EXPECT_THAT(std::string(finish((**begun)->next())->message().text()),
              HasSubstr(R"({"tasks":[{"taskId":"b+1"},{"taskId":"b+2"}]})"));
}

TEST_F(SeveralTasksTest, are_meant_by_what_is_said_of_them) {
  a_->say(R"({"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"1"}})");
  EXPECT_THAT(heard(), HasSubstr(R"("taskId":"a+1")"));
  b_->say(R"({"jsonrpc":"2.0","method":"notifications/message","params":{)" + related("1") + "}}");
  EXPECT_THAT(heard(), HasSubstr(related("b+1")));
  b_->results["tasks/result"] = R"({"content":[],)" + related("1") + "}";
  EXPECT_EQ(ask("tasks/result", R"({"taskId":"b+1"})"), R"({"content":[],)" + related("b+1") + "}");
  (void)ask("tools/call", R"({"name":"b_t",)" + related("b+7") + "}");
  EXPECT_EQ(b_->received.back(), R"(tools/call {"name":"t",)" + related("7") + "}");
  (void)ask("tools/call", R"({"name":"b_t",)" + related("a+7") + "}");
  EXPECT_THAT(b_->received.back(), Not(HasSubstr("7")));
}

}  // namespace
}  // namespace upstream

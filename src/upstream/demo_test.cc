#include "upstream/demo.h"

#include <gtest/gtest.h>

#include "base/manual_scheduler.h"

namespace upstream {
namespace {

class DemoTest : public testing::Test {
 protected:
  void SetUp() override { session_ = open("2025-06-18"); }

  std::unique_ptr<Session> open(const std::string& version) {
    const auto params = json::Document::parse(
        R"({"protocolVersion":")" + version +
        R"(","capabilities":{"roots":{}},"clientInfo":{"name":"t","version":"1"}})");
    auto task = target_->open(nullptr, params->root(), Deadline::never());
    return std::move(*finish(std::move(task)));
  }
  template <class T>
  T finish(Task<T> task) {
    task.start(scheduler_, std::noop_coroutine());
    scheduler_.run();
    EXPECT_TRUE(task.is_done());
    return task.take();
  }
  // The result's or error's text.
  std::string ask(std::string_view method, std::string_view params = "{}") {
    const auto document = json::Document::parse(std::string(params));
    auto conversation =
        finish(session_->start(mcp::Call(method, document->root(), Deadline::never())));
    const Result<Event> event = finish((*conversation)->next());
    EXPECT_EQ(event->kind(), Event::Kind::result);
    const mcp::Message& message = event->message();
    return std::string(message.result() ? message.result()->raw() : message.error()->raw());
  }

  ManualScheduler scheduler_;
  std::unique_ptr<Target> target_ = make_demo_target(mcp::TargetName("demo"));
  std::unique_ptr<Session> session_;
};

TEST_F(DemoTest, speaks_the_clients_revision) {
  EXPECT_EQ(session_->revision(), mcp::Revision::v2025_06_18);
  const auto result = *session_->initialized().result();
  EXPECT_EQ(result.find_string("protocolVersion"), "2025-06-18");
  EXPECT_TRUE(result.find("capabilities")->find("tools"));
  EXPECT_TRUE(result.find("serverInfo")->find_string("version"));
  EXPECT_EQ(open("1999-01-01")->revision(), mcp::latest_legacy);
}

TEST_F(DemoTest, refuses_an_initialize_without_what_it_needs) {
  const auto params = json::Document::parse(R"({"capabilities":{}})");
  auto task = target_->open(nullptr, params->root(), Deadline::never());

  EXPECT_EQ(finish(std::move(task)).error().fault(), Fault::bad_request);
}

TEST_F(DemoTest, lists_three_tools_with_schemas) {
  const auto list = json::Document::parse(ask("tools/list"));
  std::vector<std::string> names;
  for (const json::Value tool : list->root().find("tools")->elements()) {
    names.emplace_back(*tool.find_string("name"));
    EXPECT_EQ(tool.find("inputSchema")->find_string("type"), "object");
    EXPECT_TRUE(tool.find_string("description"));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"echo", "add", "printEnv"}));
}

TEST_F(DemoTest, calls_its_tools) {
  EXPECT_EQ(ask("tools/call", R"({"name":"echo","arguments":{"message":"hi \"you\""}})"),
            R"({"content":[{"type":"text","text":"Echo: hi \"you\""}]})");
  EXPECT_EQ(ask("tools/call", R"({"name":"add","arguments":{"a":2,"b":3}})"),
            R"({"content":[{"type":"text","text":"The sum of 2 and 3 is 5."}]})");
  EXPECT_EQ(ask("tools/call", R"({"name":"add","arguments":{"a":0.5,"b":-3}})"),
            R"({"content":[{"type":"text","text":"The sum of 0.5 and -3 is -2.5."}]})");
  EXPECT_NE(ask("tools/call", R"({"name":"printEnv"})").find("/home/demo"), std::string::npos);
}

TEST_F(DemoTest, says_what_is_wrong_with_arguments) {
  for (const char* params : {R"({"name":"echo"})", R"({"name":"echo","arguments":{"message":1}})",
                             R"({"name":"add","arguments":{"a":"2","b":3}})"}) {
    EXPECT_NE(ask("tools/call", params).find(R"("isError":true)"), std::string::npos) << params;
  }
}

TEST_F(DemoTest, answers_for_unknown_names_and_methods) {
  EXPECT_EQ(ask("tools/call", R"({"name":"nope"})"),
            R"({"code":-32602,"message":"Unknown tool: nope"})");
  EXPECT_EQ(ask("prompts/get", R"({"name":"nope"})"),
            R"({"code":-32602,"message":"Unknown prompt: nope"})");
  EXPECT_NE(ask("resources/read", R"({"uri":"demo://nope"})").find("-32002"), std::string::npos);
  EXPECT_NE(ask("tasks/list").find("-32601"), std::string::npos);
  EXPECT_EQ(ask("ping"), "{}");
}

TEST_F(DemoTest, has_a_prompt_and_a_resource) {
  EXPECT_NE(ask("prompts/list").find("greeting"), std::string::npos);
  EXPECT_NE(ask("prompts/get", R"({"name":"greeting","arguments":{"name":"Ada"}})").find("Ada"),
            std::string::npos);
  EXPECT_NE(ask("resources/list").find("demo://welcome"), std::string::npos);
  EXPECT_NE(ask("resources/read", R"({"uri":"demo://welcome"})").find("built-in demo"),
            std::string::npos);
  EXPECT_EQ(ask("resources/templates/list"), R"({"resourceTemplates":[]})");
}

}  // namespace
}  // namespace upstream

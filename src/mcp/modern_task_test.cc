#include "mcp/modern_task.h"

#include <gtest/gtest.h>

namespace mcp {
namespace {

json::Document parsed(const std::string& text) {
  auto document = json::Document::parse(text);
  EXPECT_TRUE(document) << text;
  return std::move(*document);
}

TEST(ModernTask, capabilities_name_the_extension_as_an_object) {
  const struct {
    const char* capabilities;
    bool has;
  } cases[] = {
      {R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})", true},
      {R"({"extensions":{"x/y":{},"io.modelcontextprotocol/tasks":{"z":1}}})", true},
      {R"({"extensions":{"io.modelcontextprotocol/tasks":true}})", false},
      {R"({"extensions":{"io.modelcontextprotocol/tasks":null}})", false},
      {R"({"extensions":["io.modelcontextprotocol/tasks"]})", false},
      {R"({"tasks":{"list":{}}})", false},
      {R"({"io.modelcontextprotocol/tasks":{}})", false},
      {"{}", false},
      {"7", false},
  };
  for (const auto& one : cases) {
    const json::Document document = parsed(one.capabilities);
    EXPECT_EQ(has_tasks_extension(document.root()), one.has) << one.capabilities;
  }
}

TEST(ModernTask, knows_its_methods) {
  for (const char* method : {"tasks/get", "tasks/update", "tasks/cancel"}) {
    EXPECT_TRUE(is_task_method(method)) << method;
  }
  for (const char* method : {"tasks/list", "tasks/result", "tools/call", ""}) {
    EXPECT_FALSE(is_task_method(method)) << method;
  }
}

TEST(ModernTask, has_an_id_of_use) {
  const auto id = [](const std::string& text) {
    const json::Document document = parsed(text);
    return task_id_of(document.root());
  };
  EXPECT_EQ(id(R"({"taskId":"a\u0062"})"), "ab");
  EXPECT_EQ(id(R"({"taskId":")" + std::string(1024, 'x') + "\"}"), std::string(1024, 'x'));
  EXPECT_FALSE(id(R"({"taskId":")" + std::string(1025, 'x') + "\"}"));
  EXPECT_FALSE(id(R"({"taskId":""})"));
  EXPECT_FALSE(id(R"({"taskId":7})"));
  EXPECT_FALSE(id("{}"));
}

TEST(ModernTask, is_asked_about_under_the_servers_id) {
  const json::Document document = parsed(
      R"({"taskId":"sealed","inputResponses":{"k":{"action":"accept"}},"requestState":"s","other":1,)"
      R"("_meta":{"a":1,"io.modelcontextprotocol/protocolVersion":"2026-07-28"}})");
  EXPECT_EQ(task_params(document.root(), "own\""),
            R"({"taskId":"own\"","inputResponses":{"k":{"action":"accept"}},"_meta":{"a":1}})");
  const json::Document bare = parsed(R"({"taskId":"sealed","_meta":{}})");
  EXPECT_EQ(task_params(bare.root(), "own"), R"({"taskId":"own"})");
}

TEST(ModernTask, is_shown_under_the_clients_id) {
  const json::Document document =
      parsed(R"({"resultType":"task","taskId":"own","status":"working","ttlMs":null,)"
             R"("_meta":{"a":1,"io.modelcontextprotocol/related-task":{"taskId":"own"}}})");
  EXPECT_EQ(task_text(document.root(), TaskFace{"sealed", "complete", "m", "{}"}),
            R"({"resultType":"complete","taskId":"sealed","status":"working","ttlMs":null,)"
            R"("_meta":{"a":1,"m":{}}})");
  EXPECT_EQ(task_text(document.root(), TaskFace{"sealed", {}, {}, {}}),
            R"({"taskId":"sealed","status":"working","ttlMs":null,"_meta":{"a":1}})");
}

TEST(ModernTask, who_does_not_declare_it_is_told_what_to_declare) {
  EXPECT_EQ(tasks_required_data(),
            R"({"requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}})");
}

}  // namespace
}  // namespace mcp

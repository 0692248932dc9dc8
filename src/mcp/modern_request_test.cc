#include "mcp/modern_request.h"

#include <gtest/gtest.h>

namespace mcp {
namespace {

json::Document parsed(const std::string& text) {
  auto document = json::Document::parse(text);
  EXPECT_TRUE(document) << text;
  return std::move(*document);
}

TEST(ModernRequest, says_who_asks_in_each_request) {
  const json::Document initialize = parsed(
      R"({"capabilities":{"sampling":{"tools":{}},"elicitation":{},"roots":{"listChanged":true},)"
      R"("tasks":{},"experimental":{}},"clientInfo":{"name":"c","version":"2"}})");
  const ModernClient client(initialize.root());
  EXPECT_EQ(client.capabilities(), R"({"sampling":{"tools":{}},"elicitation":{},"roots":{}})");
  EXPECT_TRUE(client.answers("sampling/createMessage"));
  EXPECT_FALSE(client.answers("tasks/get"));
  ModernSaying saying(client);
  saying.progress_token = "7";
  const json::Document params = parsed(
      R"({"name":"x","task":{},"inputResponses":{"a":1},"requestState":"mine",)"
      R"("_meta":{"traceparent":"t","progressToken":"p","io.modelcontextprotocol/clientInfo":{}}})");
  EXPECT_EQ(
      modern_params(params.root(), saying),
      R"({"name":"x","_meta":{"traceparent":"t","io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientInfo":{"name":"c","version":"2"},)"
      R"("io.modelcontextprotocol/clientCapabilities":{"sampling":{"tools":{}},"elicitation":{},"roots":{}},)"
      R"("progressToken":7}})");
}

TEST(ModernRequest, hands_back_answers_and_the_state_exactly_as_it_came) {
  const json::Document initialize = parsed(R"({"capabilities":{},"clientInfo":{"name":"c"}})");
  const ModernClient client(initialize.root());
  ModernRetry retry;
  retry.answers = {{"k", R"({"action":"cancel"})"}};
  retry.state = R"("a\u0041")";
  ModernSaying saying(client);
  saying.retry = &retry;
  const std::string text = modern_params(json::Value(), saying);
  EXPECT_NE(text.find(R"("inputResponses":{"k":{"action":"cancel"}},"requestState":"a\u0041")"),
            std::string::npos)
      << text;
}

TEST(ModernRequest, encodes_what_cannot_stand_in_a_field) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"plain", "plain"},
      {"with space", "with space"},
      {"", ""},
      {" edge", "=?base64?IGVkZ2U=?="},
      {"tab\t", "=?base64?dGFiCQ==?="},
      {"caf\xC3\xA9", "=?base64?Y2Fmw6k=?="},
      {"a\r\nb", "=?base64?YQ0KYg==?="},
      {"=?base64?YQ==?=", "=?base64?PT9iYXNlNjQ/WVE9PT89?="},
  };
  for (const auto& [text, field] : cases) EXPECT_EQ(header_text(text), field);
}

// The schema of a tool, and the fields that its arguments are said in; empty: it breaks the rules.
TEST(ModernRequest, finds_the_arguments_that_are_said_in_fields) {
  const auto fields_of = [](const std::string& schema) -> std::string {
    const json::Document tool = parsed(R"({"name":"t","inputSchema":)" + schema + "}");
    const auto fields = tool_headers(tool.root());
    if (!fields) return "";
    std::string text = ".";
    for (const ToolHeader& field : *fields) {
      text += field.field + "=";
      for (const std::string& name : field.path) text += "/" + name;
    }
    return text;
  };
  const auto property = [](const std::string& rest) {
    return R"({"type":"object","properties":{"a":{)" + rest + "}}}";
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"type":"object"})", "."},
      {property(R"("type":"string","x-mcp-header":"Region")"), ".mcp-param-region=/a"},
      {property(R"("type":"boolean","x-mcp-header":"R")"), ".mcp-param-r=/a"},
      {property(R"("type":"object","properties":{"b":{"type":"integer","x-mcp-header":"N"}})"),
       ".mcp-param-n=/a/b"},
      {R"({"type":"object","properties":{"x-mcp-header":{"type":"string"}}})", "."},
      {property(R"("type":"number","x-mcp-header":"N")"), ""},
      {property(R"("type":"string","x-mcp-header":"")"), ""},
      {property(R"("type":"string","x-mcp-header":"no good")"), ""},
      {property(R"("type":"string","x-mcp-header":7)"), ""},
      {property(R"("type":"array","items":{"type":"string","x-mcp-header":"N"})"), ""},
      {R"({"anyOf":[{"properties":{"a":{"type":"string","x-mcp-header":"N"}}}]})", ""},
      {R"({"properties":{"a":{"type":"string","x-mcp-header":"N"},)"
       R"("b":{"type":"string","x-mcp-header":"n"}}})",
       ""},
  };
  for (const auto& [schema, fields] : cases) EXPECT_EQ(fields_of(schema), fields) << schema;
}

TEST(ModernRequest, writes_arguments_as_fields) {
  const json::Document arguments =
      parsed(R"({"s":" x","i":-3,"whole":4.0,"b":true,"null":null,"o":{"deep":"d"}})");
  const auto value_of = [&](std::vector<std::string> path) {
    return tool_header_value(ToolHeader{"f", std::move(path)}, arguments.root()).value_or("none");
  };
  EXPECT_EQ(value_of({"s"}), "=?base64?IHg=?=");
  EXPECT_EQ(value_of({"i"}), "-3");
  EXPECT_EQ(value_of({"whole"}), "4");
  EXPECT_EQ(value_of({"b"}), "true");
  EXPECT_EQ(value_of({"null"}), "none");
  EXPECT_EQ(value_of({"o", "deep"}), "d");
  EXPECT_EQ(value_of({"absent"}), "none");
}

}  // namespace
}  // namespace mcp

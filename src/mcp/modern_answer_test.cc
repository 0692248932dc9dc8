#include "mcp/modern_answer.h"

#include <gtest/gtest.h>

#include "mcp/write.h"

namespace mcp {
namespace {

json::Document parsed(const std::string& text) {
  auto document = json::Document::parse(text);
  EXPECT_TRUE(document) << text;
  return std::move(*document);
}

std::string shown(std::string_view method, const std::string& result, Revision revision) {
  const AnswerView view(revision, [](json::Value) { return true; });
  return result_for(method, parsed(result).root(), view);
}

TEST(ModernAnswer, stands_for_initialize) {
  const json::Document sloppy = parsed(R"({"supportedVersions":["2026-07-28"]})");
  EXPECT_EQ(
      initialize_result(sloppy.root(), Revision::v2025_06_18, "target"),
      R"({"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"target","version":"unknown"}})");
  const json::Document whole = parsed(
      R"({"capabilities":{"tools":{},"tasks":{},"extensions":{}},"instructions":"i",)"
      R"("serverInfo":{"name":"old place","version":"1"},)"
      R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","title":"T","version":"2"}}})");
  EXPECT_EQ(
      initialize_result(whole.root(), Revision::v2025_11_25, "target"),
      R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"title":"T","name":"s","version":"2"},"instructions":"i"})");
}

TEST(ModernAnswer, turns_content_that_old_revisions_do_not_know_into_text) {
  const std::string result =
      R"({"content":[{"type":"resource_link","uri":"a://b","name":"n"},{"type":"audio","data":"","mimeType":"audio/wav"}]})";
  EXPECT_EQ(shown("tools/call", result, Revision::v2025_11_25), result);
  EXPECT_EQ(
      shown("tools/call", result, Revision::v2025_03_26),
      R"({"content":[{"type":"text","text":"a://b"},{"type":"audio","data":"","mimeType":"audio/wav"}]})");
  EXPECT_EQ(shown("tools/call", result, Revision::v2024_11_05),
            R"({"content":[{"type":"text","text":"a://b"},{"type":"text","text":"[audio/wav]"}]})");
}

TEST(ModernAnswer, reads_what_a_server_requires) {
  const auto required = input_required(
      parsed(R"({"inputRequests":{"k":{"method":"roots/list"}},"requestState":{"any":1}})").root());
  ASSERT_TRUE(required);
  EXPECT_EQ(required->questions.at("k").method, "roots/list");
  EXPECT_EQ(required->state, R"({"any":1})");
  EXPECT_FALSE(input_required(parsed(R"({"resultType":"input_required"})").root()));
  EXPECT_FALSE(input_required(parsed(R"({"inputRequests":{"k":{}}})").root()));
}

TEST(ModernAnswer, never_uses_codes_that_older_clients_take_for_something_else) {
  const auto code_of = [](std::string_view method, const std::string& error,
                          Revision revision = Revision::v2025_11_25) {
    const json::Document response =
        parsed(error_for(method, parsed(error).root(), Id(std::uint64_t{1}), revision));
    return response.root().find("error")->find("code")->as_int();
  };
  EXPECT_EQ(code_of("tools/call", R"({"code":-32021,"message":"m"})"), -32602);
  EXPECT_EQ(code_of("tools/call", R"({"code":-32020,"message":"m"})"), -32603);
  EXPECT_EQ(code_of("tools/call", R"({"code":-32022,"message":"m"})"), -32603);
  EXPECT_EQ(code_of("tools/call", R"({"code":5000000000,"message":"m"})"), -32603);
  EXPECT_EQ(code_of("tools/call", R"({"code":7,"message":"m"})"), 7);
  EXPECT_EQ(code_of("resources/read", R"({"code":-32602,"message":"Not Found"})"), -32002);
  const Revision modern = Revision::v2026_07_28;
  EXPECT_EQ(code_of("resources/read", R"({"code":-32602,"message":"Not Found"})", modern), -32602);
  EXPECT_EQ(code_of("tools/call", R"({"code":-32021,"message":"m"})", modern), -32021);
  EXPECT_EQ(code_of("tools/call", R"({"code":-32020,"message":"m"})", modern), -32603);
}

}  // namespace
}  // namespace mcp

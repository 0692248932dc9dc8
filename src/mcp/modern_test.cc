#include "mcp/modern.h"

#include <gtest/gtest.h>

#include "mcp/modern_result.h"

namespace mcp {
namespace {

Message read_ok(std::string text, Sender sender = Sender::client) {
  auto message = read(std::move(text), sender);
  EXPECT_TRUE(message.has_value()) << text;
  return std::move(*message);
}

json::Document parse(std::string text) {
  auto document = json::Document::parse(std::move(text));
  EXPECT_TRUE(document.has_value()) << text;
  return std::move(*document);
}

Message call(const std::string& meta, const std::string& name = "echo") {
  return read_ok(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + name +
                 R"(","_meta":)" + meta + "}}");
}

const std::string good_meta =
    R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

ModernHeaders good_headers() {
  return ModernHeaders{{"2026-07-28"}, {"tools/call"}, {"echo"}};
}

Code fault_of(const Message& message, const ModernHeaders& headers) {
  const auto judged = judge_modern(message, headers);
  EXPECT_FALSE(judged.has_value());
  if (judged) return Code::internal_error;
  EXPECT_EQ(judged.error().status(), 400);
  return judged.error().code();
}

TEST(Modern, takes_a_request_that_says_everything_about_itself) {
  const auto judged = judge_modern(call(good_meta), good_headers());
  ASSERT_TRUE(judged);
  EXPECT_TRUE(judged->asks.is_empty());
  EXPECT_FALSE(judged->log_level);
  EXPECT_TRUE(judged->client_info.is_null());
}

TEST(Modern, refuses_headers_that_say_something_else_than_the_body) {
  const Message message = call(good_meta);
  for (auto change :
       {+[](ModernHeaders& h) { h.version.clear(); },
        +[](ModernHeaders& h) { h.version = {"2025-11-25"}; },
        +[](ModernHeaders& h) { h.version = {"2026-07-28", "2026-07-28"}; },
        +[](ModernHeaders& h) { h.method.clear(); },
        +[](ModernHeaders& h) { h.method = {"Tools/Call"}; },
        +[](ModernHeaders& h) { h.method = {"tools/call", "tools/call"}; },
        +[](ModernHeaders& h) { h.name.clear(); }, +[](ModernHeaders& h) { h.name = {"Echo"}; },
        +[](ModernHeaders& h) { h.name = {"=?base64?ZWNobw?="}; },
        +[](ModernHeaders& h) { h.name = {"=?BASE64?ZWNobw==?="}; }}) {
    ModernHeaders headers = good_headers();
    change(headers);
    EXPECT_EQ(fault_of(message, headers), Code::header_mismatch);
  }
  ModernHeaders headers = good_headers();
  headers.name = {"=?base64?ZWNobw==?="};
  EXPECT_TRUE(judge_modern(message, headers));
}

TEST(Modern, refuses_what_lacks_its_own_description) {
  for (
      const std::string meta :
      {R"({})", R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28"})",
       R"({"io.modelcontextprotocol/clientCapabilities":{}})",
       R"({"io.modelcontextprotocol/protocolVersion":7,"io.modelcontextprotocol/clientCapabilities":{}})",
       R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":[]})",
       R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/logLevel":"loud"})"}) {
    EXPECT_EQ(fault_of(call(meta), good_headers()), Code::invalid_params) << meta;
  }
}

TEST(Modern, names_the_revisions_it_speaks_to_one_of_another) {
  ModernHeaders headers = good_headers();
  headers.version = {"2027-01-01"};
  const Message message = call(
      R"({"io.modelcontextprotocol/protocolVersion":"2027-01-01","io.modelcontextprotocol/clientCapabilities":{}})");
  EXPECT_EQ(fault_of(message, headers), Code::unsupported_version);
  const std::string data = judge_modern(message, headers).error().data();
  EXPECT_NE(data.find(R"("2026-07-28")"), std::string::npos) << data;
  EXPECT_NE(data.find(R"("requested":"2027-01-01")"), std::string::npos) << data;
}

TEST(Modern, writes_the_same_abilities_in_the_same_words) {
  const auto text = [](const std::string& declared) {
    const json::Document document = parse(declared);
    return AskCapabilities::from(document.root()).text();
  };
  EXPECT_EQ(text("{}"), "{}");
  EXPECT_EQ(text(R"({"experimental":{},"roots":true})"), "{}");
  EXPECT_EQ(text(R"({"elicitation":{}})"), text(R"({"elicitation":{"form":{}}})"));
  EXPECT_EQ(text(R"({"elicitation":{"url":{}}})"), R"({"elicitation":{"url":{}}})");
  EXPECT_EQ(text(R"({"sampling":{"tools":{}},"roots":{"listChanged":true}})"),
            R"({"roots":{},"sampling":{"tools":{}}})");
}

TEST(Modern, asks_a_client_only_what_it_can_answer) {
  const auto may = [](const std::string& declared, const std::string& question) {
    const json::Document document = parse(declared);
    return AskCapabilities::from(document.root())
        .allow(read_ok(R"({"jsonrpc":"2.0","id":1,"method":)" + question + "}", Sender::server));
  };
  EXPECT_TRUE(may(R"({"roots":{}})", R"("roots/list")"));
  EXPECT_FALSE(may(R"({"sampling":{}})", R"("roots/list")"));
  EXPECT_TRUE(may(R"({"sampling":{}})", R"("sampling/createMessage","params":{})"));
  EXPECT_FALSE(may(R"({"sampling":{}})", R"("sampling/createMessage","params":{"tools":[]})"));
  EXPECT_TRUE(
      may(R"({"sampling":{"tools":{}}})", R"("sampling/createMessage","params":{"tools":[]})"));
  EXPECT_TRUE(may(R"({"elicitation":{}})", R"("elicitation/create","params":{})"));
  EXPECT_TRUE(may(R"({"elicitation":{}})", R"("elicitation/create","params":{"mode":"form"})"));
  EXPECT_FALSE(may(R"({"elicitation":{}})", R"("elicitation/create","params":{"mode":"url"})"));
  EXPECT_FALSE(may(R"({"elicitation":{"url":{}}})", R"("elicitation/create","params":{})"));
  EXPECT_TRUE(
      may(R"({"elicitation":{"url":{}}})", R"("elicitation/create","params":{"mode":"url"})"));
  EXPECT_FALSE(may(R"({"elicitation":{}})", R"("elicitation/create","params":{"mode":"new"})"));
  EXPECT_FALSE(may(R"({"roots":{},"sampling":{},"elicitation":{}})", R"("other/method")"));
}

TEST(Modern, finds_the_arguments_that_headers_repeat) {
  const json::Document schema = parse(
      R"({"type":"object","properties":{)"
      R"("region":{"type":"string","x-mcp-header":"Region"},)"
      R"("count":{"type":"integer","x-mcp-header":"count"},)"
      R"("ratio":{"type":"number","x-mcp-header":"ratio"},)"
      R"("bad":{"type":"string","x-mcp-header":"no token"},)"
      R"("list":{"type":"array","items":{"properties":{"x":{"type":"string","x-mcp-header":"x"}}}},)"
      R"("inner":{"type":"object","properties":{"flag":{"type":"boolean","x-mcp-header":"flag"}}}}})");
  const auto found = mirrored_arguments(schema.root());
  const std::vector<MirroredArgument> expected = {
      {"mcp-param-region", {"region"}},
      {"mcp-param-count", {"count"}},
      {"mcp-param-flag", {"inner", "flag"}},
  };
  EXPECT_EQ(found, expected);
}

TEST(Modern, compares_headers_with_arguments) {
  const json::Document arguments =
      parse(R"({"s":"eu","e":"=?base64?eA==?=","i":7,"t":true,"n":null,"o":{"in":"deep"}})");
  const auto fault = [&](std::vector<std::string> path, std::vector<std::string> values) {
    return mirror_fault(MirroredArgument{"mcp-param-x", std::move(path)}, arguments.root(), values);
  };
  EXPECT_EQ(fault({"s"}, {"eu"}), "");
  EXPECT_EQ(fault({"s"}, {"=?base64?ZXU=?="}), "");
  EXPECT_EQ(fault({"o", "in"}, {"deep"}), "");
  EXPECT_EQ(fault({"e"}, {"=?base64?PT9iYXNlNjQ/ZUE9PT89?="}), "");
  EXPECT_EQ(fault({"i"}, {"7"}), "");
  EXPECT_EQ(fault({"i"}, {"7.0"}), "");
  EXPECT_EQ(fault({"t"}, {"true"}), "");
  EXPECT_EQ(fault({"n"}, {}), "");
  EXPECT_EQ(fault({"missing"}, {}), "");
  EXPECT_NE(fault({"s"}, {}), "");
  EXPECT_NE(fault({"s"}, {"EU"}), "");
  EXPECT_NE(fault({"s"}, {"eu", "eu"}), "");
  EXPECT_NE(fault({"s"}, {"=?base64?ZXU?="}), "");
  EXPECT_NE(fault({"i"}, {"8"}), "");
  EXPECT_NE(fault({"i"}, {"seven"}), "");
  EXPECT_NE(fault({"t"}, {"True"}), "");
  EXPECT_NE(fault({"n"}, {"null"}), "");
  EXPECT_NE(fault({"missing"}, {"x"}), "");
  EXPECT_NE(fault({"o"}, {"x"}), "");
}

TEST(Modern, leaves_out_what_servers_with_sessions_do_not_know) {
  const json::Document params = parse(
      R"({"name":"a","inputResponses":{},"requestState":"s","_meta":{"io.modelcontextprotocol/x":1,"progressToken":7}})");
  EXPECT_EQ(plain_params(params.root()), R"({"name":"a","_meta":{"progressToken":7}})");
  const json::Document own = parse(R"({"_meta":{"io.modelcontextprotocol/x":1}})");
  EXPECT_EQ(plain_params(own.root()), "{}");
}

TEST(Modern, writes_equal_values_alike) {
  const json::Document one = parse(R"({ "b": [1, {"d":"A","c":null}], "a": 1.0 })");
  const json::Document other = parse(R"({"a":1.0,"b":[1,{"c":null,"d":"A"}]})");
  EXPECT_EQ(canonical_text(one.root()), canonical_text(other.root()));
  EXPECT_EQ(canonical_text(other.root()), R"({"a":1.0,"b":[1,{"c":null,"d":"A"}]})");
}

TEST(ModernResult, completes_what_a_server_with_sessions_answered) {
  const json::Document tools = parse(
      R"({"tools":[{"name":"a","execution":{"taskSupport":"required"}},{"name":"b"}],"nextCursor":"n","resultType":"odd","cacheScope":"public","_meta":{"x":1}})");
  EXPECT_EQ(
      complete_result("tools/list", tools.root(), R"({"name":"s"})"),
      R"({"resultType":"complete","tools":[{"name":"a"},{"name":"b"}],"nextCursor":"n","ttlMs":0,"cacheScope":"private","_meta":{"x":1,"io.modelcontextprotocol/serverInfo":{"name":"s"}}})");
  const json::Document called = parse(R"({"content":[],"structuredContent":[1]})");
  EXPECT_EQ(complete_result("tools/call", called.root(), ""),
            R"({"resultType":"complete","content":[],"structuredContent":[1]})");
}

TEST(ModernResult, discovers_from_the_answer_to_initialize) {
  const json::Document initialized = parse(
      R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},"prompts":{},"tasks":{}},"serverInfo":{"name":"s","version":"1"},"instructions":"i"})");
  const std::vector<std::string_view> hidden = {"prompts"};
  EXPECT_EQ(
      discover_result(initialized.root(), hidden),
      R"({"resultType":"complete","supportedVersions":["2024-11-05","2025-03-26","2025-06-18","2025-11-25","2026-07-28"],"capabilities":{"tools":{"listChanged":true}},"instructions":"i","ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}})");
}

TEST(ModernResult, hands_on_the_key_of_a_question) {
  const json::Document params = parse(with_input_key(R"({"message":"m","_meta":{"x":1}})", "name"));
  EXPECT_EQ(input_key(params.root()), "name");
  EXPECT_EQ(question_params(params.root()), R"({"message":"m","_meta":{"x":1}})");
  const json::Document bare = parse(with_input_key("{}", "name"));
  EXPECT_EQ(question_params(bare.root()), "{}");
  EXPECT_FALSE(input_key(parse(R"({"_meta":{"agentgateway/inputKey":""}})").root()));
  EXPECT_FALSE(input_key(json::Value()));
}

TEST(ModernResult, asks_in_the_words_of_the_revision) {
  const json::Document params =
      parse(R"({"mode":"url","url":"https://x","elicitationId":"e","task":{},"message":"m"})");
  const std::vector<InputRequest> requests = {
      {"ask-1", "elicitation/create", question_params(params.root())},
      {"ask-2", "roots/list", question_params(json::Value())}};
  EXPECT_EQ(
      input_required_result(requests, "state", ""),
      R"({"resultType":"input_required","inputRequests":{"ask-1":{"method":"elicitation/create","params":{"mode":"url","url":"https://x","message":"m"}},"ask-2":{"method":"roots/list","params":{}}},"requestState":"state"})");
}

TEST(ModernResult, finds_the_addresses_that_have_to_be_visited_first) {
  const json::Document error = parse(
      R"({"code":-32042,"message":"m","data":{"elicitations":[{"mode":"url","url":"https://x","elicitationId":"e","message":"m"},{"mode":"form"}]}})");
  const auto visits = required_visits(error.root());
  ASSERT_EQ(visits.size(), 1U);
  EXPECT_EQ(visits[0].method, "elicitation/create");
  EXPECT_EQ(visits[0].params, R"({"mode":"url","url":"https://x","message":"m"})");
  EXPECT_TRUE(required_visits(parse(R"({"code":-32042})").root()).empty());
}

}  // namespace
}  // namespace mcp

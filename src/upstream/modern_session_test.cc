#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_modern_world.h"

namespace upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST(ModernSession, opens_without_a_handshake_and_shows_what_the_server_says_of_itself) {
  ModernWorld world;
  const auto session = world.open_modern();

  ASSERT_EQ(world.requests.size(), 1u);
  EXPECT_EQ(world.requests[0].header("mcp-protocol-version"), "2026-07-28");
  EXPECT_EQ(world.requests[0].header("mcp-method"), "server/discover");
  const json::Value result = *session->initialized().result();
  EXPECT_EQ(session->revision(), mcp::Revision::v2025_11_25);
  EXPECT_EQ(member(result, "protocolVersion"), R"("2025-11-25")");
  EXPECT_EQ(member(result, "serverInfo"), R"({"name":"new","version":"3"})");
  EXPECT_EQ(member(result, "instructions"), R"("be kind")");
  EXPECT_EQ(member(result, "capabilities"),
            R"({"tools":{"listChanged":true},"resources":{"subscribe":true},"logging":{}})");
}

TEST(ModernSession, says_with_each_request_who_asks_and_what_it_is_about) {
  ModernWorld world;
  world.capabilities =
      R"({"sampling":{},"elicitation":{"url":{}},"roots":{"listChanged":true},"tasks":{}})";
  const auto session = world.open_modern();

  EXPECT_EQ(world.ask(*session, "tools/call",
                      R"({"name":"x","_meta":{"a":1,"io.modelcontextprotocol/logLevel":"debug"}})"),
            plain_done);

  const ServedRequest call = world.with("tools/call").at(0);
  EXPECT_EQ(call.header("mcp-method"), "tools/call");
  EXPECT_EQ(call.header("mcp-name"), "x");
  EXPECT_EQ(call.header("mcp-session-id"), "");
  const json::Document params = world.params_of("tools/call");
  const json::Value meta = *params.root().find("_meta");
  EXPECT_EQ(member(meta, "a"), "1");
  EXPECT_EQ(member(meta, "io.modelcontextprotocol/protocolVersion"), R"("2026-07-28")");
  EXPECT_EQ(member(meta, "io.modelcontextprotocol/clientInfo"), R"({"name":"test","version":"1"})");
  EXPECT_EQ(member(meta, "io.modelcontextprotocol/clientCapabilities"),
            R"({"sampling":{},"elicitation":{"url":{}},"roots":{}})");
  EXPECT_EQ(member(meta, "io.modelcontextprotocol/logLevel"), R"("info")");
  EXPECT_EQ(member(meta, "progressToken"), "none");
}

TEST(ModernSession, encodes_names_that_cannot_stand_in_a_field) {
  ModernWorld world;
  const auto session = world.open_modern();
  world.ask(*session, "tools/call", R"({"name":"gr\u00fcn"})");
  EXPECT_EQ(world.with("tools/call").at(0).header("mcp-name"), "=?base64?z3ldvg4=?=");
}

TEST(ModernSession, answers_what_the_revision_does_not_know_by_itself) {
  ModernWorld world;
  const auto session = world.open_modern();
  EXPECT_EQ(world.ask(*session, "ping"), "{}");
  EXPECT_EQ(world.ask(*session, "logging/setLevel", R"({"level":"error"})"), "{}");
  EXPECT_THAT(world.ask(*session, "logging/setLevel", R"({"level":"loud"})"), HasSubstr("-32602"));
  EXPECT_EQ(world.requests.size(), 1u);

  world.ask(*session, "tools/list");
  const json::Document params = world.params_of("tools/list");
  EXPECT_EQ(member(*params.root().find("_meta"), "io.modelcontextprotocol/logLevel"), R"("error")");
}

TEST(ModernSession, shows_progress_and_log_messages_on_their_call) {
  ModernWorld world;
  const auto session = world.open_modern();
  ServedRequest asked;
  world.ask(*session, "tools/list");
  world.serve = [&](ServedRequest& request) {
    asked = request;
    request.begin_events();
  };
  const auto call =
      world.start(*session, "tools/call", R"({"name":"x","_meta":{"progressToken":"mine"}})");
  const json::Document params = world.params_of("tools/call");
  const std::string token = member(*params.root().find("_meta"), "progressToken");

  asked.event(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
              token + R"(,"progress":1}})");
  EXPECT_THAT(world.next(*call), HasSubstr(R"("progressToken":"mine")"));
  asked.event(
      R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1,)"
      R"("_meta":{"io.modelcontextprotocol/x":1}}})");
  EXPECT_EQ(
      world.next(*call),
      R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}})");
  asked.event(result_text(asked.id(), modern_done));
  EXPECT_EQ(world.next(*call), plain_done);
}

// What the client is asked, and the answer to give.
class Asked {
 public:
  std::string method;
  std::string text;
  QuestionId id{};
};

Asked question_of(HttpWorld& world, Conversation& call) {
  const auto event = world.run(call.next());
  EXPECT_TRUE(event) << event.error().why();
  if (!event || event->kind() != Event::Kind::question) {
    ADD_FAILURE() << "no question";
    return {};
  }
  return Asked{std::string(event->method()), event->text(), event->question()};
}

void reply(HttpWorld& world, Session& session, const Asked& asked, const std::string& rest) {
  const auto response = mcp::read(R"({"jsonrpc":"2.0","id":1,)" + rest + "}", mcp::Sender::client);
  ASSERT_TRUE(response);
  const auto told = world.run(session.answer(asked.id, *response));
  EXPECT_TRUE(told) << told.error().why();
}

TEST(ModernSession, asks_the_client_what_the_server_requires_and_calls_again) {
  ModernWorld world;
  world.capabilities = R"({"sampling":{},"elicitation":{},"roots":{}})";
  const auto session = world.open_modern();
  world.ask(*session, "tools/list");
  world.answer_with(
      "tools/call",
      R"({"resultType":"input_required","inputRequests":{"a":{"method":"elicitation/create",)"
      R"("params":{"message":"who?","requestedSchema":{"type":"object","properties":{}}}},)"
      R"("b":{"method":"roots/list"}},"requestState":"s\u00e9cret 1"})");
  const auto call = world.start(*session, "tools/call", R"({"name":"x","arguments":{"n":1}})");
  const std::string first_id = world.with("tools/call").at(0).id();

  const Asked who = question_of(world, *call);
  EXPECT_EQ(who.method, "elicitation/create");
  EXPECT_THAT(who.text, HasSubstr(R"("message":"who?")"));
  const Asked roots = question_of(world, *call);
  EXPECT_EQ(roots.method, "roots/list");
  world.answer_with("tools/call", modern_done);
  reply(world, *session, roots, R"("result":{"roots":[]})");
  world.advance(milliseconds(1));
  EXPECT_EQ(world.with("tools/call").size(), 1u);
  reply(world, *session, who, R"("result":{"action":"accept","content":{"a":1}})");

  EXPECT_EQ(world.next(*call), plain_done);
  ASSERT_EQ(world.with("tools/call").size(), 2u);
  EXPECT_NE(world.with("tools/call").at(1).id(), first_id);
  const json::Document params = world.params_of("tools/call");
  EXPECT_EQ(member(params.root(), "arguments"), R"({"n":1})");
  EXPECT_EQ(member(params.root(), "requestState"), R"("s\u00e9cret 1")");
  EXPECT_EQ(member(params.root(), "inputResponses"),
            R"({"a":{"action":"accept","content":{"a":1}},"b":{"roots":[]}})");
}

TEST(ModernSession, cancels_an_elicitation_that_the_client_does_not_answer) {
  ModernWorld world;
  world.capabilities = R"({"elicitation":{}})";
  const auto session = world.open_modern();
  world.ask(*session, "tools/list");
  world.answer_with("tools/call",
                    R"({"resultType":"input_required","inputRequests":{"a":{)"
                    R"("method":"elicitation/create","params":{"message":"who?"}}}})");
  const auto call = world.start(*session, "tools/call", R"({"name":"x"})");
  const Asked who = question_of(world, *call);
  world.answer_with("tools/call", modern_done);

  EXPECT_TRUE(world.run(session->refuse(who.id, mcp::Code::internal_error, "gone")));

  EXPECT_EQ(world.next(*call), plain_done);
  const json::Document params = world.params_of("tools/call");
  EXPECT_EQ(member(params.root(), "inputResponses"), R"({"a":{"action":"cancel"}})");
  EXPECT_EQ(member(params.root(), "requestState"), "none");
}

TEST(ModernSession, fails_a_call_whose_other_questions_are_not_answered) {
  ModernWorld world;
  world.capabilities = R"({"sampling":{}})";
  const auto session = world.open_modern();
  world.ask(*session, "tools/list");
  world.answer_with("tools/call", R"({"resultType":"input_required","inputRequests":{"a":{)"
                                  R"("method":"sampling/createMessage","params":{}}}})");
  const auto call = world.start(*session, "tools/call", R"({"name":"x"})");
  const Asked asked = question_of(world, *call);
  reply(world, *session, asked, R"("error":{"code":-1,"message":"no model"})");

  EXPECT_THAT(world.next(*call), HasSubstr("no model"));
  EXPECT_EQ(world.with("tools/call").size(), 1u);
}

TEST(ModernSession, never_asks_a_client_what_it_did_not_declare) {
  ModernWorld world;
  const auto session = world.open_modern();
  world.ask(*session, "tools/list");
  world.answer_with("tools/call", R"({"resultType":"input_required","inputRequests":{"a":{)"
                                  R"("method":"sampling/createMessage","params":{}}}})");
  EXPECT_THAT(world.ask(*session, "tools/call", R"({"name":"x"})"),
              HasSubstr("this client cannot answer"));
  EXPECT_EQ(world.with("tools/call").size(), 1u);
}

TEST(ModernSession, asks_again_and_again_only_so_often) {
  ModernWorld world;
  world.capabilities = R"({"elicitation":{}})";
  const auto session = world.open_modern();
  world.ask(*session, "tools/list");
  const std::string round =
      R"({"resultType":"input_required","inputRequests":{"a":{"method":"elicitation/create"}}})";
  world.answer_with("tools/call", round);
  const auto call = world.start(*session, "tools/call", R"({"name":"x"})");
  for (int i = 0; i < 8; ++i) {
    const Asked who = question_of(world, *call);
    reply(world, *session, who, R"("result":{"action":"decline"})");
  }
  EXPECT_THAT(world.next(*call), HasSubstr("again and again"));
}

TEST(ModernSession, calls_again_after_a_while_if_the_server_only_wants_that) {
  ModernWorld world;
  const auto session = world.open_modern();
  world.ask(*session, "tools/list");
  world.answer_with("tools/call", R"({"resultType":"input_required","requestState":"7"})");
  const auto call = world.start(*session, "tools/call", R"({"name":"x"})");
  world.advance(milliseconds(10));
  EXPECT_EQ(world.with("tools/call").size(), 1u);
  world.answer_with("tools/call", modern_done);
  EXPECT_EQ(world.next(*call), plain_done);
  EXPECT_EQ(world.with("tools/call").size(), 2u);
  const json::Document params = world.params_of("tools/call");
  EXPECT_EQ(member(params.root(), "requestState"), R"("7")");
}

TEST(ModernSession, says_arguments_in_fields_where_the_tool_wants_it) {
  ModernWorld world;
  world.answer_with(
      "tools/list",
      R"({"resultType":"complete","tools":[{"name":"x","inputSchema":{"type":"object",)"
      R"("properties":{"a":{"type":"string","x-mcp-header":"Region"},"b":{"type":"object",)"
      R"("properties":{"c":{"type":"integer","x-mcp-header":"count"}}}}}},)"
      R"({"name":"bad","inputSchema":{"type":"object","properties":)"
      R"({"a":{"type":"number","x-mcp-header":"n"}}}}],"ttlMs":1,"cacheScope":"public"})");
  const auto session = world.open_modern();
  const std::string listed = world.ask(*session, "tools/list");
  EXPECT_THAT(listed, HasSubstr(R"("name":"x")"));
  EXPECT_THAT(listed, Not(HasSubstr(R"("name":"bad")")));
  EXPECT_THAT(listed, Not(HasSubstr("ttlMs")));

  world.ask(*session, "tools/call", R"({"name":"x","arguments":{"a":" eu","b":{"c":7}}})");
  const ServedRequest call = world.with("tools/call").at(0);
  EXPECT_EQ(call.header("mcp-param-region"), "=?base64?igv1?=");
  EXPECT_EQ(call.header("mcp-param-count"), "7");
}

TEST(ModernSession, lists_the_tools_again_when_the_server_misses_a_field) {
  ModernWorld world;
  const auto session = world.open_modern();
  world.ask(*session, "tools/list");
  world.answer_with("tools/list",
                    R"({"resultType":"complete","tools":[{"name":"x","inputSchema":{"type":)"
                    R"("object","properties":{"a":{"type":"boolean","x-mcp-header":"F"}}}}]})");
  const auto usual = world.serve;
  world.serve = [&](ServedRequest& request) {
    if (!request.is("tools/call") || !request.header("mcp-param-f").empty()) return usual(request);
    request.answer("400 Bad Request", "application/json",
                   R"({"jsonrpc":"2.0","id":null,"error":{"code":-32020,"message":"no"}})");
  };
  EXPECT_EQ(world.ask(*session, "tools/call", R"({"name":"x","arguments":{"a":true}})"),
            plain_done);
  EXPECT_EQ(world.with("tools/call").size(), 2u);
  EXPECT_EQ(world.with("tools/list").size(), 2u);
  // Once only.
  EXPECT_THAT(world.ask(*session, "tools/call", R"({"name":"x","arguments":{}})"),
              HasSubstr("-32603"));
}

TEST(ModernSession, makes_answers_fit_for_an_older_client) {
  class Case {
   public:
    std::string method, said, shown;
  };
  const std::vector<Case> cases = {
      {"tools/call", R"({"content":[],"structuredContent":[1]})", R"({"content":[]})"},
      {"tools/call", R"({"structuredContent":{"a":1},"isError":false})",
       R"({"content":[{"type":"text","text":"{\"a\":1}"}],"structuredContent":{"a":1},"isError":false})"},
      {"tools/list", R"({"tools":[{"name":"a","outputSchema":{"type":"array"}},{"no":1}]})",
       R"({"tools":[{"name":"a","inputSchema":{"type":"object"}}]})"},
      {"prompts/list", R"({"prompts":[{"name":"a"},7],"nextCursor":null})",
       R"({"prompts":[{"name":"a"}]})"},
      {"resources/read",
       R"({"contents":[{"uri":"u","text":"t"}],"ttlMs":5,"cacheScope":"public",)"
       R"("_meta":{"k":1,"io.modelcontextprotocol/serverInfo":{}}})",
       R"({"contents":[{"uri":"u","text":"t"}],"_meta":{"k":1}})"},
  };
  for (const Case& one : cases) {
    ModernWorld world;
    const auto session = world.open_modern();
    world.answer_with(one.method, one.said);
    EXPECT_EQ(world.ask(*session, one.method, R"({"name":"x","uri":"u"})"), one.shown);
  }
}

TEST(ModernSession, keeps_for_a_modern_client_what_only_it_knows) {
  ModernWorld world;
  world.revision = "2026-07-28";
  const auto session = world.open_modern();
  world.answer_with("tools/call", R"({"content":[],"structuredContent":[1]})");
  EXPECT_EQ(world.ask(*session, "tools/call", R"({"name":"x"})"),
            R"({"content":[],"structuredContent":[1]})");
}

TEST(ModernSession, gives_errors_the_codes_of_older_revisions) {
  class Case {
   public:
    std::string method, error, shown;
  };
  const std::vector<Case> cases = {
      {"resources/read", R"({"code":-32602,"message":"Resource not found","data":{"uri":"u"}})",
       R"({"code":-32002,"message":"Resource not found","data":{"uri":"u"}})"},
      {"resources/read", R"({"code":-32602,"message":"uri missing"})",
       R"({"code":-32602,"message":"uri missing"})"},
      {"prompts/get", R"({"code":-32602,"message":"not found"})",
       R"({"code":-32602,"message":"not found"})"},
      {"prompts/get", R"({"code":-32601,"message":"no"})", R"({"code":-32601,"message":"no"})"},
  };
  for (const Case& one : cases) {
    ModernWorld world;
    const auto session = world.open_modern();
    world.serve = [&](ServedRequest& request) {
      request.answer("404 Not Found", "application/json",
                     R"({"jsonrpc":"2.0","id":)" + request.id() + R"(,"error":)" + one.error + "}");
    };
    EXPECT_EQ(world.ask(*session, one.method, R"({"name":"x","uri":"u"})"), one.shown);
  }
}

TEST(ModernSession, refuses_results_of_an_unknown_type) {
  ModernWorld world;
  const auto session = world.open_modern();
  world.answer_with("prompts/get", R"({"resultType":"task","taskId":"1"})");
  EXPECT_THAT(world.ask(*session, "prompts/get", R"({"name":"x"})"), StartsWith("upstream_failed"));
}

TEST(ModernSession, cancels_by_closing_the_answer_and_says_nothing_else) {
  ModernWorld world;
  const auto session = world.open_modern();
  world.ask(*session, "tools/list");
  world.serve = [](ServedRequest& request) { request.begin_events(); };
  auto call = world.start(*session, "tools/call", R"({"name":"x"})");
  const ServedRequest asked = world.requests.back();
  EXPECT_TRUE(asked.end->is_open());
  const std::size_t before = world.requests.size();

  call.reset();
  world.advance(milliseconds(1));

  EXPECT_FALSE(asked.end->is_open());
  EXPECT_EQ(world.requests.size(), before);
}

TEST(ModernSession, ends_a_call_at_its_deadline) {
  ModernWorld world;
  const auto session = world.open_modern();
  world.ask(*session, "tools/list");
  world.serve = [](ServedRequest&) {};
  EXPECT_THAT(world.ask(*session, "tools/call", R"({"name":"x"})", seconds(3)),
              StartsWith("timed_out"));
}

}  // namespace
}  // namespace upstream

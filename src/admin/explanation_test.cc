#include "admin/explanation.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "http/dialler.h"
#include "net/spawner.h"
#include "net/test_loop.h"
#include "runtime/build.h"

namespace admin {
namespace {

using gateway::Asker;
using gateway::AskerFinding;
using gateway::CellFinding;
using gateway::Explainer;
using gateway::Inquiry;

class NoSink final : public LogSink {
 public:
  void write(std::string_view) override {}
};

constexpr std::string_view walkthrough = R"(binds:
- port: 3000
  listeners:
  - routes:
    - policies:
        apiKey:
          mode: optional
          keys:
          - key: the-key-of-alice-1234
            metadata: {name: alice}
        mcpAuthorization:
          rules:
          - 'mcp.tool.name == "echo"'
          - 'jwt.sub == "test-user" && mcp.tool.name == "add"'
          - 'jwt.sub == "test-user" && jwt.nested.key == "value"'
          - deny: 'mcp.tool.name == "drop"'
          - 'apiKey.name == "alice" && mcp.tool.name == "keys"'
      backends:
      - mcp:
          targets:
          - name: demo
            demo: {}
)";

class ExplainTest : public testing::Test {
 protected:
  std::vector<AskerFinding> explain(std::string_view text, std::vector<Asker> askers,
                                    const std::vector<std::string>& tools, bool has_details = true,
                                    const char* arguments = nullptr) {
    const yaml::Source source{"test.yaml", std::string(text)};
    auto reading =
        schema::read_text<config::File>(source, [](std::string_view) { return std::nullopt; });
    built = runtime::build(reading.value, stores);
    EXPECT_TRUE(built.snapshot) << schema::render(reading.problems, source)
                                << schema::render(built.problems, source);
    Inquiry inquiry;
    inquiry.bind = built.snapshot->binds.data();
    inquiry.listener = inquiry.bind->listeners.data();
    inquiry.route = inquiry.listener->routes.data();
    inquiry.askers = std::move(askers);
    inquiry.has_details = has_details;
    if (arguments != nullptr) inquiry.arguments.emplace(json::Document::parse(arguments).value());
    for (const std::string& tool : tools) {
      inquiry.things.emplace_back(policy::McpSubject::Kind::tool, tool, "demo");
    }
    return net::run_to_end(loop, explainer.explain(inquiry));
  }

  static Asker nobody() {
    Asker asker;
    asker.name = "anonymous";
    return asker;
  }
  static Asker claiming(std::string claims) {
    Asker asker;
    asker.name = "claims";
    asker.claims = std::move(claims);
    return asker;
  }

  NoSink sink;
  Log log{sink, LogFormat::text, LogLevel::error};
  net::Spawner spawner;
  net::Loop loop;
  SystemClock clock;
  auth::KeyStore keys;
  runtime::TargetStore targets{spawner, log};
  runtime::Stores stores{keys, targets};
  http::Dialler dialler{loop, std::make_shared<const net::TlsClient>()};
  http::Pool pool{loop, dialler, http::ClientLimits()};
  Explainer explainer{loop, pool, clock, nullptr};
  runtime::Built built;
};

TEST_F(ExplainTest, says_who_may_use_what_and_by_which_rule) {
  const auto findings = explain(walkthrough, {nobody(), claiming(R"({"sub":"test-user"})")},
                                {"echo", "add", "printEnv", "drop"});
  ASSERT_EQ(findings.size(), 2U);
  const auto& anonymous = findings[0].cells;
  EXPECT_TRUE(anonymous[0].is_allowed());
  EXPECT_EQ(anonymous[0].decision.rule, 0U);
  EXPECT_FALSE(anonymous[1].is_allowed());
  EXPECT_EQ(anonymous[1].decision.reason, cel::Reason::denied_no_allow_matched);
  const auto& user = findings[1].cells;
  EXPECT_EQ(findings[1].subject, "test-user");
  EXPECT_TRUE(user[1].is_allowed());
  EXPECT_EQ(user[1].decision.rule, 1U);
  EXPECT_FALSE(user[3].is_allowed());
  EXPECT_EQ(user[3].decision.reason, cel::Reason::denied_by_rule);
  using cel::Truth;
  EXPECT_EQ(user[2].outcomes,
            (std::vector<Truth>{Truth::no, Truth::no, Truth::error, Truth::no, Truth::no}));
}

TEST_F(ExplainTest, names_the_claim_that_is_missing) {
  const auto findings = explain(
      walkthrough,
      {claiming(R"({"sub":"test-user"})"), claiming(R"({"sub":"other","nested":{"key":"wrong"}})")},
      {"printEnv"});
  const CellFinding& near = findings[0].cells[0];
  EXPECT_EQ(near.nearest_rule, 2U);
  ASSERT_EQ(near.lacks.size(), 1U);
  EXPECT_EQ(near.lacks[0].what, "jwt.nested.key");
  EXPECT_EQ(near.lacks[0].wants, "\"value\"");
  EXPECT_EQ(near.lacks[0].has, std::nullopt);
  EXPECT_FALSE(near.rules[2].message.empty());
  const CellFinding& far = findings[1].cells[0];
  ASSERT_EQ(far.lacks.size(), 2U);
  EXPECT_EQ(far.lacks[0].has, "\"other\"");
  EXPECT_EQ(far.lacks[1].has, "\"wrong\"");
}

TEST_F(ExplainTest, judges_credentials_as_requests_are_judged) {
  Asker alice = nobody();
  alice.headers.emplace_back("authorization", "Bearer the-key-of-alice-1234");
  Asker thief = nobody();
  thief.headers.emplace_back("authorization", "Bearer the-key-of-nobody-123");
  const auto findings = explain(walkthrough, {alice, thief}, {"keys"});
  EXPECT_TRUE(findings[0].is_accepted);
  EXPECT_TRUE(findings[0].cells[0].is_allowed());
  EXPECT_FALSE(findings[1].is_accepted);
  EXPECT_EQ(findings[1].status, 401);
  EXPECT_TRUE(findings[1].cells[0].is_refused);
  EXPECT_FALSE(findings[1].cells[0].is_allowed());
}

TEST_F(ExplainTest, a_rule_on_arguments_is_undecided_without_a_call) {
  constexpr std::string_view text = R"(mcp:
  port: 3000
  targets:
  - name: demo
    demo: {}
  policies:
    mcpAuthorization:
      rules: ['mcp.tool.name == "add" && mcp.tool.arguments.a == 1']
)";
  const auto open = explain(text, {nobody()}, {"add", "echo"});
  EXPECT_TRUE(open[0].cells[0].decision.is_undecided);
  EXPECT_TRUE(open[0].cells[0].is_allowed());
  EXPECT_FALSE(open[0].cells[1].is_allowed());
  EXPECT_TRUE(explain(text, {nobody()}, {"add"}, true, R"({"a":1})")[0].cells[0].is_allowed());
  EXPECT_FALSE(explain(text, {nobody()}, {"add"}, true, R"({"a":2})")[0].cells[0].is_allowed());
}

TEST_F(ExplainTest, without_rules_everything_is_allowed_to_who_comes_in) {
  constexpr std::string_view text =
      "mcp:\n  port: 3000\n  targets:\n  - name: demo\n    demo: {}\n";
  const auto findings = explain(text, {nobody()}, {"echo"});
  EXPECT_TRUE(findings[0].cells[0].is_allowed());
  EXPECT_EQ(findings[0].cells[0].decision.reason, cel::Reason::allowed_no_rules);
}

TEST_F(ExplainTest, claims_that_are_no_object_are_nobodys) {
  const auto findings = explain(walkthrough, {claiming("[1]"), claiming("{")}, {"echo"});
  for (const AskerFinding& finding : findings) {
    EXPECT_FALSE(finding.is_accepted);
    EXPECT_TRUE(finding.cells[0].is_refused);
  }
}

TEST(ExplainQuestion, reads_what_is_asked) {
  const auto body = json::Document::parse(
      R"({"route":"mcp","identities":[{"name":"a"},{"name":"b","token":" t.o.k\n"},{"name":"c","claims":{"sub":"x"}}],)"
      R"("resources":{"tools":["echo"]},"arguments":{"a":1},"details":true})");
  ASSERT_TRUE(body);
  const auto question = ExplainQuestion::read(body->root());
  ASSERT_TRUE(question);
  EXPECT_EQ(question->route, "mcp");
  ASSERT_EQ(question->askers.size(), 3U);
  EXPECT_EQ(question->askers[2].claims, R"({"sub":"x"})");
  EXPECT_EQ(question->tools, std::vector<std::string>{"echo"});
  EXPECT_FALSE(question->is_about_all);
  EXPECT_TRUE(question->has_details);
}

TEST(ExplainQuestion, refuses_what_makes_no_sense) {
  for (const char* text :
       {R"({"identities":[{}]})", R"({"identities":[{"name":"a","claims":[]}]})",
        R"({"resources":1})", R"({"resources":{"tools":"echo"}})", R"({"resources":{"tools":[1]}})",
        R"({"resources":"all","arguments":[]})", R"({"identities":[{"name":"a","traffic":5}]})",
        R"({"identities":[{"name":"a","token":5}]})", R"({"identities":[{"name":"a","tokn":"x"}]})",
        R"({"identities":[{"name":"a","headers":["x"]}]})",
        R"({"identities":[{"name":"a","headers":{"x":1}}]})", R"({"identities":[{"name":5}]})",
        R"({"identities":[{"name":"a","token":"x","traffic":"1-1"}]})", R"({"identities":["a"]})",
        R"({"identities":{"name":"a"}})", R"({"route":5})", R"({"config":{}})"}) {
    const auto body = json::Document::parse(text);
    ASSERT_TRUE(body) << text;
    EXPECT_FALSE(ExplainQuestion::read(body->root())) << text;
  }
}

TEST(ExplainQuestion, takes_null_for_nothing) {
  const auto body = json::Document::parse(
      R"({"route":null,"identities":[{"name":"a","token":null,"claims":null,"headers":null,"traffic":null}],)"
      R"("arguments":null,"config":null})");
  ASSERT_TRUE(body);
  const auto question = ExplainQuestion::read(body->root());
  ASSERT_TRUE(question);
  EXPECT_FALSE(question->askers.front().token);
  EXPECT_TRUE(question->recorded.empty());
  EXPECT_FALSE(question->draft);
}

// People of the same name are not the same people.
TEST(ExplainQuestion, knows_whose_a_recorded_request_is_whatever_they_are_called) {
  const auto body = json::Document::parse(
      R"({"identities":[{"name":"a","claims":{"sub":"bob"}},{"name":"a","traffic":"7-1"},{"name":"a","traffic":"7-2"}]})");
  ASSERT_TRUE(body);
  const auto question = ExplainQuestion::read(body->root());
  ASSERT_TRUE(question);
  EXPECT_EQ(question->recorded, (std::map<std::size_t, std::string>{{1, "7-1"}, {2, "7-2"}}));
}

// Who the policies found it to be, with claims and key together: nothing has to be shown again.
TEST_F(ExplainTest, of_a_recorded_request_the_caller_is_known) {
  telemetry::Record record;
  record.http_method = "POST";
  record.http_path = "/mcp";
  record.http_host = "gateway.example";
  record.source = "192.0.2.7:4711";
  record.mcp_method = "tools/call";
  record.mcp_session = "12";
  const auto key = std::make_shared<const auth::ApiKey>(
      "alice", "key-1", json::Document::parse(R"({"name":"alice"})").value());
  Asker asker;
  asker.name = "recorded";
  asker.seen = std::make_shared<const gateway::Sighting>(record, clock.wall(), Duration(0),
                                                         auth::Principal(key));
  constexpr std::string_view rules = R"(binds:
- port: 3000
  listeners:
  - routes:
    - policies:
        apiKey:
          keys: [{key: another-key-of-bob-1234}]
        mcpAuthorization:
          rules:
          - 'apiKey.name == "alice" && mcp.tool.name == "keys"'
          - 'source.address == "192.0.2.7" && source.port == 4711 && mcp.tool.name == "near"'
          - 'mcp.sessionId == "12" && request.host == "gateway.example" && mcp.tool.name == "here"'
      backends:
      - mcp: {targets: [{name: demo, demo: {}}]}
)";
  const auto findings = explain(rules, {asker}, {"keys", "near", "here", "other"});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_TRUE(findings[0].is_accepted);
  EXPECT_TRUE(findings[0].cells[0].is_allowed());
  EXPECT_TRUE(findings[0].cells[1].is_allowed());
  EXPECT_TRUE(findings[0].cells[2].is_allowed());
  EXPECT_FALSE(findings[0].cells[3].is_allowed());
}

// What a call had with it says something about that call only.
TEST_F(ExplainTest, takes_recorded_arguments_for_what_they_were_sent_to) {
  explain(walkthrough, {}, {});
  const runtime::Route& route = built.snapshot->binds.front().listeners.front().routes.front();
  const auto asked = [&](const char* arguments, const std::vector<gateway::Thing>& things) {
    telemetry::Record record;
    record.tool = "echo";
    record.mcp_target = "demo";
    const auto document = json::Document::parse(arguments).value();
    record.arguments = std::make_shared<const telemetry::Arguments>(document.root());
    ExplainQuestion question;
    question.askers.emplace_back();
    question.askers.front().seen =
        std::make_shared<const gateway::Sighting>(record, clock.wall(), Duration(0));
    return recorded_arguments(question, route, things);
  };
  using Kind = policy::McpSubject::Kind;
  const gateway::Thing echo(Kind::tool, "echo", "demo");
  const gateway::Thing add(Kind::tool, "add", "demo");
  EXPECT_EQ(asked(R"({"a":1})", {echo}), R"({"a":1})");
  EXPECT_EQ(asked(R"({"password":"x"})", {echo}), std::nullopt);
  EXPECT_EQ(asked(R"({"a":1})", {add}), std::nullopt);
  EXPECT_EQ(asked(R"({"a":1})", {echo, add}), std::nullopt);
  EXPECT_EQ(asked(R"({"a":1})", {}), std::nullopt);
  EXPECT_EQ(asked(R"({"a":1})", {{Kind::prompt, "echo", "demo"}}), std::nullopt);
  EXPECT_EQ(asked(R"({"a":1})", {{Kind::tool, "echo", "other"}}), std::nullopt);
}

}  // namespace
}  // namespace admin

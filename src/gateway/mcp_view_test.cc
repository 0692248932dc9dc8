#include "gateway/mcp_view.h"

#include <gtest/gtest.h>

#include "auth/mint.h"
#include "gateway/refuse.h"
#include "policy/mcp_authentication.h"
#include "policy/settings.h"
#include "runtime/attributes.h"
#include "upstream/demo.h"

namespace gateway {
namespace {

using mcp::Touches;
using Kind = mcp::Subject::Kind;

mcp::Message message(std::string text) {
  auto read = mcp::read(std::move(text), mcp::Sender::server);
  if (!read) throw std::runtime_error(read.error().why());
  return std::move(*read);
}

mcp::Message result(const std::string& text) {
  return message(R"({"jsonrpc":"2.0","id":9,"result":)" + text + "}");
}

mcp::Subject subject(Kind kind, std::string name) {
  return mcp::Subject{kind, std::move(name)};
}

policy::RuleSettings allow(const std::string& expression) {
  policy::RuleSettings rule;
  rule.allow = schema::Located<std::string>(expression);
  return rule;
}
policy::RuleSettings deny(const std::string& expression) {
  policy::RuleSettings rule;
  rule.deny = schema::Located<std::string>(expression);
  return rule;
}

class McpViewTest : public testing::Test {
 protected:
  McpViewTest() {
    auto entry = std::make_shared<runtime::TargetEntry>();
    entry->number = 1;
    entry->target = upstream::make_demo_target(mcp::TargetName("files"));
    backend_.target = std::move(entry);
    exchange_.attributes = &attributes_;
  }

  void set_rules(std::vector<policy::RuleSettings> rules) {
    policy::RulesSettings settings;
    settings.rules = std::move(rules);
    backend_.rules = policy::make_mcp_authorization(settings, context_);
    ASSERT_FALSE(schema::has_errors(context_.problems())) << context_.problems()[0].message;
  }

  bool allows(Kind kind, const std::string& name, const std::string& method = "tools/call",
              const std::string& params = "{}") {
    const auto document = json::Document::parse(params).value();
    return view_.allows(subject(kind, name), method, document.root());
  }
  // The result that the caller sees of a list.
  std::string listed(Touches touches, const std::string& text) {
    return view_.answer_text(id_, touches, mcp::Subject(), result(text));
  }
  static std::string answer(const std::string& text) {
    return R"({"jsonrpc":"2.0","id":7,"result":)" + text + "}";
  }
  bool is_told_of(const std::string& params, const std::string& method) {
    const upstream::Event event(
        upstream::Event::Kind::notification,
        message(R"({"jsonrpc":"2.0","method":")" + method + R"(","params":)" + params + "}"));
    return view_.allows_notification(event);
  }

  mcp::Id id_{7};
  cel::Environment environment_{runtime::attribute_table()};
  auth::KeyStore keys_;
  policy::BuildContext context_{environment_, keys_, true};
  policy::Exchange exchange_{http::Request("POST", "/mcp", "gw"), policy::Peer(), Instant(),
                             WallTime()};
  runtime::Attributes attributes_{exchange_};
  runtime::McpBackend backend_;
  McpView view_{exchange_, backend_, "s1"};
};

TEST_F(McpViewTest, shows_and_allows_everything_without_rules) {
  EXPECT_TRUE(allows(Kind::tool, "x"));
  const std::string all = R"({"tools":[{"name":"a"},{"title":"nameless"}],"nextCursor":"n"})";
  EXPECT_EQ(listed(Touches::tools, all), answer(all));
  EXPECT_EQ(exchange_.record.authz_decision, "");
}

TEST_F(McpViewTest, asks_the_rules_by_kind_and_name) {
  set_rules({allow("mcp.tool.name == 'a'"), allow("mcp.prompt.name == 'b'"),
             allow("mcp.resource.name == 'c'")});
  const struct {
    Kind kind;
    std::string name;
    bool is_allowed;
  } table[] = {
      {Kind::tool, "a", true},     {Kind::tool, "b", false},     {Kind::tool, "c", false},
      {Kind::prompt, "b", true},   {Kind::prompt, "a", false},   {Kind::prompt, "B", false},
      {Kind::resource, "c", true}, {Kind::resource, "b", false}, {Kind::resource, "", false},
      {Kind::tool, "a ", false},
  };
  for (const auto& row : table) EXPECT_EQ(allows(row.kind, row.name), row.is_allowed) << row.name;
}

TEST_F(McpViewTest, tells_the_rules_target_method_and_session) {
  set_rules(
      {allow("mcp.tool.target == 'files' && mcp.methodName == 'tools/call' && "
             "mcp.sessionId == 's1'")});
  EXPECT_TRUE(allows(Kind::tool, "x"));
  EXPECT_FALSE(allows(Kind::tool, "x", "other"));
}

TEST_F(McpViewTest, records_what_decided_about_a_use_and_nothing_of_lists) {
  set_rules({allow("mcp.tool.name == 'a'")});
  EXPECT_EQ(listed(Touches::tools, R"({"tools":[{"name":"b"}]})"), answer(R"({"tools":[]})"));
  EXPECT_EQ(exchange_.record.authz_decision, "");
  EXPECT_TRUE(allows(Kind::tool, "a"));
  EXPECT_EQ(exchange_.record.authz_decision, "allow");
  EXPECT_EQ(exchange_.record.authz_rule, "mcp.tool.name == 'a'");
  EXPECT_FALSE(allows(Kind::tool, "b"));
  EXPECT_EQ(exchange_.record.authz_decision, "deny");
  EXPECT_EQ(exchange_.record.authz_rule, cel::name_of(cel::Reason::denied_no_allow_matched));
}

TEST_F(McpViewTest, filters_each_list_by_what_names_its_items) {
  set_rules({allow("mcp.tool.name.startsWith('keep')"), allow("mcp.prompt.name.startsWith('keep')"),
             allow("mcp.resource.name.startsWith('keep')")});
  const struct {
    Touches touches;
    std::string list, by;
  } table[] = {
      {Touches::tools, "tools", "name"},
      {Touches::prompts, "prompts", "name"},
      {Touches::resources, "resources", "uri"},
      {Touches::resource_templates, "resourceTemplates", "uriTemplate"},
  };
  for (const auto& row : table) {
    const std::string head = R"({")" + row.list + R"(":[)";
    const std::string kept = R"({")" + row.by + R"(":"keep1"},{"x":1,")" + row.by + R"(":"keep2"})";
    const std::string dropped = R"(,{")" + row.by + R"(":"drop"})";
    const std::string tail = R"(],"nextCursor":"n","_meta":{"a":1.50}})";
    EXPECT_EQ(listed(row.touches, head + kept + dropped + tail), answer(head + kept + tail));
  }
}

TEST_F(McpViewTest, keeps_order_and_cursor_when_it_filters) {
  set_rules({deny("mcp.tool.name == 'b'")});
  EXPECT_EQ(listed(Touches::tools,
                   R"({"nextCursor":"n","tools":[{"name":"c"},{"name":"b"},{"name":"a"}]})"),
            answer(R"({"nextCursor":"n","tools":[{"name":"c"},{"name":"a"}]})"));
}

TEST_F(McpViewTest, fails_a_list_for_which_the_rules_cost_too_much) {
  const std::string ten = "[0,1,2,3,4,5,6,7,8,9]";
  set_rules({allow(ten + ".all(a, " + ten + ".all(b, " + ten +
                   ".all(c, mcp.tool.name.size() + a + b + c > 0)))")});
  const auto list_of = [](int count) {
    std::string tools;
    for (int i = 0; i < count; ++i) {
      tools += (i == 0 ? R"({"name":"tool)" : R"(,{"name":"tool)") + std::to_string(i) + "\"}";
    }
    return R"({"tools":[)" + tools + "]}";
  };

  const std::string few = listed(Touches::tools, list_of(50));
  const std::string many = listed(Touches::tools, list_of(9'000));

  EXPECT_NE(few.find("tool49"), std::string::npos) << few;
  EXPECT_EQ(many.find("tool0"), std::string::npos);
  EXPECT_NE(many.find("the list is too long for its rules"), std::string::npos) << many;
}

TEST_F(McpViewTest, drops_items_without_a_name_once_there_are_rules) {
  set_rules({deny("mcp.tool.name == 'b'")});
  EXPECT_EQ(listed(Touches::tools, R"({"tools":[{"title":"t"},{"name":5},{"name":null},"a",{}]})"),
            answer(R"({"tools":[]})"));
}

TEST_F(McpViewTest, leaves_other_results_alone) {
  set_rules({deny("true")});
  const std::string content = R"({"content":[{"type":"text","text":"a"}]})";
  EXPECT_EQ(view_.answer_text(id_, Touches::tool, subject(Kind::tool, "x"), result(content)),
            answer(content));
}

TEST_F(McpViewTest, shows_the_rules_the_arguments_of_a_tool_call) {
  set_rules({allow("mcp.tool.arguments.path.startsWith('/tmp/')")});
  const std::string method = "tools/call";
  EXPECT_TRUE(
      allows(Kind::tool, "read", method, R"({"name":"read","arguments":{"path":"/tmp/a"}})"));
  EXPECT_FALSE(
      allows(Kind::tool, "read", method, R"({"name":"read","arguments":{"path":"/etc/a"}})"));
  EXPECT_FALSE(allows(Kind::tool, "read", method, R"({"name":"read","arguments":{}})"));
  EXPECT_FALSE(allows(Kind::tool, "read", method, R"({"name":"read"})"));
  // A prompt's arguments are nothing that rules know.
  EXPECT_FALSE(allows(Kind::prompt, "read", "prompts/get", R"({"arguments":{"path":"/tmp/a"}})"));
}

TEST_F(McpViewTest, shows_a_tool_in_lists_if_some_arguments_could_allow_it) {
  set_rules({allow("mcp.tool.name == 'read' && mcp.tool.arguments.path == '/tmp'"),
             deny("mcp.tool.arguments.force == true")});
  EXPECT_EQ(listed(Touches::tools, R"({"tools":[{"name":"write"},{"name":"read"}]})"),
            answer(R"({"tools":[{"name":"read"}]})"));
}

TEST_F(McpViewTest, answers_for_a_missing_resource_as_for_a_forbidden_one) {
  set_rules({allow("mcp.resource.name == 'file:///there'")});
  const mcp::Subject asked = subject(Kind::resource, "file:///x");
  const std::string text = McpView::unknown_text(asked);
  const RpcError error{mcp::Code::invalid_params, text, {}};
  const std::string forbidden = refuse_call(exchange_, 200, id_, error).body.text();
  for (const std::string code : {"-32002", "-32602"}) {
    const mcp::Message missing = message(R"({"jsonrpc":"2.0","id":9,"error":{"code":)" + code +
                                         R"(,"message":"no file /x","data":{"uri":"file:///x"}}})");
    EXPECT_EQ(view_.answer_text(id_, Touches::resource, asked, missing), forbidden) << code;
  }
  EXPECT_EQ(forbidden, R"({"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":)"
                       R"("Unknown resource: file:///x"}})");
}

TEST_F(McpViewTest, hands_other_errors_on_and_records_them) {
  const mcp::Message error = message(
      R"({"jsonrpc":"2.0","id":9,"error":{"code":-32603,"message":"oops","data":{"a":1}}})");
  const std::string expected =
      R"({"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"oops","data":{"a":1}}})";
  EXPECT_EQ(view_.answer_text(id_, Touches::resource, subject(Kind::resource, "x"), error),
            expected);
  EXPECT_EQ(view_.answer_text(id_, Touches::tool, subject(Kind::tool, "x"), error), expected);
  EXPECT_EQ(exchange_.record.mcp_error_code, -32603);
  EXPECT_EQ(exchange_.record.mcp_error, "oops");
}

TEST_F(McpViewTest, names_what_is_unknown_by_its_kind) {
  EXPECT_EQ(McpView::unknown_text(subject(Kind::tool, "a")), "Unknown tool: a");
  EXPECT_EQ(McpView::unknown_text(subject(Kind::prompt, "a")), "Unknown prompt: a");
  EXPECT_EQ(McpView::unknown_text(subject(Kind::resource, "a")), "Unknown resource: a");
}

TEST_F(McpViewTest, tells_of_updates_only_of_resources_that_the_caller_may_see) {
  const std::string updated = "notifications/resources/updated";
  EXPECT_TRUE(is_told_of(R"({"uri":"file:///secret"})", updated));
  set_rules({allow("mcp.resource.name == 'file:///a'")});
  EXPECT_TRUE(is_told_of(R"({"uri":"file:///a"})", updated));
  EXPECT_FALSE(is_told_of(R"({"uri":"file:///secret"})", updated));
  EXPECT_FALSE(is_told_of(R"({"uri":5})", updated));
  EXPECT_FALSE(is_told_of("{}", updated));
  EXPECT_TRUE(is_told_of("{}", "notifications/resources/list_changed"));
  EXPECT_TRUE(is_told_of(R"({"level":"info","data":1})", "notifications/message"));
}

TEST_F(McpViewTest, tells_of_tasks_only_of_tools_that_the_caller_may_use) {
  const auto key = *crypto::PrivateKey::generate(crypto::KeyFamily::p256);
  policy::McpAuthenticationSettings settings;
  settings.mode = policy::JwtMode::permissive;
  settings.issuer = "i";
  settings.audiences = {"a"};
  settings.jwks = policy::JwksSettings();
  settings.jwks->text = auth::public_key_set(key, crypto::Algorithm::es256, "k");
  settings.allowed_hosts = {"gw"};
  settings.tool_scopes["add"] = {"calc"};
  runtime::Route route;
  route.chain.add(policy::make_mcp_authentication(settings, context_));
  SystemRandom random;
  const SessionIds ids(crypto::SealKey::from_random(random), random);
  view_.know_tasks(ids, route);
  const auto is_told = [&](const std::string& tool) {
    upstream::Event event(
        upstream::Event::Kind::notification,
        message(
            R"({"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"t"}})"));
    event.rename_task(view_.sealed(TaskName{tool, "t"}), std::nullopt);
    return view_.allows_notification(event);
  };

  EXPECT_FALSE(is_told("add"));
  EXPECT_TRUE(is_told("echo"));
  set_rules({allow("mcp.tool.name == 'add'")});
  EXPECT_FALSE(is_told("echo"));
  EXPECT_FALSE(is_told_of(R"({"taskId":"t"})", "notifications/tasks/status"));
}

TEST_F(McpViewTest, asks_the_rules_of_several_targets_by_the_targets_own_names) {
  auto entry = std::make_shared<runtime::TargetEntry>();
  for (const char* name : {"a", "b"}) {
    auto part = std::make_shared<runtime::TargetEntry>();
    part->target = upstream::make_demo_target(mcp::TargetName(name));
    entry->parts.push_back(std::move(part));
  }
  entry->naming = std::make_shared<const mcp::Naming>(
      std::vector<mcp::TargetName>{mcp::TargetName("a"), mcp::TargetName("b")});
  entry->target = upstream::make_demo_target(mcp::TargetName("joint"));
  backend_.target = entry;
  set_rules({allow("mcp.tool.target == 'a' && mcp.tool.name == 'x'"),
             allow("mcp.tool.name == 'b_y'"),
             allow("mcp.resource.target == 'b' && mcp.resource.name == 'u://x'")});
  EXPECT_TRUE(allows(Kind::tool, "a_x"));
  for (const char* name : {"b_x", "x", "b_y", "joint_x", "c_x", "_x", "A_x", "a+x", ""}) {
    EXPECT_FALSE(allows(Kind::tool, name)) << name;
  }
  EXPECT_TRUE(allows(Kind::tool, "a_b_y"));
  EXPECT_TRUE(allows(Kind::tool, "b_b_y"));
  EXPECT_EQ(listed(Touches::tools, R"({"tools":[{"name":"a_x"},{"name":"b_x"},{"name":"x"}]})"),
            answer(R"({"tools":[{"name":"a_x"}]})"));
  EXPECT_EQ(listed(Touches::resources, R"({"resources":[{"uri":"b+u://x"},{"uri":"u://x"}]})"),
            answer(R"({"resources":[{"uri":"b+u://x"}]})"));
  const std::string updated = "notifications/resources/updated";
  EXPECT_TRUE(is_told_of(R"({"uri":"b+u://x"})", updated));
  EXPECT_FALSE(is_told_of(R"({"uri":"a+u://x"})", updated));
  EXPECT_FALSE(is_told_of(R"({"uri":"u://x"})", updated));

  EXPECT_TRUE(view_.is_of_a_target(subject(Kind::tool, "b_x")));
  EXPECT_EQ(exchange_.record.mcp_target, "b");
  EXPECT_FALSE(view_.is_of_a_target(subject(Kind::tool, "joint_x")));
}

}  // namespace
}  // namespace gateway

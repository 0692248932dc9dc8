#include "policy/mcp_authorization.h"

#include <gtest/gtest.h>

#include "cel/convert.h"

namespace policy {
namespace {

using Kind = McpSubject::Kind;

const cel::Attribute attributes[] = {
    {"tool", "string", cel::Record::none, cel::Phase::list, "", {}},
    {"arguments", "dyn", cel::Record::none, cel::Phase::call, "", {}},
    {"caller", "string", cel::Record::none, cel::Phase::identity, "", {}},
};

class Source final : public cel::AttributeSource {
 public:
  explicit Source(const Exchange& exchange) : exchange_(exchange) {}
  cel::Value get(cel::AttributeIndex index, cel::Arena& arena) const override {
    const McpSubject& subject = exchange_.mcp;
    if (index == 0 && subject.kind == Kind::tool) return cel::Value::of_string(subject.name);
    if (index == 1 && subject.arguments) return cel::from_json(*subject.arguments, arena);
    if (index == 2) return cel::Value::of_string(exchange_.request().method);
    return cel::Value::error(cel::ErrorCode::no_such_key);
  }

 private:
  const Exchange& exchange_;
};

class McpAuthorizationTest : public testing::Test {
 protected:
  McpAuthorizationTest() { exchange_.attributes = &source_; }

  McpAuthorization rules(const std::vector<std::string>& allow,
                         const std::vector<std::string>& deny = {}) {
    RulesSettings settings;
    for (const std::string& text : allow) {
      settings.rules.emplace_back().allow = schema::Located<std::string>(text);
    }
    for (const std::string& text : deny) {
      settings.rules.emplace_back().deny = schema::Located<std::string>(text);
    }
    McpAuthorization made = make_mcp_authorization(settings, context_);
    EXPECT_FALSE(schema::has_errors(context_.problems()));
    return made;
  }
  static McpSubject tool(std::string_view name) {
    McpSubject subject;
    subject.kind = Kind::tool;
    subject.name = name;
    return subject;
  }

  cel::Environment environment_{attributes};
  auth::KeyStore keys_;
  BuildContext context_{environment_, keys_, true};
  Exchange exchange_{http::Request("alice", "/", "gw"), Peer(), Instant(), WallTime()};
  Source source_{exchange_};
};

TEST_F(McpAuthorizationTest, allows_everything_without_rules) {
  const McpAuthorization none;
  EXPECT_FALSE(none.has_rules());
  EXPECT_TRUE(none.allows_use(exchange_, tool("x")));
  EXPECT_TRUE(none.allows_sight(exchange_, tool("x")));
  EXPECT_EQ(exchange_.record.authz_decision, "");
  EXPECT_FALSE(rules({}).has_rules());
  EXPECT_TRUE(rules({}).allows_use(exchange_, tool("x")));
}

TEST_F(McpAuthorizationTest, asks_anew_for_each_thing_of_one_request) {
  const McpAuthorization only = rules({"tool == 'a' && caller == 'alice'"});
  EXPECT_TRUE(only.has_rules());
  EXPECT_TRUE(only.allows_sight(exchange_, tool("a")));
  EXPECT_FALSE(only.allows_sight(exchange_, tool("b")));
  EXPECT_TRUE(only.allows_sight(exchange_, tool("a")));
  EXPECT_TRUE(only.allows_use(exchange_, tool("a")));
  EXPECT_FALSE(only.allows_use(exchange_, tool("b")));
}

TEST_F(McpAuthorizationTest, records_uses_and_not_what_is_seen) {
  const McpAuthorization only = rules({"tool == 'a'"});
  only.allows_sight(exchange_, tool("b"));
  EXPECT_EQ(exchange_.record.authz_decision, "");
  only.allows_use(exchange_, tool("a"));
  EXPECT_EQ(exchange_.record.authz_decision, "allow");
  EXPECT_EQ(exchange_.record.authz_rule, "tool == 'a'");
  only.allows_use(exchange_, tool("b"));
  EXPECT_EQ(exchange_.record.authz_decision, "deny");
}

TEST_F(McpAuthorizationTest, shows_what_some_call_may_use_and_lets_the_call_decide) {
  const McpAuthorization by_arguments =
      rules({"tool == 'a' && arguments.x == 1"}, {"arguments.force == true"});
  EXPECT_TRUE(by_arguments.allows_sight(exchange_, tool("a")));
  EXPECT_FALSE(by_arguments.allows_sight(exchange_, tool("b")));
  const auto good = json::Document::parse(R"({"x":1,"force":false})").value();
  const auto forced = json::Document::parse(R"({"x":1,"force":true})").value();
  McpSubject call = tool("a");
  EXPECT_FALSE(by_arguments.allows_use(exchange_, call));
  call.arguments = good.root();
  EXPECT_TRUE(by_arguments.allows_use(exchange_, call));
  call.arguments = forced.root();
  EXPECT_FALSE(by_arguments.allows_use(exchange_, call));
}

TEST_F(McpAuthorizationTest, allows_nothing_of_another_kind_by_a_tools_rule) {
  const McpAuthorization only = rules({"tool == 'a'"});
  McpSubject prompt = tool("a");
  prompt.kind = Kind::prompt;
  EXPECT_FALSE(only.allows_use(exchange_, prompt));
  EXPECT_FALSE(only.allows_sight(exchange_, prompt));
}

TEST_F(McpAuthorizationTest, follows_the_request_when_it_changes) {
  const McpAuthorization only = rules({"caller == 'alice'"});
  EXPECT_TRUE(only.allows_use(exchange_, tool("a")));
  exchange_.change_request().method = "mallory";
  EXPECT_FALSE(only.allows_use(exchange_, tool("a")));
}

}  // namespace
}  // namespace policy

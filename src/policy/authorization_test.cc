#include "policy/authorization.h"

#include <gtest/gtest.h>

#include "cel/header_view.h"

namespace policy {
namespace {

const cel::Attribute attributes[] = {
    {"request", "", cel::Record::closed, cel::Phase::request_head, "", {}},
    {"request.method", "string", cel::Record::none, cel::Phase::request_head, "", {}},
    {"request.path", "string", cel::Record::none, cel::Phase::request_head, "", {}},
    {"jwt", "", cel::Record::open, cel::Phase::identity, "", {}},
};

class Source final : public cel::AttributeSource {
 public:
  explicit Source(const Exchange& exchange) : exchange_(exchange) {}
  cel::Value get(cel::AttributeIndex index, cel::Arena&) const override {
    if (index == 1) return cel::Value::of_string(exchange_.request().method);
    if (index == 2) return cel::Value::of_string(exchange_.request().path());
    return cel::Value::null();  // nobody has a token
  }

 private:
  const Exchange& exchange_;
};

RuleSettings rule(const std::string& kind, const std::string& expression) {
  RuleSettings made;
  (kind == "allow"  ? made.allow
   : kind == "deny" ? made.deny
                    : made.require) = schema::Located<std::string>(expression);
  return made;
}

struct Outcome {
  std::optional<http::Response> response;
  std::string decision, rule;
  Reason reason;
};

class AuthorizationTest : public testing::Test {
 protected:
  Outcome ask(const std::vector<RuleSettings>& rules, const std::string& method = "GET") {
    RulesSettings settings;
    settings.rules = rules;
    const auto policy = make_authorization(settings, context_);
    EXPECT_NE(policy, nullptr);
    Exchange exchange(http::Request(method, "/a", "gw"), Peer(), Instant(), WallTime());
    const Source source(exchange);
    exchange.attributes = &source;
    Outcome outcome;
    outcome.response = policy->decide(exchange).take();
    outcome.decision = exchange.record.authz_decision;
    outcome.rule = exchange.record.authz_rule;
    outcome.reason = exchange.record.reason;
    return outcome;
  }

  cel::Environment environment_{attributes};
  auth::KeyStore keys_;
  BuildContext context_{environment_, keys_, true};
};

TEST_F(AuthorizationTest, decides_by_the_request) {
  const std::vector<RuleSettings> rules = {rule("allow", "request.method == 'GET'")};
  EXPECT_FALSE(ask(rules, "GET").response);
  const Outcome refused = ask(rules, "POST");
  ASSERT_TRUE(refused.response);
  EXPECT_EQ(refused.response->status, 403);
  EXPECT_EQ(refused.response->body.text(), "authorization failed");
  EXPECT_EQ(refused.reason, Reason::authorization);
}

TEST_F(AuthorizationTest, records_the_rule_that_decided_or_why_none_did) {
  const Outcome allowed = ask({rule("allow", "request.method == 'GET'")});
  EXPECT_EQ(allowed.decision, "allow");
  EXPECT_EQ(allowed.rule, "request.method == 'GET'");
  EXPECT_EQ(allowed.reason, Reason::upstream);
  const Outcome none = ask({rule("allow", "request.method == 'PUT'")});
  EXPECT_EQ(none.decision, "deny");
  EXPECT_EQ(none.rule, cel::name_of(cel::Reason::denied_no_allow_matched));
  const Outcome denied = ask({rule("deny", "request.path == '/a'")});
  EXPECT_EQ(denied.decision, "deny");
  EXPECT_EQ(denied.rule, "request.path == '/a'");
}

TEST_F(AuthorizationTest, knows_the_order_of_the_modes) {
  const struct {
    std::vector<RuleSettings> rules;
    bool is_allowed;
  } table[] = {
      {{}, true},
      {{rule("deny", "false")}, true},
      {{rule("require", "true")}, true},
      {{rule("require", "false")}, false},
      {{rule("allow", "true"), rule("require", "false")}, false},
      {{rule("allow", "true"), rule("deny", "true")}, false},
      {{rule("allow", "false"), rule("allow", "true")}, true},
      {{rule("allow", "false"), rule("require", "true")}, false},
  };
  for (std::size_t i = 0; i < std::size(table); ++i) {
    EXPECT_EQ(!ask(table[i].rules).response, table[i].is_allowed) << i;
  }
}

TEST_F(AuthorizationTest, never_lets_pass_for_an_error) {
  EXPECT_TRUE(ask({rule("allow", "jwt.claim == 'a'")}).response);
  EXPECT_TRUE(ask({rule("require", "jwt.claim == 'a'")}).response);
  EXPECT_TRUE(ask({rule("allow", "true"), rule("deny", "jwt.claim == 'a'")}).response);
}

TEST(Authorization, lets_a_failing_deny_rule_pass_only_where_the_operator_says_so) {
  cel::Environment environment{attributes};
  auth::KeyStore keys;
  BuildContext context(environment, keys, false);
  RulesSettings settings;
  settings.rules = {rule("deny", "jwt.claim == 'a'")};
  const auto policy = make_authorization(settings, context);
  Exchange exchange(http::Request("GET", "/a", "gw"), Peer(), Instant(), WallTime());
  const Source source(exchange);
  exchange.attributes = &source;
  EXPECT_FALSE(policy->decide(exchange));
}

TEST_F(AuthorizationTest, is_not_made_of_rules_that_do_not_compile) {
  RulesSettings settings;
  settings.rules = {rule("allow", "request.method =="), rule("deny", "true")};
  EXPECT_EQ(make_authorization(settings, context_), nullptr);
  EXPECT_TRUE(schema::has_errors(context_.problems()));
}

}  // namespace
}  // namespace policy

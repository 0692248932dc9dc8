#include "cel/rule_set.h"

#include <gtest/gtest.h>

#include "cel/detail_example_request.h"

namespace cel {
namespace {

Rule allow(std::string source) {
  return {RuleMode::allow, std::move(source), ""};
}
Rule deny(std::string source) {
  return {RuleMode::deny, std::move(source), ""};
}
Rule require(std::string source) {
  return {RuleMode::require, std::move(source), ""};
}

std::string tool_call(std::string_view subject, std::string_view tool) {
  return R"({"jwt": {"sub": ")" + std::string(subject) + R"("}, "mcp": {"tool": {"name": ")" +
         std::string(tool) + R"(", "target": "alpha"}}})";
}

Decision decide(const std::vector<Rule>& rules, const std::string& json, Phase phase = Phase::call,
                bool deny_on_error = true) {
  Environment environment(example_attributes());
  RuleSetOptions options;
  options.deny_on_error = deny_on_error;
  const CompiledRules compiled = compile_rules(rules, environment, options);
  EXPECT_TRUE(compiled.ok());
  if (!compiled.ok()) return Decision();
  const ExampleRequest request(json);
  Context context(environment, request);
  context.set_phase(phase);
  return compiled.rules->decide(context);
}

Decision allowed(Reason reason, std::uint32_t rule) {
  return {true, false, reason, rule};
}
Decision denied(Reason reason, std::uint32_t rule) {
  return {false, false, reason, rule};
}

TEST(RuleSet, allows_everything_without_rules) {
  EXPECT_EQ(decide({}, "{}"), allowed(Reason::allowed_no_rules, Decision::no_rule));
}

TEST(RuleSet, names_the_rule_that_decided_in_the_order_deny_require_allow) {
  const std::vector<Rule> rules = {allow("mcp.tool.name == 'echo'"),
                                   allow("jwt.sub == 'alice' && mcp.tool.name == 'add'"),
                                   require("jwt.sub != 'mallory'"), deny("mcp.tool.name == 'rm'"),
                                   allow("mcp.tool.name == 'rm'")};

  EXPECT_EQ(decide(rules, tool_call("bob", "echo")), allowed(Reason::allowed_by_rule, 0));
  EXPECT_EQ(decide(rules, tool_call("alice", "add")), allowed(Reason::allowed_by_rule, 1));
  EXPECT_EQ(decide(rules, tool_call("bob", "add")),
            denied(Reason::denied_no_allow_matched, Decision::no_rule));
  EXPECT_EQ(decide(rules, tool_call("mallory", "echo")), denied(Reason::denied_require, 2));
  EXPECT_EQ(decide(rules, tool_call("mallory", "rm")), denied(Reason::denied_by_rule, 3));
}

TEST(RuleSet, allows_by_default_if_there_are_only_deny_and_require_rules) {
  const std::vector<Rule> rules = {deny("mcp.tool.name == 'rm'"), require("has(jwt.sub)")};

  EXPECT_EQ(decide(rules, tool_call("bob", "echo")),
            allowed(Reason::allowed_default, Decision::no_rule));
}

TEST(RuleSet, denies_when_a_deny_rule_fails_unless_told_otherwise) {
  const std::vector<Rule> rules = {deny("jwt.blocked == true"), allow("mcp.tool.name == 'echo'")};
  const std::string request = tool_call("bob", "echo");

  EXPECT_EQ(decide(rules, request), denied(Reason::denied_error, 0));
  EXPECT_EQ(decide(rules, request, Phase::call, false), allowed(Reason::allowed_by_rule, 1));
}

TEST(RuleSet, evaluates_guarded_deny_rules_whose_guard_fails) {
  const std::vector<Rule> rules = {deny("mcp.tool.name == 'rm'")};

  EXPECT_EQ(decide(rules, R"({"mcp": {"prompt": {"name": "p"}}})"),
            denied(Reason::denied_error, 0));
}

TEST(RuleSet, shows_a_listed_tool_if_some_arguments_could_allow_it) {
  const std::vector<Rule> rules = {
      allow("mcp.tool.name == 'add' && mcp.tool.arguments.a == 1"),
      allow("mcp.tool.name == 'rm' && jwt.sub == 'root' && mcp.tool.arguments.path == '/tmp'"),
      allow("mcp.tool.name == 'echo' || mcp.tool.arguments.a == 2")};

  EXPECT_EQ(decide(rules, tool_call("bob", "add"), Phase::list),
            (Decision{true, true, Reason::allowed_by_rule, 0}));
  EXPECT_EQ(decide(rules, tool_call("root", "rm"), Phase::list),
            (Decision{true, true, Reason::allowed_by_rule, 1}));
  EXPECT_EQ(decide(rules, tool_call("bob", "echo"), Phase::list),
            allowed(Reason::allowed_by_rule, 2));
  const std::vector<Rule> narrow = {rules[1]};
  EXPECT_FALSE(decide(narrow, tool_call("bob", "rm"), Phase::list).is_allowed);
  EXPECT_FALSE(decide(rules, tool_call("bob", "add"), Phase::call).is_allowed);
}

TEST(RuleSet, hides_a_listed_tool_that_is_denied_whatever_the_arguments_are) {
  const std::vector<Rule> rules = {deny("mcp.tool.name == 'rm' || mcp.tool.arguments.force"),
                                   require("mcp.tool.arguments.a == 1 || true")};

  EXPECT_FALSE(decide(rules, tool_call("bob", "rm"), Phase::list).is_allowed);
  EXPECT_EQ(decide(rules, tool_call("bob", "echo"), Phase::list),
            (Decision{true, true, Reason::allowed_default, Decision::no_rule}));
}

TEST(RuleSet, denies_when_the_budget_is_exhausted) {
  Environment environment(example_attributes());
  const std::vector<Rule> rules = {deny("jwt.list.exists(a, jwt.list.exists(b, a + b == 100))"),
                                   allow("true")};
  const CompiledRules compiled = compile_rules(rules, environment);
  ASSERT_TRUE(compiled.ok());
  const ExampleRequest request(R"({"jwt": {"list": [1,2,3,4,5,6,7,8,9]}})");
  Budget budget;
  budget.rule_fuel = 100;
  Context context(environment, request, budget);

  EXPECT_EQ(compiled.rules->decide(context), denied(Reason::budget_exhausted, 0));
}

TEST(RuleSet, reports_the_problems_of_every_rule) {
  Environment environment(example_attributes());
  const std::vector<Rule> rules = {allow("mcp.tool.nmae == 'echo'"), allow("jwt.sub == 'a'"),
                                   deny("jwt.sub")};

  const CompiledRules compiled = compile_rules(rules, environment);

  EXPECT_FALSE(compiled.ok());
  ASSERT_EQ(compiled.problems.size(), 2U);
  EXPECT_EQ(compiled.problems[0].rule, 0U);
  EXPECT_EQ(compiled.problems[0].problem.text, "mcp.tool has no field \"nmae\"");
  EXPECT_EQ(compiled.problems[1].rule, 2U);
}

TEST(RuleSet, shares_a_context_between_items_of_a_list) {
  Environment environment(example_attributes());
  std::vector<Rule> rules;
  for (int i = 0; i < 100; ++i) {
    rules.push_back(allow("jwt.sub == 'bob' && mcp.tool.name == 't" + std::to_string(2 * i) + "'"));
  }
  const CompiledRules compiled = compile_rules(rules, environment);
  ASSERT_TRUE(compiled.ok());
  ExampleRequest request(tool_call("bob", "x"));
  Context context(environment, request);
  context.set_phase(Phase::list);

  int shown = 0;
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back("t" + std::to_string(i));
  for (const std::string& name : names) {
    request.tool_name = name;
    context.next_item();
    if (compiled.rules->decide(context).is_allowed) ++shown;
  }

  EXPECT_EQ(shown, 100);
}

}  // namespace
}  // namespace cel

// Rule sets against naive evaluation: each rule alone with the reference interpreter, then
// combined.

#include <algorithm>
#include <array>
#include <memory>

#include <gtest/gtest.h>

#include "cel/detail_example_request.h"
#include "cel/detail_oracle.h"
#include "cel/detail_random_expression.h"

namespace cel {
namespace {

constexpr std::array<RuleMode, 3> modes = {RuleMode::allow, RuleMode::deny, RuleMode::require};

RuleSetOptions unchecked(bool deny_on_error) {
  RuleSetOptions options;
  options.compile.is_checked = false;
  options.deny_on_error = deny_on_error;
  return options;
}

Decision naive(std::span<const Rule> rules, const AttributeSource& request, bool deny_on_error) {
  std::vector<Truth> outcomes;
  for (const Rule& rule : rules) {
    outcomes.push_back(reference_outcome(rule.source, example_attributes(), request).truth);
  }
  return combined(rules, outcomes, deny_on_error);
}

// Requests in which mcp.tool.name is "x", "y" or absent and jwt.a, jwt.b, jwt.c make `== "t"` true,
// false or fail.
std::vector<std::unique_ptr<ExampleRequest>> all_requests() {
  std::vector<std::unique_ptr<ExampleRequest>> requests;
  const char* tools[] = {R"({"tool": {"name": "x"}})", R"({"tool": {"name": "y"}})",
                         R"({"prompt": {"name": "x"}})"};
  const char* values[] = {"\"t\"", "\"f\"", "null"};
  for (const char* tool : tools) {
    for (int number = 0; number < 27; ++number) {
      const int digits[] = {number % 3, number / 3 % 3, number / 9};
      std::string claims;
      for (int i = 0; i < 3; ++i) {
        if (digits[i] == 2) continue;
        if (!claims.empty()) claims += ", ";
        claims += std::string("\"") + static_cast<char>('a' + i) + "\": " + values[digits[i]];
      }
      requests.push_back(
          std::make_unique<ExampleRequest>(R"({"jwt": {)" + claims + R"(}, "mcp": )" + tool + "}"));
    }
  }
  return requests;
}

std::string form(std::size_t number, std::size_t atom) {
  const std::string claim = std::string("jwt.") + static_cast<char>('a' + atom) + " == \"t\"";
  const std::string guard = "mcp.tool.name == \"x\"";
  const std::string forms[] = {claim, guard + " && " + claim, guard + " || " + claim,
                               "mcp.tool.name in [\"x\", \"z\"] && " + claim};
  return forms[number];
}

TEST(RuleOracle, every_set_of_up_to_three_rules_decides_as_naive_evaluation) {
  const auto requests = all_requests();
  std::size_t count = 0;
  for (std::size_t size = 1; size <= 3; ++size) {
    std::size_t sets = 1;
    for (std::size_t i = 0; i < size; ++i) sets *= 12;
    for (std::size_t number = 0; number < sets; ++number) {
      std::vector<Rule> rules;
      std::size_t rest = number;
      for (std::size_t i = 0; i < size; ++i, rest /= 12) {
        rules.push_back({modes[rest % 3], form(rest / 3 % 4, i), ""});
      }
      const bool deny_on_error = number % 2 == 0;
      Environment environment(example_attributes());
      const CompiledRules compiled = compile_rules(rules, environment, unchecked(deny_on_error));
      ASSERT_TRUE(compiled.ok());
      // A prime step: every kind of request is met by many sets.
      for (std::size_t i = number % 7; i < requests.size(); i += size == 3 ? 7 : 1) {
        Context context(environment, *requests[i]);
        const Decision expected = naive(rules, *requests[i], deny_on_error);
        ASSERT_EQ(compiled.rules->decide(context), expected) << number << ' ' << i;
        ++count;
      }
    }
  }
  EXPECT_GT(count, 30'000U);
}

// Rules that name a tool more often than not, as those of a configuration do.
std::vector<Rule> random_rules(Choices& choices, std::size_t count) {
  static constexpr std::string_view guards[] = {"mcp.tool.name == \"echo\" && ",
                                                "mcp.tool.name in [\"echo\", \"add\"] && ",
                                                "jwt.sub == \"alice\" && ",
                                                "mcp.tool.name == \"add\" && ",
                                                "",
                                                "mcp.tool.name == \"echo\" || "};
  std::vector<Rule> rules;
  while (rules.size() < count) {
    Rule rule;
    rule.mode = modes[choices.below(3)];
    rule.source = std::string(choices.one_of(guards)) + RandomExpression(choices).truth(2);
    if (parse(rule.source).ok()) rules.push_back(std::move(rule));
  }
  return rules;
}

class RandomRuleSets : public testing::Test {
 protected:
  RandomRuleSets() {
    for (const std::string_view json : random_requests) {
      requests_.push_back(std::make_unique<ExampleRequest>(std::string(json)));
    }
  }
  Choices choices_{7};
  std::vector<std::unique_ptr<ExampleRequest>> requests_;
};

TEST_F(RandomRuleSets, decide_as_naive_evaluation) {
  for (int i = 0; i < 400; ++i) {
    const std::vector<Rule> rules = random_rules(choices_, 1 + choices_.below(8));
    const bool deny_on_error = choices_.below(2) == 0;
    Environment environment(example_attributes());
    const CompiledRules compiled = compile_rules(rules, environment, unchecked(deny_on_error));
    ASSERT_TRUE(compiled.ok());
    for (const auto& request : requests_) {
      Context context(environment, *request);
      ASSERT_EQ(compiled.rules->decide(context), naive(rules, *request, deny_on_error));
      ASSERT_EQ(compiled.rules->decide(context), naive(rules, *request, deny_on_error)) << "again";
    }
  }
}

TEST_F(RandomRuleSets, do_not_depend_on_the_order_of_rules_on_repeats_or_on_other_tools) {
  for (int i = 0; i < 150; ++i) {
    const std::vector<Rule> rules = random_rules(choices_, 2 + choices_.below(5));
    std::vector<Rule> changed = rules;
    std::reverse(changed.begin(), changed.end());
    changed.push_back(changed[choices_.below(static_cast<std::uint32_t>(changed.size()))]);
    // A rule about another tool: only an allow of it could change a default.
    const bool has_allow = std::any_of(
        rules.begin(), rules.end(), [](const Rule& rule) { return rule.mode == RuleMode::allow; });
    if (has_allow) changed.push_back({RuleMode::allow, "mcp.tool.name == \"elsewhere\"", ""});
    Environment environment(example_attributes());
    const CompiledRules first = compile_rules(rules, environment, unchecked(true));
    const CompiledRules second = compile_rules(changed, environment, unchecked(true));
    ASSERT_TRUE(first.ok() && second.ok());
    for (const auto& request : requests_) {
      Context context(environment, *request);
      const bool is_allowed = first.rules->decide(context).is_allowed;
      ASSERT_EQ(second.rules->decide(context).is_allowed, is_allowed);
    }
  }
}

// While a list is filtered: what is hidden is refused with every arguments, what is shown for
// certain is allowed with every arguments.
TEST_F(RandomRuleSets, never_hide_a_tool_that_some_call_may_use) {
  const char* arguments[] = {"", R"(, "arguments": {})", R"(, "arguments": {"a": 1})",
                             R"(, "arguments": {"a": "alice"})", R"(, "arguments": {"a": null})"};
  int undecided = 0;
  for (int i = 0; i < 300; ++i) {
    std::vector<Rule> rules = random_rules(choices_, 1 + choices_.below(4));
    rules[0].source = "(" + rules[0].source + ") && mcp.tool.arguments.a == 1";
    Environment environment(example_attributes());
    const CompiledRules compiled = compile_rules(rules, environment, unchecked(true));
    ASSERT_TRUE(compiled.ok());
    for (const char* given : arguments) {
      const ExampleRequest request(R"({"jwt": {"sub": "alice", "level": 5}, "mcp": {"tool": {)"
                                   R"("name": "echo", "target": "alpha")" +
                                   std::string(given) + "}}}");
      Context listing(environment, request);
      listing.set_phase(Phase::list);
      const Decision shown = compiled.rules->decide(listing);
      Context calling(environment, request);
      const Decision called = compiled.rules->decide(calling);
      if (shown.is_undecided) {
        ++undecided;
      } else {
        ASSERT_EQ(shown.is_allowed, called.is_allowed) << rules[0].source;
      }
    }
  }
  EXPECT_GT(undecided, 20);
}

}  // namespace
}  // namespace cel

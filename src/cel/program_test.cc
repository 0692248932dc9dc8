#include "cel/program.h"

#include <gtest/gtest.h>

#include "cel/convert.h"
#include "cel/detail_example_request.h"
#include "cel/explain.h"

namespace cel {
namespace {

constexpr char alice_calls_echo[] = R"({
  "source": {"address": "10.1.2.3", "port": 4711},
  "jwt": {"sub": "alice", "groups": ["dev", "ops"], "level": 5, "ratio": 0.5, "nil": null,
          "nested": {"key": "value"}, "email": "alice@example.com", "admin": true,
          "list": [1, 2, 3], "big": 9223372036854775807, "name": "J\u00fcrgen"},
  "request": {"method": "POST", "path": "/user/7/view",
              "headers": {"x-team": "core", "x-many": ["a", "b"]}},
  "mcp": {"methodName": "tools/call",
          "tool": {"name": "echo", "target": "alpha", "arguments": {"a": 1}}}
})";

Truth outcome(std::string_view source, const char* json = alice_calls_echo) {
  Environment environment(example_attributes());
  CompileOptions options;
  options.is_checked = false;
  const Compiled compiled = compile(source, environment, options);
  EXPECT_TRUE(compiled.ok()) << source;
  if (!compiled.ok()) return Truth::error;
  const ExampleRequest request(json);
  Context context(environment, request);
  return compiled.program->test(context);
}

struct Case {
  const char* source;
  Truth expected;
};

TEST(Program, gives_the_three_state_outcome_of_boolean_expressions) {
  const Case cases[] = {
      {"jwt.sub == \"alice\"", Truth::yes},
      {"\"alice\" == jwt.sub", Truth::yes},
      {"jwt.sub != \"alice\"", Truth::no},
      {"jwt.sub == \"alicf\"", Truth::no},
      {"jwt.level == \"5\"", Truth::no},
      {"jwt.level == 5", Truth::yes},
      {"jwt.level == 5.0", Truth::yes},
      {"jwt.level >= 5", Truth::yes},
      {"jwt.level >= \"5\"", Truth::error},
      {"jwt.missing == 1", Truth::error},
      {"jwt.missing == 1 || true", Truth::yes},
      {"jwt.missing == 1 && false", Truth::no},
      {"jwt.missing == 1 && jwt.sub == \"bob\"", Truth::no},
      {"jwt.missing == 1 && jwt.sub == \"alice\"", Truth::error},
      {"jwt.sub == \"alice\" && jwt.missing == 1", Truth::error},
      {"!(jwt.missing == 1)", Truth::error},
      {"jwt.missing == 1 ? true : true", Truth::error},
      {"jwt.sub", Truth::error},
      {"jwt.admin", Truth::yes},
      {"has(jwt.sub)", Truth::yes},
      {"has(jwt.missing)", Truth::no},
      {"has(jwt.missing.deeper)", Truth::error},
      {"has(jwt.nested.key)", Truth::yes},
      {"has(jwt.nil)", Truth::yes},
      {"has(mcp.tool.name)", Truth::yes},
      {"has(mcp.prompt.name)", Truth::no},
      {"jwt.nested.key == \"value\"", Truth::yes},
      {"jwt[\"nested\"].key == \"value\"", Truth::yes},
      {"jwt.sub in [\"bob\", \"alice\"]", Truth::yes},
      {"jwt.sub in [\"bob\"]", Truth::no},
      {"jwt.level in [\"bob\"]", Truth::no},
      {"jwt.sub in [\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"alice\"]", Truth::yes},
      {"\"ops\" in jwt.groups", Truth::yes},
      {"\"admin\" in jwt.groups", Truth::no},
      {"\"a\" in jwt.sub", Truth::error},
      {"\"key\" in jwt.nested", Truth::yes},
      {"2 in jwt.list", Truth::yes},
      {"jwt.email.endsWith(\"@example.com\")", Truth::yes},
      {"jwt.email.startsWith(\"bob\")", Truth::no},
      {"jwt.email.contains(\"@\")", Truth::yes},
      {"jwt.level.startsWith(\"5\")", Truth::error},
      {"jwt.email.matches(\"^al[a-z]+@\")", Truth::yes},
      {"jwt.email.matches(\"^alice\")", Truth::yes},
      {"jwt.email.matches(\"com$\")", Truth::yes},
      {"jwt.email.matches(\"^alice@example\\\\.com$\")", Truth::yes},
      {"jwt.email.matches(\"^alice$\")", Truth::no},
      {"jwt.email.matches(\"(\")", Truth::error},
      {"jwt.level.matches(\"5\")", Truth::error},
      {"jwt.groups.exists(g, g == \"dev\")", Truth::yes},
      {"jwt.groups.all(g, g == \"dev\")", Truth::no},
      {"jwt.groups.exists(g, g.startsWith(\"o\"))", Truth::yes},
      {"[1, 0].exists(x, 1 / x == 1)", Truth::yes},
      {"[0, 1].exists(x, 1 / x == 1)", Truth::yes},
      {"[0].exists(x, 1 / x == 1)", Truth::error},
      {"jwt.groups.exists_one(g, g == \"dev\")", Truth::yes},
      {"jwt.list.map(x, x * 2) == [2, 4, 6]", Truth::yes},
      {"jwt.list.filter(x, x > 1).size() == 2", Truth::yes},
      {"cel.bind(x, jwt.level, x == 5 && x < 6)", Truth::yes},
      {"cel.bind(x, jwt.missing, true)", Truth::yes},
      {"cel.bind(x, jwt.missing, x == 1)", Truth::error},
      {"default(jwt.missing, \"x\") == \"x\"", Truth::yes},
      {"default(1 / 0, 1) == 1", Truth::error},
      {"coalesce(jwt.missing, jwt.nil, 3) == 3", Truth::yes},
      {"size(jwt.name) == 6", Truth::yes},
      {"request.headers[\"x-team\"] == \"core\"", Truth::yes},
      {"type(jwt.level) == int", Truth::yes},
      {"mcp.tool.arguments.a == 1", Truth::yes},
      {"mcp.prompt.name == \"p\"", Truth::error},
      {"jwt.big + 1 == 0", Truth::error},
      {"jwt == null", Truth::no},
      {"nonsense == 1", Truth::error},
      {"nonsense == 1 || true", Truth::yes},
      {"nonsense(1) || true", Truth::yes},
  };
  for (const Case& test : cases) EXPECT_EQ(outcome(test.source), test.expected) << test.source;
}

TEST(Program, treats_a_missing_token_as_null_without_fields) {
  const char* anonymous = R"({"jwt": null})";

  EXPECT_EQ(outcome("jwt == null", anonymous), Truth::yes);
  EXPECT_EQ(outcome("jwt.sub == \"alice\"", anonymous), Truth::error);
  EXPECT_EQ(outcome("jwt.sub != \"guest\"", anonymous), Truth::error);
  EXPECT_EQ(outcome("has(jwt.sub)", anonymous), Truth::no);
}

TEST(Program, fetches_an_attribute_once_for_all_rules) {
  Environment environment(example_attributes());
  const Compiled first = compile("jwt.sub == 'x' || jwt.level == 5", environment);
  const Compiled second = compile("jwt.sub == 'alice' && jwt.nested.key == 'value'", environment);
  ASSERT_TRUE(first.ok() && second.ok());
  const ExampleRequest request(alice_calls_echo);
  Context context(environment, request);

  EXPECT_EQ(first.program->test(context), Truth::yes);
  EXPECT_EQ(second.program->test(context), Truth::yes);

  EXPECT_EQ(request.reads, 1);
}

TEST(Program, next_item_forgets_the_tool_and_keeps_the_caller) {
  Environment environment(example_attributes());
  const Compiled rule = compile("jwt.sub == 'alice' && mcp.tool.name == 'add'", environment);
  ASSERT_TRUE(rule.ok());
  ExampleRequest request(alice_calls_echo);
  Context context(environment, request);

  EXPECT_EQ(rule.program->test(context), Truth::no);
  request.tool_name = "add";
  EXPECT_EQ(rule.program->test(context), Truth::no);
  context.next_item();
  EXPECT_EQ(rule.program->test(context), Truth::yes);

  EXPECT_EQ(request.reads, 3);
}

TEST(Program, stops_at_its_budget_and_nothing_absorbs_that) {
  Environment environment(example_attributes());
  CompileOptions options;
  options.fuel_max = ~std::uint64_t{0};
  const char* sources[] = {
      "[1,2,3,4,5,6,7,8].all(a, [1,2,3,4,5,6,7,8].all(b, jwt.list.all(c, a + b + c > 0))) || true",
      "default([1,2,3,4].all(a, jwt.list.all(b, a + b > 0)), true)",
      "coalesce(jwt.list.map(x, x + jwt.list[0]), 1) != 1",
  };
  for (const char* source : sources) {
    options.is_optimized = false;  // `|| true` would be folded
    const Compiled compiled = compile(source, environment, options);
    ASSERT_TRUE(compiled.ok()) << source;
    const ExampleRequest request(alice_calls_echo);
    Budget budget;
    budget.rule_fuel = compiled.program->source().size() / 4;
    Context context(environment, request, budget);

    EXPECT_EQ(compiled.program->test(context), Truth::error) << source;
    EXPECT_TRUE(context.evaluation().is_aborted()) << source;
  }
}

TEST(Program, computes_constant_parts_when_it_is_compiled) {
  Environment environment(example_attributes());
  const Compiled always = compile("1 + 1 == 2 && 'a' in ['a', 'b']", environment);
  ASSERT_TRUE(always.ok());
  ASSERT_EQ(always.problems.size(), 1U);
  EXPECT_EQ(always.problems[0].text, "this rule is always true");

  const Compiled fails = compile("jwt.level == 1 / 0", environment);
  EXPECT_FALSE(fails.ok());

  const Compiled sheltered = compile("jwt.level == 5 || 1 / 0 == 1", environment);
  ASSERT_TRUE(sheltered.ok());
  EXPECT_EQ(sheltered.problems.size(), 1U);
}

TEST(Program, tells_whether_it_waits_for_a_call) {
  Environment environment(example_attributes());

  EXPECT_FALSE(compile("mcp.tool.name == 'a'", environment).program->needs_later_than(Phase::list));
  EXPECT_TRUE(
      compile("mcp.tool.arguments.a == 1", environment).program->needs_later_than(Phase::list));
}

TEST(Explain, shows_each_part_with_its_value_or_error) {
  Environment environment(example_attributes());
  const std::string source = "jwt.sub == 'bob' || jwt.age > 3 && mcp.tool.name == 'echo'";
  const Compiled compiled = compile(source, environment);
  ASSERT_TRUE(compiled.ok());
  const ExampleRequest request(alice_calls_echo);
  Context context(environment, request);

  const Explanation explanation = explain(*compiled.program, context);

  EXPECT_EQ(explanation.outcome, Truth::error);
  EXPECT_EQ(
      render(explanation, source),
      "jwt.sub == 'bob' || jwt.age > 3 && mcp.tool.name == 'echo' => error: no such key: age\n"
      "  jwt.sub == 'bob' => false\n"
      "    jwt.sub => \"alice\"\n"
      "    'bob' => \"bob\"\n"
      "  jwt.age > 3 && mcp.tool.name == 'echo' => error: no such key: age\n"
      "    jwt.age > 3 => error: no such key: age\n"
      "      jwt.age => error: no such key: age\n"
      "      3 => 3\n"
      "    mcp.tool.name == 'echo' => true\n"
      "      mcp.tool.name => \"echo\"\n"
      "      'echo' => \"echo\"\n");
}

}  // namespace
}  // namespace cel

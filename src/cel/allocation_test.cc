// Nothing is allocated on the heap while a boolean rule is evaluated or a rule set decides. This
// test replaces the program's operator new to count.

#include <gtest/gtest.h>

#include "cel/detail_allocation_count.h"
#include "cel/detail_example_request.h"
#include "cel/program.h"
#include "cel/rule_set.h"

namespace cel {
namespace {

constexpr char json[] = R"({
  "source": {"address": "10.1.2.3", "port": 80},
  "jwt": {"sub": "alice", "groups": ["dev", "ops"], "email": "alice@example.com",
          "nested": {"key": "value"}, "level": 5},
  "request": {"method": "GET", "path": "/user/7/view", "headers": {"x-team": "core"}},
  "mcp": {"tool": {"name": "echo", "target": "alpha", "arguments": {"a": 1}}}
})";

TEST(Allocation, a_boolean_rule_needs_none) {
  const char* sources[] = {
      "mcp.tool.name == 'echo'",
      "jwt.sub == 'alice' && jwt.nested.key == 'value'",
      "jwt.missing == 'alice' || jwt.sub == 'x'",
      "'ops' in jwt.groups",
      "jwt.groups.exists(g, g.startsWith('o'))",
      "has(jwt.email) && jwt.email.endsWith('@example.com')",
      "request.path.matches('^/user/([^/]+)/view$')",
      "cidr('10.0.0.0/8').containsIP(source.address)",
      "request.method in ['GET', 'POST']",
      "source.port >= 1 && source.port + 1 < 1024",
      "request.headers['x-team'] == 'core'",
      "jwt.groups.map(g, g + '!').size() == 2",
      "size(jwt.groups) == 2 && jwt.groups[0] == 'dev'",
      "mcp.tool.arguments.a == 1",
      "default(jwt.missing, 'x') == 'x'",
  };
  for (const char* source : sources) {
    Environment environment(example_attributes());
    const Compiled compiled = compile(source, environment);
    ASSERT_TRUE(compiled.ok()) << source;
    const ExampleRequest request(json);
    // RE2 makes its automaton, and threads their numbers, when they are first needed.
    Context first(environment, request);
    compiled.program->test(first);

    const std::uint64_t before = allocation_count;
    Context context(environment, request);
    compiled.program->test(context);
    compiled.program->test(context);

    EXPECT_EQ(allocation_count - before, 0U) << source;
  }
}

TEST(Allocation, a_decision_needs_none_beyond_its_context) {
  std::vector<Rule> rules;
  for (int i = 0; i < 50; ++i) {
    const std::string tool = "mcp.tool.name == 'tool" + std::to_string(i) + "'";
    rules.push_back({RuleMode::allow, "jwt.sub == 'alice' && " + tool, ""});
    rules.push_back({RuleMode::deny, "has(jwt.blocked) && " + tool, ""});
  }
  Environment environment(example_attributes());
  const CompiledRules compiled = compile_rules(rules, environment);
  ASSERT_TRUE(compiled.ok());
  const ExampleRequest request(json);
  Context context(environment, request);

  const std::uint64_t before = allocation_count;
  for (int i = 0; i < 10; ++i) {
    context.next_item();
    EXPECT_FALSE(compiled.rules->decide(context).is_allowed);
  }

  EXPECT_EQ(allocation_count - before, 0U);
}

}  // namespace
}  // namespace cel

#include "cel/checker.h"

#include <gtest/gtest.h>

#include "cel/detail_example_request.h"
#include "cel/program.h"

namespace cel {
namespace {

std::vector<Problem> problems_of(std::string_view source, CompileOptions options = {}) {
  Environment environment(example_attributes());
  return compile(source, environment, options).problems;
}

struct Case {
  const char* source;
  Severity severity;
  const char* text;
  const char* hint;
};

TEST(Checker, reports_what_can_never_work_with_a_suggestion) {
  const Case cases[] = {
      {"mcp.tool.nmae == 'echo'", Severity::error, "mcp.tool has no field \"nmae\"",
       "did you mean \"name\"? known fields: arguments, name, result, target"},
      {"jwtt.sub == 'a'", Severity::error, "unknown name \"jwtt\"", "did you mean \"jwt\"?"},
      {"tool.name == 'a'", Severity::error, "unknown name \"tool\"",
       "did you mean \"mcp.tool.name\"?"},
      {"claims.sub == 'a'", Severity::error, "unknown name \"claims\"",
       "did you mean \"jwt.sub\"?"},
      {"mcp.tool.name.startWith('a')", Severity::error, "unknown function \"startWith\"",
       "did you mean \"startsWith\"?"},
      {"mcp.tool.name", Severity::error, "a rule must be a bool, this is a string",
       "compare it with something, for example == \"...\""},
      {"mcp.tool.name == 5", Severity::error, "== cannot be used with string and int", ""},
      {"mcp.tool.name > 5", Severity::error, "> cannot be used with string and int", ""},
      {"mcp.tool.name && true", Severity::error, "&& needs a bool, this is a string", ""},
      {"size(source.port) == 1", Severity::error, "size() cannot be called with (int)", nullptr},
      {"mcp.tool.name.startsWith('a', 'b')", Severity::error,
       "startsWith() does not take 3 arguments", nullptr},
      {"mcp.tool.result == 1", Severity::error, "mcp.tool.result does not exist at this point",
       "it is there once there is a response"},
      {"response.code == 200", Severity::error, "response.code does not exist at this point",
       "it is there once there is a response"},
      {"source.port.exists(x, x == 1)", Severity::error,
       "a int cannot be walked: a list or map is needed", ""},
      {"jwt.level == 1 / 0", Severity::error, "this always fails: division by zero", ""},
      {"jwt.a.exists(a, jwt.b.exists(b, jwt.c.exists(c, a + b == c)))", Severity::error, nullptr,
       nullptr},
  };
  for (const Case& test : cases) {
    const auto problems = problems_of(test.source);
    ASSERT_FALSE(problems.empty()) << test.source;
    EXPECT_EQ(problems[0].severity, test.severity) << test.source;
    if (test.text != nullptr) {
      EXPECT_EQ(problems[0].text, test.text) << test.source;
    }
    if (test.hint != nullptr) {
      EXPECT_EQ(problems[0].hint, test.hint) << test.source;
    }
  }
}

TEST(Checker, warns_of_what_is_hardly_meant) {
  const Case cases[] = {
      {"jwt.sbu == 'a'", Severity::warning, "jwt.sbu looks like a misspelt field",
       "did you mean \"sub\"?"},
      {"request.method == 'POTS'", Severity::warning, "request.method is never \"POTS\"",
       "did you mean \"POST\"?"},
      {"mcp.tool.name.matches('get')", Severity::warning,
       "matches() finds this pattern anywhere in the text", "write ^...$ to match all of it"},
      {"1 < 2", Severity::warning, "this rule is always true", ""},
      {"mcp.tool.name == 'x' && false", Severity::warning, "this rule is always false", ""},
      {"jwt.sub == 5", Severity::warning, "jwt.sub is a string, it never equals a int", ""},
  };
  for (const Case& test : cases) {
    const auto problems = problems_of(test.source);
    ASSERT_EQ(problems.size(), 1U) << test.source;
    EXPECT_EQ(problems[0].severity, test.severity) << test.source;
    EXPECT_EQ(problems[0].text, test.text) << test.source;
    EXPECT_EQ(problems[0].hint, test.hint) << test.source;
  }
}

TEST(Checker, warns_of_deny_rules_that_fail_without_a_claim) {
  CompileOptions options;
  options.is_deny_rule = true;

  EXPECT_EQ(problems_of("jwt.blocked == true", options).size(), 1U);
  EXPECT_TRUE(problems_of("has(jwt.blocked) && jwt.blocked == true", options).empty());
  EXPECT_TRUE(problems_of("default(jwt.blocked, false)", options).empty());
  EXPECT_TRUE(problems_of("mcp.tool.name == 'rm'", options).empty());
}

TEST(Checker, accepts_ordinary_rules_without_a_word) {
  const char* rules[] = {
      "mcp.tool.name == \"echo\"",
      "jwt.sub == \"test-user\" && mcp.tool.name == \"add\"",
      "mcp.tool.name == \"printEnv\" && jwt.nested.key == \"value\"",
      "jwt.groups.exists(g, g.startsWith('adm'))",
      "'admin' in jwt.groups",
      "cidr('10.0.0.0/8').containsIP(source.address)",
      "has(jwt.email) && jwt.email.endsWith('@example.com')",
      "jwt.level >= 5 || jwt.level > 2.5",
      "request.headers['x-team'] == 'core'",
      "size(jwt.groups) == 2 && jwt.groups[0] == 'dev'",
      "mcp.tool.arguments.a == 1",
      "mcp.tool.arguments.?a.orValue(0) == 1",
      "jwt == null",
  };
  for (const char* rule : rules) {
    for (const Problem& problem : problems_of(rule)) {
      ADD_FAILURE() << render(problem, rule);
    }
  }
}

TEST(Checker, points_at_the_place_with_line_column_and_caret) {
  const std::string source = "jwt.sub == 'a' &&\n  mcp.tool.nmae == 'x'";
  const auto problems = problems_of(source);

  ASSERT_EQ(problems.size(), 1U);
  const Position position = position_of(source, problems[0].offset);
  EXPECT_EQ(position.line, 2U);
  EXPECT_EQ(position.column, 12U);
  EXPECT_EQ(problems[0].length, 4U);
}

TEST(Checker, deduces_types) {
  struct Deduced {
    const char* source;
    const char* type;
  };
  const Deduced cases[] = {
      {"[1, 2]", "list(int)"},
      {"{'a': 1u}", "map(string, uint)"},
      {"[[], [[]], [[[]]], [[[[]]]]]", "list(list(list(list(list(dyn)))))"},
      {"[[[[[]]]], [], [[[]]]]", "list(list(list(list(list(dyn)))))"},
      {"([].map(x, x))[0].foo", "dyn"},
      {"[optional.none(), optional.of(1)]", "list(optional_type(int))"},
      {"[optional.of(1), optional.of(dyn(1))]", "list(optional_type(dyn))"},
      {"[optional.of(1), null][0]", "optional_type(int)"},
      {"true ? optional.of(dyn(1)) : optional.of(1)", "optional_type(dyn)"},
      {"jwt.sub", "dyn"},
      {"mcp.tool.name.split('/')", "list(string)"},
      {"timestamp('2020-01-01T00:00:00Z') - duration('1s')", "google.protobuf.Timestamp"},
      {"jwt.groups.map(g, g == 'a')", "list(bool)"},
      {"{'a': 1}.transformMap(k, v, string(v))", "map(string, string)"},
  };
  for (const Deduced& test : cases) {
    Environment environment(example_attributes());
    CompileOptions options;
    options.is_rule = false;
    EXPECT_EQ(compile(test.source, environment, options).type, test.type) << test.source;
  }
}

TEST(Checker, instantiates_declared_functions_of_several_parameters) {
  Environment environment(example_attributes());
  environment.declare_function("tuple", "(T, U, V) -> tuple(T, U, V)");
  environment.declare_function("sort", "(tuple(T, T, T)) -> tuple(T, T, T)");
  CompileOptions options;
  options.is_rule = false;

  EXPECT_EQ(compile("sort(tuple(dyn(1), 2u, 3.0))", environment, options).type,
            "tuple(dyn, dyn, dyn)");
  EXPECT_EQ(compile("tuple(1, 2u, 3.0) == tuple(1, dyn(2u), dyn(3.0))", environment, options).type,
            "bool");
}

}  // namespace
}  // namespace cel

#include <gtest/gtest.h>

#include "cel/node.h"

namespace cel {
namespace {

// The tree as text: (kind children...), for comparing.
std::string shape(const Ast& ast, const Node& node);

std::string children_shape(const Ast& ast, const Node& node) {
  std::string text;
  for (const NodeIndex child : ast.children(node)) text += ' ' + shape(ast, ast.nodes[child]);
  return text;
}

std::string kind_text(const Ast& ast, const Node& node) {
  switch (node.kind) {
    case NodeKind::operation:
      return std::string(spelling_of(node.op));
    case NodeKind::logical_and:
      return "&&";
    case NodeKind::logical_or:
      return "||";
    case NodeKind::conditional:
      return "?:";
    case NodeKind::call:
      return (node.has_flag(node_flag::is_method) ? "." : "") + std::string(ast.name(node)) + "()";
    case NodeKind::select:
      return "." + std::string(ast.name(node));
    case NodeKind::has:
      return "has " + std::string(ast.name(node));
    case NodeKind::index:
      return "[]";
    case NodeKind::list:
      return "list";
    case NodeKind::map:
      return "map";
    case NodeKind::all:
      return "all";
    case NodeKind::exists:
      return "exists";
    case NodeKind::filter:
      return "filter";
    case NodeKind::map_each:
      return "map_each";
    case NodeKind::bind:
      return "bind";
    default:
      return "other";
  }
}

std::string shape(const Ast& ast, const Node& node) {
  if (node.kind == NodeKind::constant) return std::string(ast.text(node));
  if (node.kind == NodeKind::name) return std::string(ast.name(node));
  if (node.kind == NodeKind::local) return "$" + std::to_string(node.value);
  return '(' + kind_text(ast, node) + children_shape(ast, node) + ')';
}

std::string shape(std::string_view source) {
  const Parsed parsed = parse(source);
  if (!parsed.ok()) return "error: " + parsed.problems[0].text;
  return shape(parsed.ast, parsed.ast.nodes[parsed.ast.root]);
}

TEST(Parser, gives_operators_their_strength) {
  EXPECT_EQ(shape("a + b * c - d"), "(- (+ a (* b c)) d)");
  EXPECT_EQ(shape("(a + b) * c"), "(* (+ a b) c)");
  EXPECT_EQ(shape("a == b + 1 && c in d"), "(&& (== a (+ b 1)) (in c d))");
  EXPECT_EQ(shape("-a.b[0]"), "(- ([] (.b a) 0))");
  EXPECT_EQ(shape("!a && b"), "(&& (! a) b)");
  EXPECT_EQ(shape("a < b == c"), "(== (< a b) c)");
}

TEST(Parser, keeps_chains_of_and_and_or_flat) {
  EXPECT_EQ(shape("a && b && c || d || e && f"), "(|| (&& a b c) d (&& e f))");
}

TEST(Parser, nests_conditionals_to_the_right) {
  EXPECT_EQ(shape("a ? b : c ? d : e"), "(?: a b (?: c d e))");
}

TEST(Parser, collapses_runs_of_signs_to_one_or_two) {
  EXPECT_EQ(shape("!!!a"), "(! a)");
  EXPECT_EQ(shape("!!!!a"), "(! (! a))");
  EXPECT_EQ(shape("---a"), "(- a)");
}

TEST(Parser, reads_the_smallest_int_as_one_literal) {
  const Parsed parsed = parse("-9223372036854775808");
  ASSERT_TRUE(parsed.ok());
  const Node& root = parsed.ast.nodes[parsed.ast.root];
  EXPECT_EQ(parsed.ast.constants[root.value].as_int(), INT64_MIN);
  EXPECT_EQ(parsed.ast.text(root), "-9223372036854775808");
  EXPECT_FALSE(parse("9223372036854775808").ok());
}

TEST(Parser, numbers_the_locals_of_macros) {
  EXPECT_EQ(shape("xs.all(x, x > y)"), "(all xs (> $0 y))");
  EXPECT_EQ(shape("xs.map(x, xs.filter(y, x == y)).all(x, x)"),
            "(all (map_each xs (filter xs (== $1 $0))) $2)");
  EXPECT_EQ(shape("cel.bind(a, 1, a + a)"), "(bind 1 (+ $0 $0))");
  EXPECT_EQ(shape("v.with(x, x)"), "(bind v $0)");
  // Only the body sees the variable, and a leading dot does not.
  EXPECT_EQ(shape("x.exists(x, x && .x)"), "(exists x (&& $0 x))");
}

TEST(Parser, knows_functions_with_a_namespace) {
  EXPECT_EQ(shape("math.abs(x)"), "(math.abs() x)");
  EXPECT_EQ(shape("x.abs(y)"), "(.abs() x y)");
  // A macro's variable of that name hides the namespace.
  EXPECT_EQ(shape("xs.map(math, math.abs(1))"), "(map_each xs (.abs() $0 1))");
}

TEST(Parser, takes_reserved_words_as_fields_and_not_as_variables) {
  EXPECT_EQ(shape("a.for.package(b)"), "(.package() (.for a) b)");
  EXPECT_EQ(shape("for"), "error: 'for' is a reserved word");
}

TEST(Parser, says_where_and_what_is_wrong) {
  struct Case {
    std::string_view source;
    std::uint32_t offset;
    std::string_view text;
  };
  for (const Case& wrong :
       std::initializer_list<Case>{{"a &&", 4, "expected an expression, but the expression ends"},
                                   {"a = b", 2, "'=' must be doubled: =="},
                                   {"a & b", 2, "'&' must be doubled: &&"},
                                   {"f(a b)", 4, "expected ',' or ')', found 'b'"},
                                   {"'abc", 0, "the string is not closed"},
                                   {"'a\\q'", 2, "an unknown escape sequence"},
                                   {"a.all(b.c, d)", 6, "a macro's variable must be a simple name"},
                                   {"has(a)", 4, "has() takes the selection of a field: has(a.b)"},
                                   {"1a", 0, "a number is followed by letters"},
                                   {"a.b{c: 1}", 3, "messages cannot be constructed here"}}) {
    const Parsed parsed = parse(wrong.source);
    ASSERT_FALSE(parsed.problems.empty()) << wrong.source;
    EXPECT_EQ(parsed.problems[0].text, wrong.text) << wrong.source;
    EXPECT_EQ(parsed.problems[0].offset, wrong.offset) << wrong.source;
  }
}

TEST(Parser, goes_on_behind_a_problem_in_brackets) {
  const Parsed parsed = parse("f(a +, b) && [1, ), 2] == c.d(* )");
  EXPECT_GE(parsed.problems.size(), 2U);
  EXPECT_LE(parsed.problems.size(), 10U);
}

TEST(Parser, renders_a_caret_below_the_place) {
  const Parsed parsed = parse("a &&\n\tb = c");
  ASSERT_EQ(parsed.problems.size(), 1U);
  EXPECT_EQ(render(parsed.problems[0], "a &&\n\tb = c", "rule"),
            "rule:2:4: '=' must be doubled: ==\n      b = c\n        ^");
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

TEST(Parser, bounds_everything_that_could_grow) {
  EXPECT_TRUE(parse(repeated("(", 40) + "a" + repeated(")", 40)).ok());
  for (const std::string& source :
       {repeated("(", 5000), repeated("[", 5000), repeated("f(", 5000), repeated("{1:", 5000),
        repeated("a[", 5000), repeated("(", 60) + "a" + repeated(")", 60),
        "a" + repeated(".b", 3000), "1" + repeated("+1", 3000), "f(1" + repeated(",1", 40) + ")",
        "[1" + repeated(",1", 1001) + "]", repeated("a?b:", 1000) + "c",
        repeated("a.all(x,", 9) + "true" + repeated(")", 9), repeated(" ", 17000) + "a"}) {
    EXPECT_FALSE(parse(source).ok()) << source.substr(0, 40);
  }
}

TEST(Parser, accepts_what_the_specification_requires) {
  for (const std::string& source :
       {"a" + repeated(" || a", 32), "a" + repeated(" && a", 32), "a" + repeated(" + a", 32),
        repeated("a ? b : ", 24) + "c", "a" + repeated(".b", 32), "a" + repeated("[0]", 32),
        repeated("[", 12) + repeated("]", 12), repeated("f(", 12) + "a" + repeated(")", 12)}) {
    EXPECT_TRUE(parse(source).ok()) << source;
  }
}

}  // namespace
}  // namespace cel

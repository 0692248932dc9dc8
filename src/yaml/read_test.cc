#include "yaml/read.h"

#include <cmath>

#include <gtest/gtest.h>

namespace yaml {
namespace {

Node parse(std::string_view text) {
  const auto node = read(text);
  EXPECT_TRUE(node.has_value()) << text << ": " << (node ? "" : node.error().message);
  return node ? *node : Node();
}

Mistake mistake_in(std::string_view text, const Limits& limits = Limits()) {
  const auto node = read(text, limits);
  return node ? Mistake{{}, "accepted"} : node.error();
}

TEST(Yaml, composes_a_tree_with_positions) {
  const Node root = parse("a:\n  - x\n  - {b: 'y', \"c\": [1]}\nd: |\n  one\n  two\n");

  ASSERT_TRUE(root.is_mapping());
  EXPECT_EQ(root.at, (Position{1, 1}));
  const Node& list = *root.find("a");
  ASSERT_TRUE(list.is_sequence());
  EXPECT_EQ(list.at, (Position{2, 3}));
  EXPECT_EQ(list.items[0].text, "x");
  EXPECT_EQ(list.items[0].at, (Position{2, 5}));
  EXPECT_EQ(list.items[1].at, (Position{3, 5}));
  EXPECT_EQ(list.items[1].find("b")->at, (Position{3, 9}));
  EXPECT_EQ(list.items[1].find("b")->content, (Position{3, 10}));
  EXPECT_EQ(list.items[1].find("b")->style, Style::quoted);
  EXPECT_EQ(list.items[1].members[1].key.at, (Position{3, 14}));
  EXPECT_EQ(root.find("d")->text, "one\ntwo\n");
  EXPECT_EQ(root.find("d")->style, Style::literal);
  EXPECT_EQ(root.find("nothing"), nullptr);
}

TEST(Yaml, counts_columns_in_characters) {
  const Node root = parse("\xC3\xA9\xC3\xA9: \"\xC3\xA9x\"\n");
  const Node& value = root.members[0].value;

  EXPECT_EQ(value.at, (Position{1, 5}));
  EXPECT_EQ(value.position_of(2), (Position{1, 7}));
}

TEST(Yaml, resolves_plain_scalars_by_the_core_schema) {
  struct Case {
    const char* text;
    Core core;
  };
  const std::vector<Case> cases = {
      {"", Core::null},         {"~", Core::null},       {"null", Core::null},
      {"NULL", Core::null},     {"nULL", Core::string},  {"true", Core::boolean},
      {"False", Core::boolean}, {"no", Core::string},    {"yes", Core::string},
      {"on", Core::string},     {"y", Core::string},     {"0", Core::integer},
      {"-12", Core::integer},   {"+7", Core::integer},   {"0o17", Core::integer},
      {"0x1F", Core::integer},  {"007", Core::integer},  {"0b1", Core::string},
      {"1_000", Core::string},  {"0o8", Core::string},   {"0x", Core::string},
      {"-", Core::string},      {"1.5", Core::real},     {"1.", Core::real},
      {".5", Core::real},       {"-.5e+3", Core::real},  {"1e3", Core::real},
      {"1e", Core::string},     {".", Core::string},     {".inf", Core::real},
      {"-.Inf", Core::real},    {".nan", Core::real},    {"-.nan", Core::string},
      {"1.2.3", Core::string},  {"12:30", Core::string}, {"2001-01-01", Core::string},
      {"0x1g", Core::string},   {"1 2", Core::string},   {"=", Core::string},
  };
  for (const Case& c : cases) {
    Node node;
    node.text = c.text;
    EXPECT_EQ(node.core(), c.core) << c.text;
    node.style = Style::quoted;
    EXPECT_EQ(node.core(), Core::string) << c.text;
  }
}

TEST(Yaml, reads_numbers) {
  const Node list =
      parse("[0, -12, +7, 0o17, 0x1F, 18446744073709551615, 18446744073709551616, 1.5, .inf, x]");

  EXPECT_EQ(list.items[1].as_int(), -12);
  EXPECT_EQ(list.items[1].as_uint(), std::nullopt);
  EXPECT_EQ(list.items[2].as_int(), 7);
  EXPECT_EQ(list.items[3].as_int(), 15);
  EXPECT_EQ(list.items[4].as_uint(), 31U);
  EXPECT_EQ(list.items[5].as_uint(), UINT64_MAX);
  EXPECT_EQ(list.items[5].as_int(), std::nullopt);
  EXPECT_EQ(list.items[6].as_uint(), std::nullopt);
  EXPECT_EQ(list.items[6].as_double(), 18446744073709551616.0);
  EXPECT_EQ(list.items[7].as_double(), 1.5);
  EXPECT_EQ(list.items[7].as_int(), std::nullopt);
  EXPECT_TRUE(std::isinf(*list.items[8].as_double()));
  EXPECT_EQ(list.items[9].as_double(), std::nullopt);
  EXPECT_EQ(parse("-9223372036854775808").as_int(), INT64_MIN);
  EXPECT_EQ(parse("0xFFFFFFFFFFFFFFFF").as_int(), std::nullopt);
}

TEST(Yaml, knows_where_each_character_stood) {
  const Node root = parse(
      "plain: abc def\n"
      "quoted: \"abc\"\n"
      "escaped: \"a\\tb\"\n"
      "doubled: 'it''s'\n"
      "literal: |  # rule\n"
      "    first\n"
      "\n"
      "      third\n"
      "folded: >\n"
      "  one\n"
      "  two\n"
      "wrapped: one\n"
      "  two\n"
      "anchored: &a text\n"
      "blank: |\n"
      "\n"
      "   x\n");

  EXPECT_EQ(root.find("plain")->position_of(4), (Position{1, 12}));
  EXPECT_EQ(root.find("quoted")->position_of(0), (Position{2, 10}));
  EXPECT_EQ(root.find("quoted")->position_of(2), (Position{2, 12}));
  EXPECT_EQ(root.find("escaped")->position_of(2), (Position{3, 10}));
  EXPECT_EQ(root.find("doubled")->position_of(4), (Position{4, 10}));
  EXPECT_EQ(root.find("literal")->text, "first\n\n  third\n");
  EXPECT_EQ(root.find("literal")->position_of(1), (Position{6, 6}));
  EXPECT_EQ(root.find("literal")->position_of(6), (Position{7, 5}));
  EXPECT_EQ(root.find("literal")->position_of(9), (Position{8, 7}));
  EXPECT_EQ(root.find("folded")->position_of(5), (Position{9, 9}));
  EXPECT_EQ(root.find("wrapped")->position_of(5), (Position{12, 10}));
  EXPECT_EQ(root.find("anchored")->position_of(2), (Position{14, 11}));
  EXPECT_EQ(root.find("blank")->position_of(1), (Position{17, 4}));
  EXPECT_EQ(root.find("plain")->position_of(99), (Position{1, 15}));
}

TEST(Yaml, reads_json) {
  const Node root = parse("{\"a\":[1,2.5,true,null,\"x\\n\\u00e9\\/\"],\n\t\"b\":{\"c\":\"\"}}");

  EXPECT_EQ(root.find("a")->items[4].text, "x\n\xC3\xA9/");
  EXPECT_TRUE(root.find("a")->items[3].is_null());
  EXPECT_FALSE(root.find("b")->find("c")->is_null());
}

TEST(Yaml, reads_an_empty_text_as_null) {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n", "\xEF\xBB\xBF"}) {
    EXPECT_TRUE(parse(text).is_null()) << text;
  }
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "a: b")
                .find("a")
                ->at,
            (Position{1, 4}));
}

TEST(Yaml, refuses_what_could_be_read_in_two_ways) {
  EXPECT_EQ(mistake_in("a: 1\nb: 2\na: 3\n"),
            (Mistake{{3, 1}, "duplicate key `a`, first given in line 1"}));
  EXPECT_EQ(mistake_in("x: {\"a\": 1, a: 2}\n").at, (Position{1, 13}));
  EXPECT_EQ(mistake_in("a: 1\n---\nb: 2\n"), (Mistake{{2, 1}, "several documents in one file"}));
  EXPECT_EQ(mistake_in("a: !!str 1\n"), (Mistake{{1, 4}, "tags are not supported"}));
  EXPECT_EQ(mistake_in("a: !x {b: 1}\n").message, "tags are not supported");
  EXPECT_EQ(mistake_in("[a]: 1\n").message, "a key has to be a scalar");
}

TEST(Yaml, says_where_the_syntax_is_wrong) {
  EXPECT_EQ(mistake_in("a: b\n c: d\n").at.line, 2U);
  EXPECT_EQ(mistake_in("a: [1, 2\n").at.line, 2U);
  EXPECT_EQ(mistake_in("\ta: 1\n").at, (Position{1, 1}));
  EXPECT_NE(mistake_in("a: 'x\n").message, "accepted");
  EXPECT_NE(mistake_in("a: \xFF\n").message, "accepted");
  EXPECT_NE(mistake_in(std::string_view("a: \0\n", 5)).message, "accepted");
  EXPECT_NE(mistake_in("\xFE\xFF\0a").message, "accepted");
}

TEST(Yaml, expands_aliases_within_bounds) {
  const Node root = parse("a: &x {b: [1, 2]}\nc: *x\n");
  EXPECT_TRUE(is_same(*root.find("a"), *root.find("c")));
  EXPECT_EQ(root.find("c")->at, (Position{1, 4}));

  EXPECT_EQ(mistake_in("a: &x [*x]\n").message, "alias of an anchor that is not known here");
  EXPECT_EQ(mistake_in("a: *nowhere\n").at, (Position{1, 4}));
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int j = 1; j < 10; ++j) laughs += ", " + below;
    laughs += "]\n";
  }
  EXPECT_EQ(mistake_in(laughs).message, "aliases make the file too large");
  std::string deep = "a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n";
  for (int i = 1; i < 9; ++i) {
    deep += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [[[[[[[[[[*a" +
            std::to_string(i - 1) + "]]]]]]]]]]\n";
  }
  EXPECT_EQ(mistake_in(deep).message, "nested too deeply");
}

TEST(Yaml, bounds_depth_values_and_bytes) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + "x" + std::string(depth, ']');
  };
  EXPECT_EQ(mistake_in(nested(64)).message, "accepted");
  EXPECT_EQ(mistake_in(nested(65)).message, "nested too deeply");
  Limits limits;
  limits.nodes_max = 3;
  EXPECT_EQ(mistake_in("[1, 2]", limits).message, "accepted");
  EXPECT_EQ(mistake_in("[1, 2, 3]", limits).message, "the file has too many values");
  limits.bytes_max = 4;
  EXPECT_EQ(mistake_in("[1, 2]", limits).message, "the file is too large");
}

TEST(Yaml, shows_source_lines) {
  const Source source{"f", "one\r\ntwo\n\nfour"};
  EXPECT_EQ(source.line(1), "one");
  EXPECT_EQ(source.line(2), "two");
  EXPECT_EQ(source.line(3), "");
  EXPECT_EQ(source.line(4), "four");
  EXPECT_EQ(source.line(5), "");
  EXPECT_EQ(source.line(0), "");
}

}  // namespace
}  // namespace yaml

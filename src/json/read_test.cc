#include <limits>

#include <gtest/gtest.h>

#include "json/value.h"

namespace json {
namespace {

// The document; a test of valid text.
Document read(std::string text) {
  Result<Document> document = Document::parse(std::move(text));
  EXPECT_TRUE(document.has_value()) << (document ? "" : document.error().why());
  return std::move(*document);
}

std::string why_not(std::string text, const Limits& limits = Limits()) {
  const Result<Document> document = Document::parse(std::move(text), limits);
  return document ? "accepted" : document.error().why();
}

TEST(Json, reads_every_type) {
  const Document document = read(
      R"( {"null":null, "yes":true,"no":false,"n":-1.50e2 ,"s":"text","a":[1,[],{}],"o":{"p":1}} )");
  const Value root = document.root();

  ASSERT_TRUE(root.is_object());
  EXPECT_EQ(root.size(), 7U);
  EXPECT_TRUE(root.find("null")->is_null());
  EXPECT_EQ(root.find("yes")->as_bool(), true);
  EXPECT_EQ(root.find("no")->as_bool(), false);
  EXPECT_EQ(root.find("n")->number_text(), "-1.50e2");
  EXPECT_EQ(root.find("n")->as_double(), -150.0);
  EXPECT_EQ(root.find_string("s"), "text");
  EXPECT_EQ(root.find("a")->size(), 3U);
  EXPECT_EQ(root.find("o")->find("p")->as_int(), 1);
  EXPECT_FALSE(root.find("missing").has_value());
  EXPECT_EQ(root.find_string("yes"), std::nullopt);
  EXPECT_FALSE(root.find("yes")->find("x").has_value());
}

TEST(Json, reads_scalars_at_the_top) {
  EXPECT_EQ(read("\"x\"").root().as_string(), "x");
  EXPECT_EQ(read(" 7\n").root().as_int(), 7);
  EXPECT_EQ(read("true").root().as_bool(), true);
  EXPECT_TRUE(read("null").root().is_null());
  EXPECT_TRUE(Value().is_null());
  EXPECT_EQ(Value().raw(), "null");
}

TEST(Json, walks_members_and_elements_in_order) {
  const Document document = read(R"({"b":[10,[20,21],{"x":[22]},"30"],"a":{"c":{}},"\u0063":0})");

  std::string names;
  for (const auto [name, value] : document.root().members()) names += std::string(name) + ";";
  EXPECT_EQ(names, "b;a;c;");
  std::string items;
  for (const Value item : document.root().find("b")->elements()) {
    items += std::string(item.raw()) + ";";
  }
  EXPECT_EQ(items, "10;[20,21];{\"x\":[22]};\"30\";");
  EXPECT_EQ(document.root().elements().begin(), document.root().elements().end());
}

TEST(Json, raw_is_the_exact_source) {
  const Document document = read(" { \"a\" : [ 1 , \"x\\u0041\" ] , \"n\" : 1.0E+2 } ");
  const Value root = document.root();

  EXPECT_EQ(root.raw(), "{ \"a\" : [ 1 , \"x\\u0041\" ] , \"n\" : 1.0E+2 }");
  EXPECT_EQ(root.find("a")->raw(), "[ 1 , \"x\\u0041\" ]");
  EXPECT_EQ((*++root.find("a")->elements().begin()).raw(), "\"x\\u0041\"");
  EXPECT_EQ(root.find("n")->raw(), "1.0E+2");
  EXPECT_EQ(document.text().data() + 1, root.raw().data());
}

TEST(Json, types_numbers_when_asked) {
  struct Case {
    const char* text;
    std::optional<std::int64_t> as_int;
    std::optional<std::uint64_t> as_uint;
    double as_double;
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::vector<Case> cases = {
      {"0", 0, 0, 0.0},
      {"-0", 0, 0, -0.0},
      {"9223372036854775807", INT64_MAX, 9223372036854775807U, 9223372036854775807.0},
      {"-9223372036854775808", INT64_MIN, std::nullopt, -9223372036854775808.0},
      {"9223372036854775808", std::nullopt, 9223372036854775808U, 9223372036854775808.0},
      {"18446744073709551615", std::nullopt, UINT64_MAX, 18446744073709551615.0},
      {"18446744073709551616", std::nullopt, std::nullopt, 18446744073709551616.0},
      {"1.0", std::nullopt, std::nullopt, 1.0},
      {"1e2", std::nullopt, std::nullopt, 100.0},
      {"1e999", std::nullopt, std::nullopt, infinity},
      {"-1e999", std::nullopt, std::nullopt, -infinity},
      {"1e-999", std::nullopt, std::nullopt, 0.0},
      {"0.1", std::nullopt, std::nullopt, 0.1},
  };
  for (const Case& c : cases) {
    const Document document = read(c.text);
    EXPECT_EQ(document.root().as_int(), c.as_int) << c.text;
    EXPECT_EQ(document.root().as_uint(), c.as_uint) << c.text;
    EXPECT_EQ(document.root().as_double(), c.as_double) << c.text;
    EXPECT_EQ(document.root().number_text(), c.text);
  }
  EXPECT_EQ(read("\"1\"").root().as_int(), std::nullopt);
  EXPECT_EQ(read("\"1\"").root().as_double(), std::nullopt);
}

TEST(Json, unescapes_strings) {
  EXPECT_EQ(read(R"("\"\\\/\b\f\n\r\t")").root().as_string(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(read(R"("a\u0041\u00e9\u20AC\ud83d\ude00z")").root().as_string(),
            "aA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
  EXPECT_EQ(read(R"("\u0000")").root().as_string(), std::string_view("\0", 1));
  EXPECT_EQ(read(R"(["\\","\\\"",""])").root().size(), 3U);
  const Document many = read(R"(["plain, long enough for words of eight","\t1","two","\n3"])");
  std::string all;
  for (const Value item : many.root().elements()) all += std::string(*item.as_string()) + "|";
  EXPECT_EQ(all, "plain, long enough for words of eight|\t1|two|\n3|");
}

TEST(Json, refuses_what_is_not_json) {
  for (const char* text : {"",
                           " ",
                           "[",
                           "]",
                           "{",
                           "}",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":1",
                           "{\"a\":1,",
                           "{\"a\":1,}",
                           "{\"a\" 1}",
                           "{a:1}",
                           "{1:1}",
                           "{\"a\",\"b\"}",
                           "[1:2]",
                           "{,}",
                           "[}",
                           "{]",
                           "1 2",
                           "{} {}",
                           "[] x",
                           "nul",
                           "nulll",
                           "True",
                           "truefalse",
                           "true\"x\"",
                           "\"x\"1",
                           "\"a\" \"b\"",
                           "\"a\"\"b\"",
                           "[\"a\"x]",
                           "01",
                           "-",
                           "+1",
                           "1.",
                           ".5",
                           "1e",
                           "1e+",
                           "0x1",
                           "1a",
                           "-a",
                           "--1",
                           "1.e1",
                           "Infinity",
                           "NaN",
                           "'a'",
                           "\"a",
                           "\"\\",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"\t\"",
                           "\"\n\"",
                           "\"\x7F\" \x01",
                           "[1]\x0C",
                           "\x0C[1]",
                           "//c\n1",
                           "1/**/",
                           "\xEF\xBB\xBF{}",
                           "{\"a\":1}}",
                           "[1]]",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"\\ud800x\"",
                           "\"\\ud800\\ud800\"",
                           "\"\xC0\xAF\"",
                           "\"\xED\xA0\x80\"",
                           "\"\xFF\"",
                           "\xFF"}) {
    const Result<Document> document = Document::parse(text);
    ASSERT_FALSE(document.has_value()) << text;
    EXPECT_EQ(document.error().fault(), Fault::bad_request) << text;
  }
  EXPECT_FALSE(Document::parse(std::string("1\0", 2)).has_value());
  EXPECT_FALSE(Document::parse(std::string("[1,\0 2]", 7)).has_value());
}

TEST(Json, says_what_is_wrong_and_where) {
  EXPECT_EQ(why_not("[1 2]"), "json: expected ',' or ']' at byte 3");
  EXPECT_EQ(why_not("{\"a\":tru}"), "json: not a JSON value at byte 5");
  EXPECT_EQ(why_not("[\"\\q\"]"), "json: unknown escape at byte 2");
  EXPECT_EQ(why_not("[\"ab\xFF\"]"), "json: invalid UTF-8 at byte 4");
  EXPECT_EQ(why_not("{} 1"), "json: bytes after the value at byte 3");
  EXPECT_EQ(why_not("[12x]"), "json: unexpected character at byte 3");
  EXPECT_EQ(why_not(""), "json: no value in the text");
}

TEST(Json, refuses_duplicate_names_at_any_depth) {
  for (const char* text :
       {R"({"a":1,"a":1})", R"({"a":1,"\u0061":2})", R"([[{"x":{"b":1,"c":2,"b":3}}]])",
        R"({"":1,"":2})", R"({"a\n":1,"a\u000a":2})"}) {
    EXPECT_NE(why_not(text).find("duplicate member name"), std::string::npos) << text;
  }
  EXPECT_EQ(why_not(R"({"a":{"a":1},"b":{"a":1},"A":2})"), "accepted");
}

TEST(Json, finds_duplicates_among_many_names) {
  std::string members;
  for (int i = 0; i < 1000; ++i)
    members += "\"k" + std::to_string(i) + "\":{\"k\":" + std::to_string(i) + "},";
  EXPECT_EQ(why_not("{" + members + "\"last\":0}"), "accepted");
  EXPECT_NE(why_not("{" + members + "\"k\\u0034\":0}"), "accepted");
  EXPECT_EQ(read("{" + members + "\"last\":0}").root().find("k999")->find("k")->as_int(), 999);
}

TEST(Json, bounds_depth_and_members) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(why_not(nested(128)), "accepted");
  EXPECT_EQ(why_not(nested(129)), "json: nested too deeply");
  Limits limits;
  limits.members_max = 3;
  EXPECT_EQ(why_not(R"([1,{"a":2}])", limits), "accepted");
  EXPECT_EQ(why_not(R"([1,{"a":2},3])", limits), "json: too many members and elements");
  EXPECT_EQ(Document::parse("[1,2,3,4]", limits).error().fault(), Fault::too_large);
}

TEST(Json, stays_valid_when_its_document_moves) {
  Document first = read(R"({"a":"b"})");  // short enough to live inside the string object
  const Value root = first.root();
  const std::string_view text = *root.find_string("a");
  const Document second = std::move(first);

  EXPECT_EQ(root.find_string("a"), "b");
  EXPECT_EQ(text, "b");
  EXPECT_EQ(second.root().raw(), R"({"a":"b"})");
}

TEST(Json, reads_texts_of_every_length) {
  // Around the block sizes of the vectorised pass, in a buffer without spare bytes.
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text = "[\"" + std::string(size, 'x') + "\"]";
    text.shrink_to_fit();
    const Document document = read(std::move(text));
    ASSERT_EQ((*document.root().elements().begin()).as_string()->size(), size);
    ASSERT_FALSE(Document::parse("[\"" + std::string(size, 'x')).has_value());
    ASSERT_FALSE(Document::parse("[\"" + std::string(size, 'x') + "\xC3\"]").has_value());
  }
}

TEST(Json, judges_each_byte_of_a_string_wherever_it_stands) {
  // Around the block sizes again: in a string that is the end of the text, and in one that is not.
  for (std::size_t size = 0; size < 70; ++size) {
    for (std::size_t at = 0; at <= size; ++at) {
      const std::string before = "\"" + std::string(at, 'x');
      for (const std::string& after : {std::string(size - at, 'y') + '"',
                                       std::string(size - at, 'y') + "\"                 "}) {
        for (const char* refused : {"\n", "\x01", "\x1F", "\xFF", "\xC3", "\x80", "\\", "\\u12"}) {
          EXPECT_FALSE(Document::parse(before + refused + "!" + after)) << refused << after;
        }
        EXPECT_EQ(read(before + "\x7F\xC3\xA9" + after).root().as_string()->size(), size + 3);
        EXPECT_EQ(read(before + "\\n\xE2\x82\xAC\\t" + after).root().as_string()->size(), size + 5);
        EXPECT_FALSE(Document::parse(before + "\\t\xC3" + after)) << size << " " << at;
      }
    }
  }
}

TEST(Json, gives_up_on_no_prefix_of_a_text) {
  const std::string text = R"({"a":[1,-2.5e3,"x\u00e9\n"],"b":{"c":null,"d":true}})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(Document::parse(text.substr(0, size)).has_value()) << size;
  }
}

TEST(Json, remembers_nothing_of_the_text_before) {
  const Limits limits{.depth_max = 4};
  for (const char* broken : {R"([[{"a":1,"b":)", R"({"a":1,"a":2})", "[[[[["}) {
    EXPECT_FALSE(Document::parse(broken, limits).has_value()) << broken;
    const Result<Document> document = Document::parse(R"({"a":[[[1]]],"b":2})", limits);
    ASSERT_TRUE(document.has_value()) << broken;
    EXPECT_EQ(document->root().find("b")->as_int(), 2);
  }
}

TEST(Json, reads_large_texts) {
  std::string text = "[";
  for (int i = 0; i < 99'999; ++i) text += "{},  \"some string of thirty bytes\",";
  EXPECT_EQ(why_not(text + "0]"), "json: too many members and elements");
  Limits limits;
  limits.members_max = 1'000'000;
  const Result<Document> document = Document::parse(text + "0]", limits);
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(document->root().size(), 199'999U);
}

}  // namespace
}  // namespace json

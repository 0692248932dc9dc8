#include <gtest/gtest.h>

#include "schema/schema.h"

namespace schema {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

template <class T>
std::optional<T> value_of(std::string_view text) {
  Reading<T> reading = read<T>(*yaml::read(text));
  if (has_errors(reading.problems)) return std::nullopt;
  return reading.value;
}

template <class T>
std::string message_of(std::string_view text) {
  const Reading<T> reading = read<T>(*yaml::read(text));
  return reading.problems.empty() ? "" : text_of(reading.problems.front());
}

TEST(Duration, is_read_in_all_units) {
  const std::vector<std::pair<const char*, std::int64_t>> cases = {
      {"10s", 10'000'000'000},
      {"1m30s", 90'000'000'000},
      {"500ms", 500'000'000},
      {"1h2m3s4ms5us6ns", 3'723'004'005'006},
      {"2d", 172'800'000'000'000},
      {"1.5s", 1'500'000'000},
      {"0.25h", 900'000'000'000},
      {"0", 0},
      {"0s", 0},
      {"\"7s\"", 7'000'000'000},
  };
  for (const auto& [text, count] : cases) {
    EXPECT_EQ(value_of<nanoseconds>(text), nanoseconds(count)) << text;
  }
}

TEST(Duration, refuses_everything_else) {
  for (const char* text :
       {"10", "s", "10x", "1m30", "-1s", "1..5s", "1.s", ".5.s", "1 s", "ten", "[1s]", "''", "~",
        "99999999999999999999s", "300000000000s", "9223372036s1000000000s"}) {
    EXPECT_EQ(value_of<nanoseconds>(text), std::nullopt) << text;
  }
  for (const char* text : {"300000000000s", "99999999999999999999s", "9223372036s1000000000s",
                           "106752d", "9999999999999.5h"}) {
    EXPECT_EQ(message_of<nanoseconds>(text),
              "too long: a duration is less than 292 years (106751d)");
  }
  for (const char* text : {"-1s", "-1h30m", "-0.5s"}) {
    EXPECT_EQ(message_of<nanoseconds>(text), "a duration is not negative");
  }
  EXPECT_EQ(value_of<nanoseconds>("106751d"), nanoseconds(std::chrono::hours(24 * 106'751)));
  EXPECT_EQ(message_of<milliseconds>("1us"), "expected a multiple of 1ms, found a string `1us`");
  EXPECT_EQ(message_of<nanoseconds>("10"),
            "expected a duration such as `10s`, `1m30s` or `500ms`, found a whole number `10`");
}

TEST(Duration, is_written_so_that_it_reads_back) {
  for (const std::int64_t count :
       {0LL, 1LL, 999LL, 1'500'000LL, 90'000'000'000LL, 86'400'000'000'001LL}) {
    const std::string text = duration_text(nanoseconds(count));
    EXPECT_EQ(value_of<nanoseconds>(text), nanoseconds(count)) << text;
  }
  EXPECT_EQ(duration_text(std::chrono::minutes(5)), "5m");
  EXPECT_EQ(duration_text(milliseconds(90'500)), "1m30s500ms");
}

TEST(Bytes, are_read_with_units) {
  const std::vector<std::pair<const char*, std::uint64_t>> cases = {
      {"65536", 65536},
      {"64KiB", 65536},
      {"64 KiB", 65536},
      {"64Ki", 65536},
      {"1k", 1000},
      {"1.5MB", 1'500'000},
      {"2GiB", std::uint64_t{2} << 30U},
      {"0", 0},
      {"10B", 10},
  };
  for (const auto& [text, count] : cases) EXPECT_EQ(value_of<Bytes>(text), Bytes{count}) << text;
  for (const char* text : {"-1", "x", "1x", "1KiB2", "[]", "1.5", "99999999999GiB", ""}) {
    EXPECT_EQ(value_of<Bytes>(text), std::nullopt) << text;
  }
}

TEST(Leaf, reads_integers_within_their_type) {
  EXPECT_EQ(value_of<std::uint16_t>("65535"), 65535);
  EXPECT_EQ(value_of<std::uint16_t>("65536"), std::nullopt);
  EXPECT_EQ(value_of<std::int8_t>("-128"), -128);
  EXPECT_EQ(value_of<std::int8_t>("-129"), std::nullopt);
  EXPECT_EQ(value_of<std::uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(value_of<std::uint64_t>("18446744073709551616"), std::nullopt);
  EXPECT_EQ(value_of<std::int64_t>("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(value_of<int>("0x1F"), 31);
  EXPECT_EQ(value_of<int>("1e3"), std::nullopt);
  EXPECT_EQ(message_of<std::uint64_t>("-1"),
            "expected a whole number of at least 0, found a whole number `-1`");
}

TEST(Leaf, reads_booleans_of_the_core_schema_only) {
  EXPECT_EQ(value_of<bool>("true"), true);
  EXPECT_EQ(value_of<bool>("False"), false);
  for (const char* text : {"no", "yes", "on", "off", "\"true\"", "1", "[]"}) {
    EXPECT_EQ(value_of<bool>(text), std::nullopt) << text;
  }
}

TEST(Leaf, reads_strings_only_where_they_cannot_be_anything_else) {
  EXPECT_EQ(value_of<std::string>("no"), "no");
  EXPECT_EQ(value_of<std::string>("'5'"), "5");
  EXPECT_EQ(value_of<std::string>("\"\""), "");
  EXPECT_EQ(value_of<std::string>("2001-01-01"), "2001-01-01");
  for (const char* text : {"5", "1.5", "true", "null", "", "[a]", "{a: b}"}) {
    EXPECT_EQ(value_of<std::string>(text), std::nullopt) << text;
  }
}

TEST(Leaf, reads_maps_in_both_orders) {
  EXPECT_EQ((value_of<std::map<std::string, int>>("{b: 1, a: 2}")),
            (std::map<std::string, int>{{"a", 2}, {"b", 1}}));
  using Pairs = std::vector<std::pair<std::string, int>>;
  EXPECT_EQ(value_of<Pairs>("{b: 1, a: 2}"), (Pairs{{"b", 1}, {"a", 2}}));
  EXPECT_EQ(message_of<Pairs>("{'x y': z}"),
            "expected a whole number from -2147483648 to 2147483647, found a string `z`");
}

// A type of its own that is read from text.
class Hex {
 public:
  static Result<Hex> parse(std::string_view text) {
    Hex hex;
    if (text.size() != 2) return failed(Fault::bad_request, "expected two hexadecimal digits");
    hex.text_ = text;
    return hex;
  }
  std::string text() const { return text_; }
  bool operator==(const Hex&) const = default;

 private:
  std::string text_;
};

TEST(Leaf, reads_types_that_parse_themselves) {
  EXPECT_EQ(value_of<Hex>("ab")->text(), "ab");
  EXPECT_EQ(message_of<Hex>("abc"), "expected two hexadecimal digits");
  EXPECT_EQ(message_of<Hex>("[1]"), "expected a string, found a list");
  EXPECT_EQ(dump(*Hex::parse("cd"), Show::plain), "\"cd\"");
}

TEST(Leaf, dumps_a_zero_without_its_sign) {
  EXPECT_EQ(dump(-0.0, Show::plain), "0");
  EXPECT_EQ(dump(schema::Raw{yaml::read("-0.").value()}, Show::plain), "0");
}

TEST(Problem, is_shown_with_its_line_and_a_caret) {
  const yaml::Source source{"f.yaml", "a: 1\n\tb\x1B: \xC3\xA9 2\n\n"};
  Problem problem{Severity::error, {2, 8}, "x", "wrong", "right", false};

  EXPECT_EQ(render(problem, source),
            "f.yaml:2:8: x: wrong, did you mean `right`?\n"
            "     b\\x1b: \xC3\xA9 2\n"
            "              ^\n");
  problem.is_secret = true;
  EXPECT_EQ(render(problem, source), "f.yaml:2:8: x: wrong, did you mean `right`?\n");
  EXPECT_EQ(render(Problem{Severity::warning, {3, 1}, "", "odd", "", false}, source),
            "f.yaml:3:1: warning: odd\n");
  EXPECT_EQ(render(Problem{Severity::error, {0, 0}, "", "no place", "", false}, source),
            "f.yaml: no place\n");
}

TEST(Problem, shows_part_of_a_long_line) {
  const yaml::Source source{"f", std::string(1000, 'a') + "X" + std::string(1000, 'b')};
  const std::string text = render(Problem{Severity::error, {1, 1001}, "", "m", "", false}, source);

  EXPECT_LT(text.size(), 400U);
  const std::size_t line = text.find('\n') + 1;
  const std::size_t caret_line = text.find('\n', line) + 1;
  EXPECT_EQ(text.find('X') - line, text.find('^') - caret_line);
}

TEST(Problem, is_sorted_by_position) {
  Problems problems = {{Severity::error, {2, 1}, "", "c", "", false},
                       {Severity::warning, {1, 5}, "", "b", "", false},
                       {Severity::error, {1, 2}, "", "a", "", false},
                       {Severity::error, {2, 1}, "", "d", "", false}};
  sort(problems);

  std::string order;
  for (const Problem& problem : problems) order += problem.message;
  EXPECT_EQ(order, "abcd");
  EXPECT_TRUE(has_errors(problems));
  EXPECT_FALSE(has_errors({problems[1]}));
}

}  // namespace
}  // namespace schema

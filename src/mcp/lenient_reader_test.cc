#include <gtest/gtest.h>

#include "mcp/detail_lenient_reader.h"

namespace mcp {

namespace {

TEST(LenientReader, reads_duplicates_as_it_is_told) {
  const auto value = LenientValue::read(R"({"a":"1","A":"2","\u0061":"3","b":[{"a":1}, 2]})");

  ASSERT_TRUE(value);
  EXPECT_EQ(value->find("a", Sloppiness::first_wins)->text(), "1");
  EXPECT_EQ(value->find("a", Sloppiness::last_wins)->text(), "3");
  EXPECT_EQ(value->find("a", Sloppiness::ignoring_case)->text(), "3");
  EXPECT_EQ(value->find("A", Sloppiness::last_wins)->text(), "2");
  EXPECT_FALSE(LenientValue::read("{\"a\":1}\n{\"a\":2}"));
}

TEST(LenientReader, resolves_escapes) {
  const auto value = LenientValue::read(R"({"a":"\ud83d\ude00\t\u00e9\/"})");

  ASSERT_TRUE(value);
  EXPECT_EQ(value->find("a", Sloppiness::last_wins)->text(), "\xF0\x9F\x98\x80\t\xC3\xA9/");
  EXPECT_FALSE(LenientValue::read(R"("\u12g4")"));
}

}  // namespace
}  // namespace mcp

#include "config/json_text.h"

#include <gtest/gtest.h>

namespace config {
namespace {

TEST(JsonText, is_what_yaml_says) {
  EXPECT_EQ(*json_text_of("a: 1\nb: [x, 'y', 1.5, true, null, \"2\"]\nc: {d: no}\n"),
            R"({"a":1,"b":["x","y",1.5,true,null,"2"],"c":{"d":"no"}})");
  EXPECT_EQ(*json_text_of("a: 99999999999999999999\n200: b"), R"({"a":1e+20,"200":"b"})");
  EXPECT_EQ(*json_text_of("maximum: 18446744073709551615"), R"({"maximum":18446744073709551615})");
  EXPECT_EQ(*json_text_of(" {\"a\": 0.10}"), " {\"a\": 0.10}");
}

TEST(JsonText, may_be_long) {
  std::string text = "{\"a\": [0";
  for (int i = 0; i < 150'000; ++i) text += ",0";
  text += "]}";
  const auto taken = json_text_of(text);
  ASSERT_TRUE(taken) << taken.error().why();
  EXPECT_EQ(*taken, text);
}

TEST(JsonText, says_where_there_is_none) {
  const auto place = [](const char* text) {
    const std::string why = json_text_of(text).error().why();
    return why.substr(0, why.find(':'));
  };
  EXPECT_EQ(place("{\n  \"a\": 1,\n}\n"), "line 3, column 1");
  EXPECT_EQ(place("a: 1\nb: 2\na: 3\nc: 4\n"), "line 3, column 1");
  // Not in a line that the text does not have.
  EXPECT_EQ(place("a: 1\nb: ["), "line 2, column 5");
  EXPECT_EQ(place("a: 1\nb: [\n"), "line 2, column 5");
  EXPECT_EQ(place("a: 1\nb: [ \xC3\xA9\n\n\n"), "line 2, column 7");
}

}  // namespace
}  // namespace config

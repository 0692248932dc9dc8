#include "config/json_text.h"

#include <gtest/gtest.h>

namespace config {
namespace {

TEST(JsonText, is_what_yaml_says) {
  EXPECT_EQ(*json_text_of("a: 1\nb: [x, 'y', 1.5, true, null, \"2\"]\nc: {d: no}\n"),
            R"({"a":1,"b":["x","y",1.5,true,null,"2"],"c":{"d":"no"}})");
  EXPECT_EQ(*json_text_of("a: 99999999999999999999\n200: b"), R"({"a":1e+20,"200":"b"})");
  EXPECT_EQ(*json_text_of(" {\"a\": 0.10}"), " {\"a\": 0.10}");
}

TEST(JsonText, says_where_there_is_none) {
  EXPECT_EQ(json_text_of("a: 1\nb: [").error().why().substr(0, 5), "line ");
}

}  // namespace
}  // namespace config

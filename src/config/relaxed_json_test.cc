#include "config/relaxed_json.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace config {
namespace {

TEST(RelaxedJson, loses_comments_and_trailing_commas_and_keeps_every_offset) {
  struct Row {
    std::string text;
    std::string plain;
  };
  const Row rows[] = {
      {"{\"a\": 1} // end", "{\"a\": 1}       "},
      {"{/* x\ny */\"a\": [1, 2, ],}", "{    \n    \"a\": [1, 2  ] }"},
      {"{\"a\": \"http://x/*y*/\", // z\n}", "{\"a\": \"http://x/*y*/\"      \n}"},
      {"\xEF\xBB\xBF{}", "   {}"},
      {"{\"a\\\"//b\": \",]\"}", "{\"a\\\"//b\": \",]\"}"},
      {"[1, // one\n ]", "[1        \n ]"},
  };
  for (const Row& row : rows) EXPECT_EQ(plain_json(row.text), row.plain) << row.text;
}

TEST(RelaxedJson, leaves_wrong_what_is_wrong) {
  for (const char* text : {"{\"a\": /* ", "{\"a", "{\"a\\", "[1,,2]", "[,]", "{'a': 1}", "/", ""}) {
    EXPECT_FALSE(json::Document::parse(plain_json(text))) << text;
  }
}

}  // namespace
}  // namespace config

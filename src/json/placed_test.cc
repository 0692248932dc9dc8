#include "json/placed.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace json {
namespace {

std::string placed_why(const std::string& text) {
  const auto document = Document::parse(text);
  return document ? "it is valid" : placed(document.error(), text);
}

TEST(Placed, says_line_and_column) {
  EXPECT_EQ(placed_why("[1 2]"), "line 1, column 4: json: expected ',' or ']'");
  EXPECT_EQ(placed_why("{\n  \"a\": 1,\n}\n"), "line 3, column 1: json: expected a member name");
  EXPECT_EQ(placed_why("{\n\"\xC3\xA9\": tru}"), "line 2, column 6: json: not a JSON value");
  EXPECT_EQ(placed_why("{\n"), "line 2, column 1: json: expected a member name");
}

TEST(Placed, says_no_place_where_none_is_known) {
  EXPECT_EQ(placed_why(""), "json: no value in the text");
  EXPECT_EQ(placed(Error(Fault::bad_request, "x at byte y"), "a"), "x at byte y");
  EXPECT_EQ(placed(Error(Fault::bad_request, "x at byte 9"), "ab"), "line 1, column 3: x");
}

}  // namespace
}  // namespace json

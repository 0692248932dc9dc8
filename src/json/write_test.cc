#include "json/write.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace json {
namespace {

TEST(JsonWriter, places_commas_and_colons) {
  Writer writer;
  writer.begin_object().name("a").integer(-1).name("b").begin_array();
  writer.boolean(true).null().string("x").begin_object().end_object().begin_array().end_array();
  writer.end_array().name("c").begin_object().name("d").real(0.1).end_object().end_object();

  EXPECT_EQ(writer.take(), R"({"a":-1,"b":[true,null,"x",{},[]],"c":{"d":0.1}})");
  EXPECT_EQ(writer.integer_unsigned(UINT64_MAX).take(), "18446744073709551615");
}

TEST(JsonWriter, escapes_what_needs_it) {
  EXPECT_EQ(quoted("a\"\\/\n\r\t\b\x1F"), R"("a\"\\/\n\r\t\u0008\u001f")");
  EXPECT_EQ(quoted("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
  EXPECT_EQ(quoted("\xFF\xC3"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(quoted(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(quoted("\x7F"), R"("\u007f")");
}

TEST(JsonWriter, writes_numbers_that_read_back) {
  for (const double number : {0.0, 1.0, -2.5, 1e300, 5e-324, 0.1, 1.0 / 3, 123456789012345680.0}) {
    Writer writer;
    const Result<Document> document = Document::parse(writer.real(number).take());
    ASSERT_TRUE(document.has_value()) << number;
    EXPECT_EQ(document->root().as_double(), number);
  }
  EXPECT_EQ(Writer().real(std::nan("")).take(), "null");
  EXPECT_EQ(Writer().real(std::numeric_limits<double>::infinity()).take(), "null");
}

TEST(JsonWriter, copies_parsed_values_as_they_were) {
  const Result<Document> document = Document::parse(R"({"n":1.50E+2,"s":"\u0041"})");
  Writer writer;
  writer.begin_array().value(*document->root().find("n")).value(*document->root().find("s"));
  writer.value(Value()).raw("[1]").end_array();

  EXPECT_EQ(writer.take(), R"([1.50E+2,"\u0041",null,[1]])");
}

TEST(JsonWriter, output_of_any_bytes_reads_back) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<char>(i));
    ASSERT_TRUE(Document::parse(json::quoted(bytes)).has_value()) << i;
  }
}

TEST(JsonWriterDeathTest, ends_on_misuse) {
  EXPECT_DEATH(Writer().begin_object().integer(1), "a name belongs");
  EXPECT_DEATH(Writer().name("a"), "outside of an object");
  EXPECT_DEATH(Writer().integer(1).integer(2), "two values");
  EXPECT_DEATH(Writer().begin_array().end_object(), "inside an array");
  EXPECT_DEATH(Writer().begin_array().take(), "open containers");
  EXPECT_DEATH(Writer().begin_object().name("a").end_object(), "not open");
}

}  // namespace
}  // namespace json

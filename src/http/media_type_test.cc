#include "http/media_type.h"

#include <gtest/gtest.h>

namespace http {
namespace {

TEST(MediaType, is_read_by_its_grammar) {
  const auto type = MediaType::parse(" Application/JSON ; Charset=\"UTF\\-8\"; x=y;");

  ASSERT_TRUE(type);
  EXPECT_EQ(type->essence(), "application/json");
  EXPECT_EQ(type->parameter("charset"), "UTF-8");
  EXPECT_EQ(type->parameter("x"), "y");
  EXPECT_FALSE(type->parameter("z"));
}

TEST(MediaType, refuses_what_is_none) {
  for (const char* text : {"", "json", "a/", "/b", "a/b/c", "a b/c", "a/b; x", "a/b; =y",
                           "a/b; x=", "a/b; x=\"y", "a/b; x=y z", "a/b x=y", "a/b, c/d"}) {
    EXPECT_FALSE(MediaType::parse(text)) << text;
  }
}

TEST(MediaType, is_not_decided_by_its_first_letters) {
  EXPECT_TRUE(is_utf8_media_type("application/json", "application/json"));
  EXPECT_TRUE(is_utf8_media_type("application/json; charset=UTF-8", "application/json"));
  EXPECT_FALSE(is_utf8_media_type("application/jsonp", "application/json"));
  EXPECT_FALSE(is_utf8_media_type("application/json; charset=utf-16", "application/json"));
  EXPECT_FALSE(is_utf8_media_type("text/plain; a=application/json", "application/json"));
}

TEST(Accepts, lets_the_most_exact_range_decide) {
  EXPECT_TRUE(accepts("application/json, text/event-stream", "text/event-stream"));
  EXPECT_TRUE(accepts("text/*", "text/event-stream"));
  EXPECT_TRUE(accepts("*/*;q=0.1", "text/event-stream"));
  EXPECT_FALSE(accepts("application/json", "text/event-stream"));
  EXPECT_FALSE(accepts("*/*, text/event-stream;q=0", "text/event-stream"));
  EXPECT_TRUE(accepts("*/*;q=0, text/event-stream", "text/event-stream"));
  EXPECT_FALSE(accepts("", "text/event-stream"));
  EXPECT_FALSE(accepts("text/event-streams", "text/event-stream"));
  EXPECT_FALSE(accepts("a/b; x=\", text/event-stream\"", "text/event-stream"));
}

TEST(Accepts, reads_ranges_whatever_their_case_and_neighbours) {
  EXPECT_TRUE(accepts("Text/Event-Stream", "text/event-stream"));
  EXPECT_TRUE(accepts("TEXT/*", "text/event-stream"));
  EXPECT_TRUE(accepts("nonsense, text/event-stream ; Q=0.5", "text/event-stream"));
  EXPECT_FALSE(accepts("text/event-stream;Q=0", "text/event-stream"));
  EXPECT_FALSE(accepts("text/event-stream;q", "text/event-stream"));
  EXPECT_TRUE(accepts("text/event-stream;q, text/event-stream", "text/event-stream"));
  EXPECT_TRUE(accepts("\ttext/event-stream\t;,", "text/event-stream"));
  EXPECT_FALSE(accepts("te/*", "text/event-stream"));
  EXPECT_FALSE(accepts("*/event-stream", "text/event-stream"));
  EXPECT_FALSE(accepts("*", "text/event-stream"));
}

}  // namespace
}  // namespace http

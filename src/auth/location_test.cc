#include "auth/location.h"

#include <gtest/gtest.h>

namespace auth {
namespace {

using Kind = Credential::Kind;

http::Request request(std::string target,
                      const std::vector<std::pair<std::string, std::string>>& fields = {}) {
  http::Request made("GET", std::move(target), "gw");
  for (const auto& [name, value] : fields) made.headers.add(name, value);
  return made;
}

struct Reading {
  std::string target;
  std::vector<std::pair<std::string, std::string>> fields;
  Kind kind;
  std::string value;
};

void check(const Location& location, const std::vector<Reading>& readings) {
  for (const Reading& reading : readings) {
    const http::Request asked = request(reading.target, reading.fields);
    const Credential found = read(asked, location);
    const std::string what =
        reading.target + (reading.fields.empty() ? "" : " " + reading.fields[0].second);
    EXPECT_EQ(found.kind, reading.kind) << what;
    EXPECT_EQ(found.value, reading.value) << what;
  }
}

TEST(Location, is_read_from_a_header_with_its_prefix_in_any_case) {
  check(
      Location::bearer(),
      {{"/", {}, Kind::none, ""},
       {"/", {{"authorization", "Bearer abc"}}, Kind::found, "abc"},
       {"/", {{"authorization", "bEARER   abc "}}, Kind::found, "abc"},
       {"/", {{"authorization", "Bearer"}}, Kind::malformed, ""},
       {"/", {{"authorization", "Bearer "}}, Kind::malformed, ""},
       {"/", {{"authorization", "Bearerabc"}}, Kind::other_scheme, ""},
       {"/", {{"authorization", "Basic abc"}}, Kind::other_scheme, ""},
       {"/", {{"authorization", ""}}, Kind::other_scheme, ""},
       {"/", {{"authorization", "Bearer a"}, {"authorization", "Bearer a"}}, Kind::malformed, ""}});
  check(Location::header("X-Api-Key"),
        {{"/", {{"x-api-key", "k 1"}}, Kind::found, "k 1"},
         {"/", {{"x-api-key", " "}}, Kind::malformed, ""},
         {"/", {{"x-api-key", "a"}, {"x-api-key", "b"}}, Kind::malformed, ""}});
}

TEST(Location, is_read_from_a_query_decoded_and_once) {
  check(Location::query_parameter("access_token"),
        {{"/a", {}, Kind::none, ""},
         {"/a?", {}, Kind::none, ""},
         {"/a?x=1&access_token=abc&y", {}, Kind::found, "abc"},
         {"/a?access%5Ftoken=a%2Fb+c", {}, Kind::found, "a/b c"},
         {"/a?access_token=a&access_token=a", {}, Kind::malformed, ""},
         {"/a?access_token=a&access%5ftoken=b", {}, Kind::malformed, ""},
         {"/a?access_token=", {}, Kind::malformed, ""},
         {"/a?access_token", {}, Kind::malformed, ""},
         {"/a?access_token=%zz", {}, Kind::malformed, ""},
         {"/a?Access_Token=a", {}, Kind::none, ""}});
}

TEST(Location, is_read_from_a_cookie_once) {
  check(Location::cookie("sid"),
        {{"/", {}, Kind::none, ""},
         {"/", {{"cookie", "a=1; sid=abc; b=2"}}, Kind::found, "abc"},
         {"/", {{"cookie", "sid=\"abc\""}}, Kind::found, "abc"},
         {"/", {{"cookie", "a=1"}, {"cookie", "sid=abc"}}, Kind::found, "abc"},
         {"/", {{"cookie", "sid=a;sid=a"}}, Kind::malformed, ""},
         {"/", {{"cookie", "sid=a"}, {"cookie", "sid=b"}}, Kind::malformed, ""},
         {"/", {{"cookie", "sid="}}, Kind::malformed, ""},
         {"/", {{"cookie", "SID=a; xsid=a"}}, Kind::none, ""}});
}

TEST(Location, is_taken_out_and_leaves_the_rest_as_it_was) {
  http::Request asked = request("/p?x=%31&t=1&y&%74=2&z=", {{"cookie", "a=1; t=2; b=\"3\""},
                                                            {"authorization", "Bearer x"},
                                                            {"cookie", "t=4"},
                                                            {"authorization", "Bearer y"}});
  remove(asked, Location::query_parameter("t"));
  EXPECT_EQ(asked.target, "/p?x=%31&y&z=");
  remove(asked, Location::cookie("t"));
  EXPECT_EQ(asked.headers.all("cookie"), std::vector<std::string_view>{"a=1; b=\"3\""});
  remove(asked, Location::bearer());
  EXPECT_FALSE(asked.headers.has("authorization"));
  asked.target = "/p?t=1";
  remove(asked, Location::query_parameter("t"));
  EXPECT_EQ(asked.target, "/p");
}

TEST(Location, takes_a_text_out_wherever_it_is) {
  http::Request asked =
      request("/p?a=1&b=x%2Fy&c=zx/yz",
              {{"x-one", "prefix x/y"}, {"x-two", "xy"}, {"cookie", "a=x/y; b=2"}});
  remove_text(asked, "x/y");
  EXPECT_EQ(asked.target, "/p?a=1");
  EXPECT_FALSE(asked.headers.has("x-one"));
  EXPECT_TRUE(asked.headers.has("x-two"));
  EXPECT_EQ(asked.headers.find("cookie"), "b=2");
  remove_text(asked, "");
  EXPECT_EQ(asked.headers.size(), 2U);
}

TEST(Location, is_written_in_place_of_what_is_there) {
  http::Request asked =
      request("/p?t=1&x=2", {{"cookie", "t=1; x=2"}, {"authorization", "Bearer old"}});
  EXPECT_TRUE(write(asked, Location::bearer(), "new"));
  EXPECT_EQ(asked.headers.find("authorization"), "Bearer new");
  EXPECT_TRUE(write(asked, Location::query_parameter("t"), "a b&c"));
  EXPECT_EQ(asked.target, "/p?x=2&t=a%20b%26c");
  EXPECT_TRUE(write(asked, Location::cookie("t"), "abc"));
  EXPECT_EQ(asked.headers.find("cookie"), "x=2; t=abc");
  EXPECT_FALSE(write(asked, Location::cookie("t"), "a;b"));
  EXPECT_FALSE(write(asked, Location::bearer(), "a\r\nb"));
  EXPECT_EQ(read(asked, Location::bearer()).value, "new");
}

TEST(Location, has_a_name_that_can_stand_there) {
  EXPECT_EQ(fault_of(Location::bearer()), "");
  EXPECT_NE(fault_of(Location::header("")), "");
  EXPECT_NE(fault_of(Location::header("a b")), "");
  EXPECT_NE(fault_of(Location::header("Cookie")), "");
  EXPECT_NE(fault_of(Location::cookie("a=b")), "");
  EXPECT_NE(fault_of(Location::header("x", "a\nb")), "");
  EXPECT_EQ(fault_of(Location::query_parameter("any thing")), "");
}

}  // namespace
}  // namespace auth

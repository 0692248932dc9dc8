#include "auth/bearer.h"

#include <vector>

#include <gtest/gtest.h>

namespace auth {
namespace {

Bearer read(std::vector<std::string_view> values) {
  return read_bearer(values);
}

TEST(Bearer, is_the_one_token_after_the_scheme) {
  for (const std::string_view value :
       {"Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "Bearer   a.b.c", " \tBearer a.b.c \t"}) {
    const Bearer bearer = read({value});
    EXPECT_EQ(bearer.kind, Bearer::Kind::token) << value;
    EXPECT_EQ(bearer.token, "a.b.c") << value;
  }
  EXPECT_EQ(read({"Bearer -._~+/09azAZ=="}).token, "-._~+/09azAZ==");
}

TEST(Bearer, holds_the_bytes_of_a_b64token_only) {
  constexpr std::string_view allowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string token = std::string("a") + static_cast<char>(byte) + "b";
    const bool is_token = read({"Bearer " + token}).kind == Bearer::Kind::token;
    EXPECT_EQ(is_token, allowed.find(static_cast<char>(byte)) != std::string_view::npos) << byte;
  }
}

TEST(Bearer, is_absent_without_a_header) {
  EXPECT_EQ(read({}).kind, Bearer::Kind::none);
}

TEST(Bearer, is_malformed_when_anything_else_is_there) {
  for (const std::string_view value :
       {"", " ", "Bearer", "Bearer ", "Bearera.b.c", "Bearer: a", "Bearer,a", "Bearer\ta",
        "Bearer \ta", "Bearer a b", "Bearer a,", "Bearer a;", "Bearer \"a\"", "Bearer a, Bearer b",
        "Bearer =", "Bearer a=b", "Bearer a\x01", "Bearer \xc3\xa4"}) {
    const Bearer bearer = read({value});
    EXPECT_EQ(bearer.kind, Bearer::Kind::malformed) << value;
    EXPECT_TRUE(bearer.token.empty()) << value;
  }
}

TEST(Bearer, is_malformed_with_two_headers_whatever_they_say) {
  EXPECT_EQ(read({"Bearer a", "Bearer a"}).kind, Bearer::Kind::malformed);
  EXPECT_EQ(read({"Basic YTpi", "Bearer a"}).kind, Bearer::Kind::malformed);
  EXPECT_EQ(read({"Basic YTpi", "Basic YTpi"}).kind, Bearer::Kind::malformed);
}

TEST(Bearer, is_not_another_scheme) {
  for (const std::string_view value :
       {"Basic YTpi", "DPoP a.b.c", "JWT a.b.c", "a.b.c", "Bear a"}) {
    EXPECT_EQ(read({value}).kind, Bearer::Kind::other_scheme) << value;
  }
}

TEST(Bearer, may_be_of_the_scheme_dpop_where_that_is_understood) {
  const auto read_both = [](std::vector<std::string_view> values) {
    return read_bearer(values, Schemes::bearer_and_dpop);
  };
  for (const std::string_view value : {"DPoP a.b.c", "dpop a.b.c", "DPOP   a.b.c"}) {
    EXPECT_EQ(read_both({value}).kind, Bearer::Kind::token) << value;
    EXPECT_EQ(read_both({value}).token, "a.b.c");
    EXPECT_TRUE(read_both({value}).is_dpop);
  }
  EXPECT_FALSE(read_both({"Bearer a.b.c"}).is_dpop);
  EXPECT_EQ(read_both({"DPoP"}).kind, Bearer::Kind::malformed);
  EXPECT_EQ(read_both({"DPoPa a"}).kind, Bearer::Kind::malformed);
  EXPECT_EQ(read_both({"DPoP a b"}).kind, Bearer::Kind::malformed);
  EXPECT_EQ(read_both({"Basic YTpi"}).kind, Bearer::Kind::other_scheme);
  EXPECT_EQ(read_both({"DPoP a", "DPoP a"}).kind, Bearer::Kind::malformed);
}

TEST(Challenge, without_anything_is_the_scheme) {
  EXPECT_EQ(write_challenge({}), "Bearer");
}

TEST(Challenge, names_what_is_there) {
  Challenge challenge;
  challenge.error = "invalid_token";
  challenge.error_description = "the token has expired";
  challenge.resource_metadata = "https://gw.test/.well-known/oauth-protected-resource/mcp";

  EXPECT_EQ(write_challenge(challenge),
            R"(Bearer error="invalid_token", error_description="the token has expired", )"
            R"(resource_metadata="https://gw.test/.well-known/oauth-protected-resource/mcp")");
}

TEST(Challenge, cannot_be_broken_out_of) {
  Challenge challenge;
  challenge.realm = "a\"b\\c\r\nX-Evil: 1\x7f\xc3\xa4";

  EXPECT_EQ(write_challenge(challenge), R"(Bearer realm="a\"b\\c??X-Evil: 1???")");
}

}  // namespace
}  // namespace auth

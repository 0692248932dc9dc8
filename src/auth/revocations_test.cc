#include "auth/revocations.h"

#include <gtest/gtest.h>

#include "auth/detail_issuer.h"
#include "auth/token_cache.h"

namespace auth {
namespace {

bool holds(std::string_view list, std::string_view claims, std::int64_t seconds_later = 0) {
  const auto document = json::Document::parse(std::string(claims)).value();
  const auto parsed = Revocations::parse(list);
  EXPECT_TRUE(parsed) << parsed.error().why();
  return parsed && parsed->contains(document.root(), test_time(seconds_later));
}

TEST(Revocations, hold_tokens_and_subjects) {
  constexpr std::string_view entries =
      "# who left\n\nsub alice\r\n\tjti  a-token \nsub \"with \\\"quotes\\\" and spaces\"\n";
  EXPECT_TRUE(holds(entries, R"({"sub":"alice"})"));
  EXPECT_TRUE(holds(entries, R"({"sub":"bob","jti":"a-token"})"));
  EXPECT_TRUE(holds(entries, R"({"sub":"with \"quotes\" and spaces"})"));
  EXPECT_FALSE(holds(entries, R"({"sub":"Alice"})"));
  EXPECT_FALSE(holds(entries, R"({"sub":"a-token","jti":"alice"})"));
  EXPECT_FALSE(holds(entries, R"({"jti":1})"));
  EXPECT_FALSE(holds("", R"({"sub":"alice"})"));
}

TEST(Revocations, end_when_they_say) {
  constexpr std::string_view entries =
      "sub alice until 1800000010\nsub bob until 2027-01-15T08:00:10Z";
  for (const auto* claims : {R"({"sub":"alice"})", R"({"sub":"bob"})"}) {
    EXPECT_TRUE(holds(entries, claims, 9));
    EXPECT_FALSE(holds(entries, claims, 10));
  }
  EXPECT_TRUE(holds("sub a until 1\nsub a", R"({"sub":"a"})")) << "one of two still holds";
}

TEST(Revocations, can_be_of_older_tokens_only) {
  constexpr std::string_view entries = "sub alice before 2027-01-15T08:00:00Z";
  EXPECT_TRUE(holds(entries, R"({"sub":"alice","iat":1799999999.5})"));
  EXPECT_FALSE(holds(entries, R"({"sub":"alice","iat":1800000000})"));
  EXPECT_TRUE(holds(entries, R"({"sub":"alice"})"));
  EXPECT_TRUE(holds(entries, R"({"sub":"alice","iat":"1900000000"})"));
}

TEST(Revocations, refuse_a_list_that_is_not_understood_as_a_whole) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"sub alice\nfoo bar", "line 2: an entry begins with `jti` or `sub`"},
      {"jti", "line 1: something is missing at its end"},
      {"sub \"\"", "line 1: an empty `sub`"},
      {"sub \"a", "line 1: what stands in quotes is no JSON string"},
      {"sub a b", "line 1: after the value stands `until` or `before` (quote values with spaces)"},
      {"sub a until", "line 1: something is missing at its end"},
      {"sub a until tomorrow",
       "line 1: a time is written 2026-11-23T08:00:00Z or as seconds since 1970"},
      {"sub a until 2026-02-30T00:00:00Z",
       "line 1: a time is written 2026-11-23T08:00:00Z or as seconds since 1970"},
      {"sub a until 2026-11-23",
       "line 1: a time is written 2026-11-23T08:00:00Z or as seconds since 1970"},
      {"sub a until -1", "line 1: a time is written 2026-11-23T08:00:00Z or as seconds since 1970"},
      {"sub \xff", "it is not UTF-8"},
  };
  for (const auto& [text, why] : cases) {
    const auto parsed = Revocations::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().why(), why);
  }
}

TEST(Revocations, are_bounded) {
  std::string text;
  for (std::size_t i = 0; i <= revocations_max; ++i) text += "jti " + std::to_string(i) + "\n";
  EXPECT_FALSE(Revocations::parse(text));
}

TEST(Revocations, refuse_a_token_that_was_accepted_and_remembered) {
  const TestIssuer issuer;
  TokenCache cache;
  LastToken last;
  const std::string token = issuer.token("alice");
  Provider provider = issuer.provider();
  const auto with = [&](std::string_view list) {
    provider.revoked = std::make_shared<const Revocations>(Revocations::parse(list).value());
    return Trust({provider});
  };
  const Trust before = with("sub bob");
  EXPECT_TRUE(cache.verdict(token, before, test_time(), "credentials", last));
  EXPECT_NE(last.find("credentials", before, test_time()), nullptr);
  const Trust after = with("sub bob\nsub alice");
  EXPECT_EQ(last.find("credentials", after, test_time()), nullptr);
  EXPECT_EQ(cache.verdict(token, after, test_time()).error(), TokenFault::revoked);
  EXPECT_TRUE(cache.verdict(token, with("sub bob"), test_time())) << "taken back";
}

}  // namespace
}  // namespace auth

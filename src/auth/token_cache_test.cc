#include "auth/token_cache.h"

#include <gtest/gtest.h>

#include "auth/detail_issuer.h"

namespace auth {
namespace {

TokenCacheLimits small_limits() {
  TokenCacheLimits limits;
  limits.accepted_max = 2;
  limits.refused_max = 1;
  return limits;
}

// A token that is right but for its signature.
std::string forged(const TestIssuer& issuer, std::string_view subject) {
  const TestIssuer thief(issuer.name());
  return thief.token(subject);
}

TEST(TokenCache, remembers_an_accepted_token) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string token = issuer.token("alice");
  TokenCache cache;

  const Verdict first = cache.verdict(token, trust, test_time());
  const Verdict second = cache.verdict(token, trust, test_time(10));

  ASSERT_TRUE(first);
  EXPECT_EQ(*first, *second) << "the same claims, not verified again";
  EXPECT_EQ(cache.hits(), 1U);
  EXPECT_EQ(cache.misses(), 1U);
}

TEST(TokenCache, forgets_when_the_token_expires) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string token = issuer.token("alice", 100);
  TokenCache cache;

  EXPECT_TRUE(cache.verdict(token, trust, test_time()));
  EXPECT_TRUE(cache.verdict(token, trust, test_time(159)));
  EXPECT_EQ(cache.verdict(token, trust, test_time(160)), tl::unexpected(TokenFault::expired));
  EXPECT_EQ(cache.size(), 0U);
}

TEST(TokenCache, verifies_again_after_a_while) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string token = issuer.token("alice");
  TokenCache cache;

  EXPECT_TRUE(cache.verdict(token, trust, test_time()));
  EXPECT_TRUE(cache.verdict(token, trust, test_time(299)));
  EXPECT_EQ(cache.misses(), 1U);
  EXPECT_TRUE(cache.verdict(token, trust, test_time(300)));
  EXPECT_EQ(cache.misses(), 2U);
}

TEST(TokenCache, judges_again_when_the_clock_was_set_back) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string token = issuer.token("alice", 3600, R"(,"nbf":1800000000)");
  TokenCache cache;

  EXPECT_TRUE(cache.verdict(token, trust, test_time()));
  EXPECT_EQ(cache.verdict(token, trust, test_time(-3600)),
            tl::unexpected(TokenFault::not_yet_valid));
}

TEST(TokenCache, finds_nothing_under_another_trust) {
  const TestIssuer issuer;
  const TestIssuer other;
  Provider strict = issuer.provider();
  strict.audiences = {"elsewhere"};
  const std::string token = issuer.token("alice");
  TokenCache cache;

  EXPECT_TRUE(cache.verdict(token, issuer.trust(), test_time()));
  EXPECT_EQ(cache.verdict(token, other.trust(), test_time()),
            tl::unexpected(TokenFault::signature_wrong));
  EXPECT_EQ(cache.verdict(token, Trust({strict}), test_time()),
            tl::unexpected(TokenFault::audience_wrong));
  EXPECT_TRUE(cache.verdict(token, issuer.trust(), test_time()));
  EXPECT_EQ(cache.hits(), 1U);
}

TEST(TokenCache, remembers_a_wrong_signature_for_ten_seconds) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string token = forged(issuer, "alice");
  const auto wrong = tl::unexpected(TokenFault::signature_wrong);
  TokenCache cache;

  EXPECT_EQ(cache.verdict(token, trust, test_time()), wrong);
  EXPECT_EQ(cache.verdict(token, trust, test_time(9)), wrong);
  EXPECT_EQ(cache.hits(), 1U);
  EXPECT_EQ(cache.verdict(token, trust, test_time(10)), wrong);
  EXPECT_EQ(cache.hits(), 1U);
}

TEST(TokenCache, does_not_remember_what_time_can_mend_or_costs_nothing) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  TokenCache cache;

  EXPECT_FALSE(cache.verdict(issuer.token("a", 3600, R"(,"nbf":1800000100)"), trust, test_time()));
  EXPECT_FALSE(cache.verdict("garbage", trust, test_time()));
  EXPECT_FALSE(cache.verdict(std::string(100'000, 'a'), trust, test_time()));
  EXPECT_EQ(cache.size(), 0U);
}

TEST(TokenCache, keeps_the_tokens_used_last_within_its_bounds) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string a = issuer.token("a");
  const std::string b = issuer.token("b");
  const std::string c = issuer.token("c");
  TokenCache cache(small_limits());

  for (const std::string& token : {a, b, a, c}) cache.verdict(token, trust, test_time());
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.misses(), 3U);
  cache.verdict(a, trust, test_time());
  cache.verdict(c, trust, test_time());
  EXPECT_EQ(cache.misses(), 3U);
  cache.verdict(b, trust, test_time());
  EXPECT_EQ(cache.misses(), 4U);
}

TEST(TokenCache, is_not_emptied_by_forgeries) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string good = issuer.token("alice");
  TokenCache cache(small_limits());
  cache.verdict(good, trust, test_time());

  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(cache.verdict(forged(issuer, std::to_string(i)), trust, test_time()));
  }

  EXPECT_EQ(cache.size(), 2U);
  cache.verdict(good, trust, test_time());
  EXPECT_EQ(cache.hits(), 1U);
}

TEST(TokenCache, never_differs_from_verify) {
  const TestIssuer issuer;
  const TestIssuer other;
  const std::vector<Trust> trusts{issuer.trust(), other.trust()};
  std::vector<std::string> tokens;
  for (const std::string_view who : {"a", "b", "c"}) {
    tokens.push_back(issuer.token(who, 100));
    tokens.push_back(other.token(who, 200));
    std::string broken = tokens.back();
    broken.back() = broken.back() == 'A' ? 'Q' : 'A';
    tokens.push_back(broken);
  }
  TokenCache cache(small_limits());
  std::uint64_t state = 1;

  for (int i = 0; i < 5000; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t pick = state >> 33U;
    const std::string& token = tokens[pick % tokens.size()];
    const Trust& trust = trusts[(pick / 16) % trusts.size()];
    const WallTime now = test_time(static_cast<std::int64_t>((pick / 64) % 400));
    const Verdict expected = verify(token, trust, now);
    const Verdict actual = cache.verdict(token, trust, now);
    ASSERT_EQ(actual.has_value(), expected.has_value()) << i;
    if (expected) continue;
    // A forgery that expires meanwhile is still remembered for its signature.
    if (actual.error() == TokenFault::signature_wrong) continue;
    ASSERT_EQ(actual.error(), expected.error()) << i;
  }
  EXPECT_GT(cache.hits(), 100U);
}

TEST(LastToken, is_found_again_without_the_cache) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string token = issuer.token("alice");
  TokenCache cache;
  LastToken last;
  EXPECT_EQ(last.find("Bearer " + token, trust, test_time()), nullptr);

  const Verdict said = cache.verdict(token, trust, test_time(), "Bearer " + token, last);

  ASSERT_TRUE(said);
  const auto* claims = last.find("Bearer " + token, trust, test_time());
  ASSERT_NE(claims, nullptr);
  EXPECT_EQ(*claims, *said);
}

TEST(LastToken, holds_for_the_same_credentials_trust_and_time_only) {
  const TestIssuer issuer;
  const TestIssuer other;
  const Trust trust = issuer.trust();
  const std::string token = issuer.token("alice", 100);
  TokenCache cache;
  LastToken last;
  ASSERT_TRUE(cache.verdict(token, trust, test_time(), token, last));

  EXPECT_EQ(last.find(token + "x", trust, test_time()), nullptr);
  EXPECT_EQ(last.find(token.substr(1), trust, test_time()), nullptr);
  EXPECT_EQ(last.find("", trust, test_time()), nullptr);
  EXPECT_EQ(last.find(token, other.trust(), test_time()), nullptr);
  EXPECT_NE(last.find(token, trust, test_time(159)), nullptr);
  EXPECT_EQ(last.find(token, trust, test_time(160)), nullptr);
  EXPECT_EQ(last.find(token, trust, test_time(-1)), nullptr) << "the clock was set back";
}

TEST(LastToken, grows_as_old_as_what_is_remembered_and_no_older) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string token = issuer.token("alice");
  TokenCache cache;
  LastToken first;
  LastToken second;
  ASSERT_TRUE(cache.verdict(token, trust, test_time(), token, first));
  ASSERT_TRUE(cache.verdict(token, trust, test_time(200), token, second));

  EXPECT_NE(second.find(token, trust, test_time(299)), nullptr);
  EXPECT_EQ(second.find(token, trust, test_time(300)), nullptr);
}

TEST(LastToken, is_no_token_that_was_refused) {
  const TestIssuer issuer;
  const Trust trust = issuer.trust();
  const std::string good = issuer.token("alice");
  const std::string bad = forged(issuer, "alice");
  TokenCache cache;
  LastToken last;
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(cache.verdict(bad, trust, test_time(), bad, last));
    EXPECT_EQ(last.find(bad, trust, test_time()), nullptr);
  }
  ASSERT_TRUE(cache.verdict(good, trust, test_time(), good, last));
  EXPECT_FALSE(cache.verdict(bad, trust, test_time(), bad, last));
  EXPECT_EQ(last.find(bad, trust, test_time()), nullptr);
}

}  // namespace
}  // namespace auth

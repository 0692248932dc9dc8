// What an operator may ask of an issuer's tokens beyond issuer, audience and times.

#include <gtest/gtest.h>

#include "auth/detail_issuer.h"
#include "base/base64.h"

namespace auth {
namespace {

using std::chrono::seconds;

std::string_view name_of(const Verdict& verdict) {
  return verdict ? std::string_view("accept") : auth::name_of(verdict.error());
}

const TestIssuer& issuer() {
  static const TestIssuer one;
  return one;
}

std::string_view judged(const Provider& provider, const std::string& token,
                        std::int64_t seconds_later = 0) {
  return name_of(verify(token, Trust({provider}), test_time(seconds_later)));
}

std::string with(std::string_view more) {
  return issuer().sign(
      R"({"iss":"https://issuer.test","aud":"gateway","sub":"a","exp":1800001000)" +
      std::string(more) + "}");
}

TEST(VerifyOptions, leeway_is_what_the_provider_says) {
  for (const int leeway : {0, 5, 300}) {
    Provider provider = issuer().provider();
    provider.leeway = seconds(leeway);
    const std::string token = with(R"(,"nbf":1800000000)");
    EXPECT_EQ(judged(provider, token, -leeway - 1), "not_yet_valid");
    EXPECT_EQ(judged(provider, token, -leeway), "accept");
    EXPECT_EQ(judged(provider, token, 999 + leeway), "accept");
    EXPECT_EQ(judged(provider, token, 1000 + leeway), "expired");
  }
}

TEST(VerifyOptions, age_counts_from_iat) {
  Provider provider = issuer().provider();
  provider.age_max = seconds(100);
  const struct {
    std::string_view more;
    std::int64_t at;
    std::string_view verdict;
  } table[] = {
      {R"(,"iat":1800000000)", 0, "accept"},
      {R"(,"iat":1800000000)", 159, "accept"},
      {R"(,"iat":1800000000)", 160, "too_old"},
      {R"(,"iat":1800000060)", 0, "accept"},
      {R"(,"iat":1800000061)", 0, "not_yet_valid"},
      {R"(,"iat":"1800000000")", 0, "time_malformed"},
      {"", 0, "claim_missing"},
  };
  for (const auto& row : table) {
    EXPECT_EQ(judged(provider, with(row.more), row.at), row.verdict) << row.more << row.at;
  }
  const auto claims = verify(with(R"(,"iat":1800000000)"), Trust({provider}), test_time());
  EXPECT_EQ((*claims)->good_until(), test_time(160)) << "a cache must not keep it longer";
  EXPECT_EQ((*claims)->good_from(), test_time(-60));
}

TEST(VerifyOptions, types_are_those_of_access_tokens_unless_said) {
  const auto typed = [](std::string_view type) {
    const std::string member = type.empty() ? "" : R"(,"typ":")" + std::string(type) + "\"";
    return issuer().sign_with_header(
        R"({"alg":"ES256","kid":"key")" + member + "}",
        R"({"iss":"https://issuer.test","aud":"gateway","exp":1800001000})");
  };
  const struct {
    std::vector<std::string> accepted;
    std::string_view type, verdict;
  } table[] = {
      {{}, "", "accept"},
      {{}, "JWT", "accept"},
      {{}, "at+jwt", "accept"},
      {{}, "AT+JWT", "accept"},
      {{}, "application/at+jwt", "accept"},
      {{}, "logout+jwt", "type_wrong"},
      {{}, "dpop+jwt", "type_wrong"},
      {{"at+jwt"}, "Application/At+Jwt", "accept"},
      {{"at+jwt"}, "JWT", "type_wrong"},
      {{"at+jwt"}, "", "type_wrong"},
      {{"jwt", "special"}, "special", "accept"},
  };
  for (const auto& row : table) {
    Provider provider = issuer().provider();
    provider.types = row.accepted;
    EXPECT_EQ(judged(provider, typed(row.type)), row.verdict) << row.type;
  }
}

TEST(VerifyOptions, the_same_kid_at_two_issuers_is_two_keys) {
  const TestIssuer other("https://other.test");
  const Trust trust({issuer().provider(), other.provider()});
  EXPECT_EQ(name_of(verify(issuer().token("a"), trust, test_time())), "accept");
  EXPECT_EQ(name_of(verify(other.token("a"), trust, test_time())), "accept");
  const std::string claims = R"({"iss":"https://other.test","aud":"gateway","exp":1900000000})";
  EXPECT_EQ(name_of(verify(issuer().sign(claims), trust, test_time())), "signature_wrong");
}

TEST(VerifyOptions, a_token_without_kid_fits_exactly_one_key_or_none) {
  const std::string anonymous = issuer().sign_with_header(
      R"({"alg":"ES256"})", R"({"iss":"https://issuer.test","aud":"gateway","exp":1900000000})");
  const TestIssuer second;
  const TestIssuer rsa("https://issuer.test", crypto::Algorithm::rs256);
  const struct {
    std::string keys;
    std::string_view verdict;
  } table[] = {
      {issuer().jwk("a"), "accept"},
      {issuer().jwk("a") + "," + rsa.jwk("b"), "accept"},
      {issuer().jwk("a") + R"(,{"kty":"oct","k":"AA"},{"kty":"FOO"})", "accept"},
      {issuer().jwk("a") + "," + second.jwk("b"), "key_ambiguous"},
      {rsa.jwk("b"), "algorithm_not_accepted"},
  };
  for (const auto& row : table) {
    Provider provider = issuer().provider();
    provider.keys =
        std::make_shared<const KeySet>(KeySet::parse(R"({"keys":[)" + row.keys + "]}").value());
    EXPECT_EQ(judged(provider, anonymous), row.verdict) << row.keys;
  }
}

TEST(VerifyOptions, bound_tokens_are_accepted_only_where_a_proof_is_asked_for) {
  const std::string thumb = base::base64url_encode(std::string(32, 'x'));
  const struct {
    std::string confirmation;
    bool is_understood;
  } table[] = {
      {R"({"jkt":")" + thumb + "\"}", true},
      {R"({"jkt":")" + thumb.substr(1) + "\"}", false},
      {R"({"jkt":")" + thumb + R"(","x5t#S256":")" + thumb + "\"}", false},
      {R"({"x5t#S256":")" + thumb + "\"}", false},
      {R"({"jwk":{}})", false},
      {"{}", false},
      {"null", false},
      {"[]", false},
  };
  for (const auto& row : table) {
    Provider provider = issuer().provider();
    const std::string token = with(R"(,"cnf":)" + row.confirmation);
    EXPECT_EQ(judged(provider, token), "proof_missing");
    provider.takes_proofs = true;
    const auto claims = verify(token, Trust({provider}), test_time());
    EXPECT_EQ(name_of(claims), row.is_understood ? "accept" : "proof_missing") << row.confirmation;
    if (!claims) continue;
    EXPECT_EQ((*claims)->key_thumbprint(), thumb);
  }
  Provider provider = issuer().provider();
  provider.takes_proofs = true;
  EXPECT_EQ((*verify(with(""), Trust({provider}), test_time()))->key_thumbprint(), std::nullopt);
}

}  // namespace
}  // namespace auth

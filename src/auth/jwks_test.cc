#include "auth/jwks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/detail_issuer.h"

namespace auth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string set_of(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& key : keys) text += (text.empty() ? "" : ",") + key;
  return R"({"keys":[)" + text + "]}";
}

// `jwk` with one more member.
std::string with(std::string jwk, std::string_view member) {
  jwk.insert(1, std::string(member) + ",");
  return jwk;
}

TEST(KeySet, reads_keys_of_every_kind) {
  std::vector<std::string> keys;
  for (const auto algorithm :
       {crypto::Algorithm::rs256, crypto::Algorithm::ps512, crypto::Algorithm::es256,
        crypto::Algorithm::es384, crypto::Algorithm::es512, crypto::Algorithm::eddsa}) {
    keys.push_back(TestIssuer("i", algorithm).jwk(crypto::name_of(algorithm)));
  }

  const auto set = KeySet::parse(set_of(keys));

  ASSERT_TRUE(set) << set.error().why();
  EXPECT_EQ(set->keys().size(), keys.size());
  EXPECT_TRUE(set->warnings().empty());
  EXPECT_EQ((*set->choose("ES384", crypto::Algorithm::es384))->id, "ES384");
}

TEST(KeySet, skips_keys_it_cannot_use_and_says_why) {
  const std::string good = TestIssuer().jwk("good");
  const std::string plain = TestIssuer().jwk("k");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"null", "not an object"},
      {"{}", "no 'kty'"},
      {R"({"kty":"FOO","kid":"f"})", R"(type "FOO" is not supported)"},
      {R"({"kty":"oct","k":"c2VjcmV0","kid":"h"})", "shared secret"},
      {R"({"kty":"OKP","crv":"X25519","x":"AAAA"})", R"(curve "X25519" is not supported)"},
      {R"({"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"})", R"(curve "secp256k1")"},
      {R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})", "32 bytes"},
      {R"({"kty":"RSA","n":"","e":"AQAB"})", "0 bits"},
      {R"({"kty":"RSA","n":5,"e":"AQAB"})", "no text 'n'"},
      {R"({"kty":"RSA","n":"AQ==","e":"AQAB"})", "'n' is not base64url"},
      {with(plain, R"("d":"AAAA")"), "private member 'd'"},
      {with(plain, R"("key_ops":["sign"])"), "'key_ops'"},
      {with(plain, R"("key_ops":"verify")"), "'key_ops'"},
      {R"({"kty":"EC","use":"enc","kid":"e"})", "'use'"},
      {R"({"kty":"EC","kid":7})", "'kid' is not a string"},
  };

  for (const auto& [bad, why] : cases) {
    const auto set = KeySet::parse(set_of({bad, good}));
    ASSERT_TRUE(set) << bad;
    EXPECT_EQ(set->keys().size(), 1U) << bad;
    EXPECT_THAT(set->warnings(), ElementsAre(HasSubstr(why))) << bad;
  }
}

TEST(KeySet, reads_an_unknown_algorithm_as_none_and_not_as_any) {
  const std::string good = TestIssuer().jwk("good");
  for (const std::string_view algorithm : {"\"FOO\"", "\"none\"", "\"RS256\"", "\"ES384\"", "7"}) {
    std::string bad = TestIssuer().jwk("bad");
    bad.replace(bad.find("\"ES256\""), 7, algorithm);
    const auto set = KeySet::parse(set_of({bad, good}));
    ASSERT_TRUE(set);
    EXPECT_EQ(set->keys().size(), 1U) << algorithm;
  }
}

TEST(KeySet, shows_names_in_warnings_quoted_and_short) {
  const auto set =
      KeySet::parse(set_of({R"({"kty":"x","kid":"a\u001b[31m\n)" + std::string(500, 'b') + "\"}",
                            TestIssuer().jwk("g")}));

  ASSERT_TRUE(set);
  ASSERT_EQ(set->warnings().size(), 1U);
  const std::string& warning = set->warnings().front();
  EXPECT_LT(warning.size(), 200U);
  EXPECT_EQ(warning.find('\n'), std::string::npos);
  EXPECT_EQ(warning.find('\x1b'), std::string::npos);
}

TEST(KeySet, refuses_what_is_no_key_set) {
  for (const std::string_view text :
       {"", "null", "[]", "{}", R"({"keys":null})", R"({"keys":{}})", R"({"keys":[)",
        R"({"keys":[],"keys":[]})", R"({"keys":[null]})", R"({"keys":[{"kty":"oct","k":"AA"}]})"}) {
    EXPECT_FALSE(KeySet::parse(text)) << text;
  }
}

TEST(KeySet, may_be_empty_and_then_has_no_key) {
  const auto set = KeySet::parse(R"({"keys":[]})");

  ASSERT_TRUE(set);
  EXPECT_EQ(set->choose("key", crypto::Algorithm::es256), tl::unexpected(TokenFault::key_unknown));
  EXPECT_EQ(set->choose(std::nullopt, crypto::Algorithm::es256),
            tl::unexpected(TokenFault::key_unknown));
}

TEST(KeySet, is_bounded) {
  const std::string key = TestIssuer().jwk("");

  EXPECT_TRUE(KeySet::parse(set_of(std::vector<std::string>(100, key))));
  const auto many = KeySet::parse(set_of(std::vector<std::string>(101, key)));
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().fault(), Fault::too_large);
  const auto large = KeySet::parse(std::string(key_set_size_max + 1, ' '));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().fault(), Fault::too_large);
}

TEST(KeySet, takes_the_same_key_twice_as_one) {
  const TestIssuer issuer;

  const auto set = KeySet::parse(set_of({issuer.jwk("k"), issuer.jwk("k")}));

  ASSERT_TRUE(set);
  EXPECT_EQ(set->keys().size(), 1U);
  EXPECT_EQ(set->warnings().size(), 1U);
}

TEST(KeySet, takes_neither_of_two_keys_with_one_name) {
  const TestIssuer rsa("i", crypto::Algorithm::rs256);

  const auto set =
      KeySet::parse(set_of({TestIssuer().jwk("k"), TestIssuer().jwk("k"), rsa.jwk("k")}));

  ASSERT_TRUE(set);
  EXPECT_EQ(set->choose("k", crypto::Algorithm::es256), tl::unexpected(TokenFault::key_ambiguous));
  EXPECT_TRUE(set->choose("k", crypto::Algorithm::rs256)) << "only one of them is for RS256";
}

TEST(KeySet, compares_names_byte_by_byte) {
  const auto set = KeySet::parse(TestIssuer().key_set());
  ASSERT_TRUE(set);

  EXPECT_TRUE(set->choose("key", crypto::Algorithm::es256));
  for (const std::string_view id : {"Key", "key ", " key", "", "ke", "../key"}) {
    EXPECT_EQ(set->choose(std::string(id), crypto::Algorithm::es256),
              tl::unexpected(TokenFault::key_unknown));
  }
  EXPECT_FALSE(set->choose(std::string("key\0", 4), crypto::Algorithm::es256));
}

}  // namespace
}  // namespace auth

#include "auth/shared_secret.h"

#include <gtest/gtest.h>

#include "auth/detail_issuer.h"
#include "base/base64.h"

namespace auth {
namespace {

using crypto::Hash;

constexpr std::string_view key =
    "an issuer's secret of enough bits, which are 64 bytes or more....";

std::string token_by(std::string_view secret, Hash hash, std::string_view claims) {
  const std::string text =
      base::base64url_encode(R"({"alg":")" + std::string(mac_name_of(hash)) + R"("})") + "." +
      base::base64url_encode(claims);
  return text + "." + base::base64url_encode(crypto::hmac(hash, secret, text));
}

std::string_view name_of(const Verdict& verdict) {
  return verdict ? std::string_view("accept") : auth::name_of(verdict.error());
}

constexpr std::string_view good =
    R"({"iss":"https://issuer.test","aud":"gateway","sub":"alice","exp":1900000000})";

Provider provider_with(Hash hash) {
  Provider provider;
  provider.issuer = "https://issuer.test";
  provider.audiences = {"gateway"};
  provider.secret =
      std::make_shared<const SharedSecret>(SharedSecret::make(hash, std::string(key)).value());
  return provider;
}

TEST(SharedSecret, is_as_long_as_its_hash_at_least) {
  const struct {
    Hash hash;
    std::size_t bytes;
  } table[] = {{Hash::sha256, 32}, {Hash::sha384, 48}, {Hash::sha512, 64}};
  for (const auto& row : table) {
    EXPECT_TRUE(SharedSecret::make(row.hash, std::string(key.substr(0, row.bytes))));
    const auto refused = SharedSecret::make(row.hash, std::string(key.substr(0, row.bytes - 1)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().why().find("issuer"), std::string::npos) << "it repeats the key";
  }
  EXPECT_FALSE(SharedSecret::make(Hash::sha256, ""));
  EXPECT_FALSE(SharedSecret::make(Hash::sha256, std::string(64, 'a')));
  EXPECT_FALSE(SharedSecret::make(Hash::sha256, std::string(4097, 'a') + "b"));
}

TEST(SharedSecret, verifies_tokens_of_its_one_algorithm) {
  for (const Hash hash : {Hash::sha256, Hash::sha384, Hash::sha512}) {
    const Trust trust({provider_with(hash)});
    for (const Hash other : {Hash::sha256, Hash::sha384, Hash::sha512}) {
      const Verdict verdict = verify(token_by(key, other, good), trust, test_time());
      EXPECT_EQ(name_of(verdict), other == hash ? "accept" : "algorithm_not_accepted");
    }
    EXPECT_EQ(name_of(verify(token_by("other", hash, good), trust, test_time())),
              "signature_wrong");
  }
}

TEST(SharedSecret, refuses_a_code_that_was_cut_extended_or_left_out) {
  const Trust trust({provider_with(Hash::sha256)});
  const std::string token = token_by(key, Hash::sha256, good);
  const std::size_t dot = token.rfind('.');
  const std::string code = base::base64url_decode(token.substr(dot + 1)).value();
  for (const std::string& changed :
       {code.substr(0, 31), code.substr(0, 16), code + "x", std::string(), std::string(32, '\0')}) {
    const std::string altered = token.substr(0, dot + 1) + base::base64url_encode(changed);
    EXPECT_EQ(name_of(verify(altered, trust, test_time())), "signature_wrong") << changed.size();
  }
}

TEST(SharedSecret, does_not_make_signatures_good) {
  const TestIssuer issuer;
  Provider provider = provider_with(Hash::sha256);
  EXPECT_EQ(name_of(verify(issuer.token("a"), Trust({provider}), test_time())),
            "algorithm_not_accepted");
  provider.keys = issuer.provider().keys;
  EXPECT_EQ(name_of(verify(issuer.token("a"), Trust({provider}), test_time())),
            "algorithm_not_accepted")
      << "nor does a key set beside it";
}

// The classic attack: the public key as everybody can read it, used as the secret of a MAC.
TEST(SharedSecret, is_never_a_public_key) {
  for (const auto algorithm : {crypto::Algorithm::rs256, crypto::Algorithm::es256}) {
    const TestIssuer issuer("https://issuer.test", algorithm);
    const Trust trust = issuer.trust();
    for (const std::string& secret : {issuer.key_set(), issuer.jwk("key"), std::string()}) {
      for (const Hash hash : {Hash::sha256, Hash::sha384, Hash::sha512}) {
        EXPECT_EQ(name_of(verify(token_by(secret, hash, good), trust, test_time())),
                  "algorithm_not_accepted");
      }
    }
  }
}

}  // namespace
}  // namespace auth

#include "auth/mint.h"

#include <gtest/gtest.h>

#include "auth/detail_issuer.h"
#include "base/base64.h"

namespace auth {
namespace {

TEST(Mint, reads_a_private_key_in_pem_with_its_usual_algorithm) {
  const struct {
    crypto::KeyFamily family;
    crypto::Algorithm algorithm;
  } table[] = {
      {crypto::KeyFamily::rsa, crypto::Algorithm::rs256},
      {crypto::KeyFamily::p256, crypto::Algorithm::es256},
      {crypto::KeyFamily::p384, crypto::Algorithm::es384},
      {crypto::KeyFamily::p521, crypto::Algorithm::es512},
      {crypto::KeyFamily::ed25519, crypto::Algorithm::eddsa},
  };
  for (const auto& row : table) {
    const auto made = crypto::PrivateKey::generate(row.family).value();
    const auto read = read_signing_key(made.to_pem());
    ASSERT_TRUE(read) << read.error().why();
    EXPECT_EQ(read->algorithm, row.algorithm);
    EXPECT_TRUE(read->key.public_key().same_as(made.public_key()));
    EXPECT_EQ(read->id, "");
  }
}

TEST(Mint, reads_a_private_jwk_and_refuses_halves_that_do_not_belong_together) {
  // A number of P-256 that has the generator for its point.
  const std::string one = base::base64url_encode(std::string(31, '\0') + '\1');
  const std::string two = base::base64url_encode(std::string(31, '\0') + '\2');
  const std::string point =
      R"("x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU")";
  const auto jwk = [&](const std::string& d) {
    return R"({"kty":"EC","crv":"P-256","kid":"g",)" + point + R"(,"d":")" + d + "\"}";
  };
  const auto read = read_signing_key(jwk(one));
  ASSERT_TRUE(read) << read.error().why();
  EXPECT_EQ(read->algorithm, crypto::Algorithm::es256);
  EXPECT_EQ(read->id, "g");
  EXPECT_FALSE(read_signing_key(jwk(two)));
}

TEST(Mint, says_what_is_wrong_with_a_key_and_never_repeats_it) {
  const struct {
    std::string_view text, why;
  } table[] = {
      {"", "there is no key in it"},
      {"secret", "not a private key in PEM without a password"},
      {"{secret", "neither PEM nor a JWK in JSON"},
      {R"({"keys":[]})", "a key set; give one private key of it"},
      {R"({"kty":"oct","k":"c2VjcmV0"})", "a JWK of a kind that signs no tokens"},
      {R"({"kty":"EC","crv":"P-256"})", "a public key: it cannot sign"},
      {R"({"kty":"EC","crv":"P-256","d":"??"})", "'d' of the JWK is not base64url"},
      {R"({"kty":"EC","crv":"P-256","d":"c2VjcmV0"})", "the numbers are no private key"},
      {R"({"kty":"RSA","d":"c2VjcmV0"})", "the numbers are no private key"},
      {R"({"kty":"OKP","crv":"Ed25519","d":"c2VjcmV0"})", "the numbers are no private key"},
  };
  for (const auto& row : table) {
    const auto read = read_signing_key(row.text);
    ASSERT_FALSE(read) << row.text;
    EXPECT_EQ(read.error().why(), row.why);
  }
}

}  // namespace
}  // namespace auth

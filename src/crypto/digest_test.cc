#include "crypto/digest.h"

#include <gtest/gtest.h>

namespace crypto {
namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

// FIPS 180-4's examples.
TEST(Sha256, gives_the_standard_digests) {
  EXPECT_EQ(hex(view_of(sha256(""))),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(view_of(sha256("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, of_two_parts_is_that_of_both_joined) {
  EXPECT_EQ(sha256("ab", "c"), sha256("abc"));
  EXPECT_EQ(sha256("", "abc"), sha256("abc"));
  EXPECT_NE(sha256("abc"), sha256("abd"));
}

// RFC 4231, test case 2.
TEST(Hmac, gives_the_standard_codes) {
  const std::string_view message = "what do ya want for nothing?";

  EXPECT_EQ(hex(hmac_sha256("Jefe", message)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac(Hash::sha384, "Jefe", message).size(), 48U);
  EXPECT_EQ(hmac(Hash::sha512, "Jefe", message).size(), 64U);
}

TEST(Hmac, takes_an_empty_key_as_a_key) {
  EXPECT_EQ(hex(hmac_sha256("", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  EXPECT_EQ(hmac_sha256(std::string_view(), ""), hmac_sha256("", ""));
}

TEST(ConstantTimeComparison, compares) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("same", "same"));
  EXPECT_FALSE(equal_in_constant_time("same", "sane"));
  EXPECT_FALSE(equal_in_constant_time("same", "same "));
}

}  // namespace
}  // namespace crypto

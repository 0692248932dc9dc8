#include "crypto/signature.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "crypto/sign.h"

namespace crypto {
namespace {

constexpr std::string_view message = "header.payload";

const std::vector<Algorithm>& all_algorithms() {
  static const std::vector<Algorithm> all{
      Algorithm::rs256, Algorithm::rs384, Algorithm::rs512, Algorithm::ps256, Algorithm::ps384,
      Algorithm::ps512, Algorithm::es256, Algorithm::es384, Algorithm::es512, Algorithm::eddsa};
  return all;
}

// One key a family, made once: RSA keys take long.
const std::vector<PrivateKey>& all_keys() {
  static const std::vector<PrivateKey> keys = [] {
    std::vector<PrivateKey> made;
    for (const KeyFamily family :
         {KeyFamily::rsa, KeyFamily::p256, KeyFamily::p384, KeyFamily::p521, KeyFamily::ed25519}) {
      made.push_back(PrivateKey::generate(family).value());
    }
    return made;
  }();
  return keys;
}

const PrivateKey& key_for(Algorithm algorithm) {
  for (const PrivateKey& key : all_keys()) {
    if (fits(algorithm, key.family())) return key;
  }
  std::abort();
}

TEST(Algorithm, has_its_exact_name_only) {
  for (const Algorithm algorithm : all_algorithms()) {
    EXPECT_EQ(algorithm_named(name_of(algorithm)), algorithm);
  }
  for (const std::string_view name :
       {"none", "None", "", "HS256", "rs256", "RS256 ", "RS-256", "ES256K", "Ed25519", "ES521"}) {
    EXPECT_FALSE(algorithm_named(name)) << name;
  }
}

TEST(Signature, verifies_with_its_own_key_and_algorithm_only) {
  for (const Algorithm algorithm : all_algorithms()) {
    const std::string signature = key_for(algorithm).sign(algorithm, message).value();

    for (const PrivateKey& key : all_keys()) {
      for (const Algorithm claimed : all_algorithms()) {
        const bool right = claimed == algorithm && fits(algorithm, key.family());
        EXPECT_EQ(verify(key.public_key(), claimed, message, signature), right)
            << name_of(algorithm) << " as " << name_of(claimed) << " by " << name_of(key.family());
      }
    }
  }
}

TEST(Signature, is_wrong_when_one_bit_of_it_or_of_the_message_changes) {
  for (const Algorithm algorithm : all_algorithms()) {
    const PublicKey& key = key_for(algorithm).public_key();
    const std::string signature = key_for(algorithm).sign(algorithm, message).value();

    for (std::size_t i = 0; i < signature.size(); ++i) {
      std::string altered = signature;
      altered[i] = static_cast<char>(altered[i] ^ (1 << (i % 8)));
      EXPECT_FALSE(verify(key, algorithm, message, altered)) << name_of(algorithm) << " " << i;
    }
    for (std::size_t i = 0; i < message.size(); ++i) {
      std::string altered(message);
      altered[i] = static_cast<char>(altered[i] ^ (1 << (i % 8)));
      EXPECT_FALSE(verify(key, algorithm, altered, signature)) << name_of(algorithm) << " " << i;
    }
  }
}

TEST(Signature, has_one_length) {
  for (const Algorithm algorithm : all_algorithms()) {
    const PublicKey& key = key_for(algorithm).public_key();
    const std::string signature = key_for(algorithm).sign(algorithm, message).value();

    EXPECT_FALSE(verify(key, algorithm, message, ""));
    EXPECT_FALSE(verify(key, algorithm, message, signature + std::string(1, '\0')));
    EXPECT_FALSE(verify(key, algorithm, message, std::string(1, '\0') + signature));
    EXPECT_FALSE(verify(key, algorithm, message, signature.substr(1)));
    EXPECT_FALSE(verify(key, algorithm, message,
                        std::string_view(signature).substr(0, signature.size() - 1)));
  }
}

// One PSS signature in 256 begins with a zero, which a number could do without.
TEST(Signature, needs_its_leading_zeros) {
  const PublicKey& key = key_for(Algorithm::ps256).public_key();
  std::string signature;
  for (int tries = 0; tries < 10'000; ++tries) {
    signature = key_for(Algorithm::ps256).sign(Algorithm::ps256, message).value();
    if (signature.front() == '\0') break;
  }
  ASSERT_EQ(signature.front(), '\0');
  EXPECT_TRUE(verify(key, Algorithm::ps256, message, signature));
  EXPECT_FALSE(verify(key, Algorithm::ps256, message, std::string_view(signature).substr(1)));
}

TEST(Signature, is_verified_by_many_threads_with_one_key) {
  for (const Algorithm algorithm : all_algorithms()) {
    const PublicKey& key = key_for(algorithm).public_key();
    const std::string signature = key_for(algorithm).sign(algorithm, message).value();
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int turn = 0; turn < 50; ++turn) {
          if (verify(key, algorithm, message, signature)) ++right;
          if (verify(key, algorithm, "other", signature)) --right;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, 200) << name_of(algorithm);
  }
}

TEST(Signature, leaves_no_error_behind_for_tls_to_find) {
  const PublicKey& key = key_for(Algorithm::rs256).public_key();

  EXPECT_FALSE(verify(key, Algorithm::rs256, message, std::string(256, 'x')));

  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(Signature, is_not_misled_by_an_error_of_somebody_else) {
  const PrivateKey& key = key_for(Algorithm::es256);
  const std::string signature = key.sign(Algorithm::es256, message).value();
  ERR_raise(ERR_LIB_USER, 1);

  EXPECT_TRUE(verify(key.public_key(), Algorithm::es256, message, signature));

  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PublicKey, is_the_same_as_itself_however_it_was_made) {
  for (const PrivateKey& key : all_keys()) {
    const PrivateKey copy = PrivateKey::from_pem(key.to_pem()).value();
    const PrivateKey other = PrivateKey::generate(key.family()).value();

    EXPECT_TRUE(key.public_key().same_as(copy.public_key()));
    EXPECT_FALSE(key.public_key().same_as(other.public_key()));
  }
}

TEST(PublicKey, of_rsa_has_a_sane_size_and_exponent) {
  const PublicNumbers good = key_for(Algorithm::rs256).public_numbers();
  const std::string e("\1\0\1", 3);
  std::string even = good.n;
  even.back() = static_cast<char>(even.back() & ~1);
  const PublicNumbers small = PrivateKey::generate(KeyFamily::rsa, 2048).value().public_numbers();

  EXPECT_TRUE(PublicKey::rsa(good.n, e));
  EXPECT_TRUE(PublicKey::rsa(good.n, "\3"));
  EXPECT_TRUE(PublicKey::rsa(std::string(1, '\0') + good.n, e))
      << "a leading zero byte is harmless";
  EXPECT_FALSE(PublicKey::rsa("", e));
  EXPECT_FALSE(PublicKey::rsa(good.n, ""));
  EXPECT_FALSE(PublicKey::rsa(good.n, "\1"));
  EXPECT_FALSE(PublicKey::rsa(good.n, "\2"));
  EXPECT_FALSE(PublicKey::rsa(good.n, std::string(1, '\0')));
  EXPECT_FALSE(PublicKey::rsa(good.n, std::string(9, '\xff')));
  EXPECT_FALSE(PublicKey::rsa(even, e));
  EXPECT_FALSE(PublicKey::rsa(small.n.substr(1), e)) << "2040 bits";
  EXPECT_FALSE(PublicKey::rsa(std::string(1025, '\xff'), e)) << "8200 bits";
  EXPECT_FALSE(PublicKey::rsa(std::string(1'000'000, '\xff'), e));
}

TEST(PublicKey, of_a_curve_is_a_point_on_it) {
  const PublicNumbers good = key_for(Algorithm::es256).public_numbers();

  EXPECT_TRUE(PublicKey::ec(KeyFamily::p256, good.x, good.y));
  EXPECT_FALSE(PublicKey::ec(KeyFamily::p256, good.y, good.x));
  EXPECT_FALSE(PublicKey::ec(KeyFamily::p384, good.x, good.y));
  EXPECT_FALSE(PublicKey::ec(KeyFamily::ed25519, good.x, good.y));
  EXPECT_FALSE(PublicKey::ec(KeyFamily::p256, std::string(32, '\0'), std::string(32, '\0')));
  EXPECT_FALSE(PublicKey::ec(KeyFamily::p256, std::string(32, '\xff'), std::string(32, '\xff')));
  EXPECT_FALSE(PublicKey::ec(KeyFamily::p256, good.x.substr(1), good.y));
  EXPECT_FALSE(PublicKey::ec(KeyFamily::p256, good.x, good.y + good.y));
}

// The points whose order divides 8, with either sign of x, and encodings of y beyond the field.
TEST(PublicKey, of_ed25519_is_a_point_of_large_order_in_its_only_encoding) {
  const std::string zero(32, '\0');
  std::string one = zero;
  one[0] = '\1';
  std::string minus_one(32, '\xff');
  minus_one[0] = '\xec';
  minus_one[31] = '\x7f';
  std::string field = minus_one;
  field[0] = '\xed';
  const std::string order_8(
      "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6"
      "\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
      32);
  std::string off_curve = zero;
  off_curve[0] = '\2';

  for (std::string point : {zero, one, minus_one, field, order_8, std::string(32, '\xff')}) {
    EXPECT_FALSE(PublicKey::ed25519(point));
    point[31] = static_cast<char>(point[31] ^ '\x80');
    EXPECT_FALSE(PublicKey::ed25519(point));
  }
  EXPECT_FALSE(PublicKey::ed25519(off_curve));
  EXPECT_FALSE(PublicKey::ed25519(""));
  EXPECT_FALSE(PublicKey::ed25519(zero + zero));
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(PrivateKey::generate(KeyFamily::ed25519));
}

TEST(PrivateKey, reads_only_keys_that_sign_tokens) {
  EXPECT_FALSE(PrivateKey::from_pem(""));
  EXPECT_FALSE(
      PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  EXPECT_FALSE(key_for(Algorithm::es256).sign(Algorithm::es384, message));
  EXPECT_FALSE(key_for(Algorithm::es256).sign(Algorithm::rs256, message));
}

}  // namespace
}  // namespace crypto

#include "crypto/seal.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

namespace crypto {
namespace {

constexpr std::string_view digits =
    "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";

SealKey key() {
  return std::move(*SealKey::from_hex(digits));
}

TEST(SealKey, opens_what_it_sealed) {
  SystemRandom random;
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 1000U, 100'000U}) {
    const std::string text = random.bytes(size);

    const std::string sealed = key().seal(text, "session", random);

    EXPECT_EQ(key().open(sealed, "session"), text) << size;
  }
}

TEST(SealKey, seals_the_same_text_differently_each_time) {
  SystemRandom random;
  std::set<std::string> seen;

  for (int i = 0; i < 100; ++i) seen.insert(key().seal("text", "", random));

  EXPECT_EQ(seen.size(), 100U);
}

TEST(SealKey, opens_only_with_the_same_associated_data) {
  SystemRandom random;
  const std::string sealed = key().seal("text", "session", random);

  EXPECT_FALSE(key().open(sealed, "cookie"));
  EXPECT_FALSE(key().open(sealed, ""));
  EXPECT_FALSE(key().open(sealed, "session "));
}

TEST(SealKey, opens_nothing_of_another_key) {
  SystemRandom random;
  const SealKey mine = SealKey::from_random(random);
  const SealKey other = SealKey::from_random(random);

  const std::string sealed = mine.seal("text", "", random);

  EXPECT_TRUE(mine.open(sealed, ""));
  EXPECT_FALSE(other.open(sealed, ""));
}

TEST(SealKey, never_opens_what_was_altered_anywhere) {
  SystemRandom random;
  const std::string sealed = key().seal("who: alice", "session", random);

  for (std::size_t i = 0; i < sealed.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string altered = sealed;
      altered[i] = static_cast<char>(value);
      if (altered == sealed) continue;
      ASSERT_FALSE(key().open(altered, "session")) << i << " " << value;
    }
  }
}

TEST(SealKey, never_opens_what_was_cut_or_extended) {
  SystemRandom random;
  const std::string sealed = key().seal("who: alice", "session", random);

  for (std::size_t i = 0; i < sealed.size(); ++i) {
    EXPECT_FALSE(key().open(sealed.substr(0, i), "session"));
    EXPECT_FALSE(key().open(sealed.substr(sealed.size() - i), "session"));
  }
  EXPECT_FALSE(key().open(sealed + "A", "session"));
  EXPECT_FALSE(key().open(sealed + "=", "session"));
  EXPECT_FALSE(key().open(" " + sealed, "session"));
  EXPECT_FALSE(key().open(sealed + sealed, "session"));
}

TEST(SealKey, never_opens_noise) {
  SystemRandom random;
  std::mt19937 lengths(1);
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  for (int i = 0; i < 10'000; ++i) {
    std::string noise = random.bytes(lengths() % 200);
    for (char& c : noise) c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    ASSERT_FALSE(key().open(noise, ""));
  }
}

TEST(SealKey, takes_64_hexadecimal_digits_and_nothing_else) {
  EXPECT_TRUE(SealKey::from_hex(digits));
  std::string secret(digits);

  secret[10] = 'g';
  for (const std::string& text :
       {std::string(), secret, std::string(digits.substr(1)), std::string(digits) + "0"}) {
    const auto refused = SealKey::from_hex(text);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().why().find("0102"), std::string::npos) << "repeats the key";
  }
}

}  // namespace
}  // namespace crypto

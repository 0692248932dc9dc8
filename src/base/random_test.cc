#include "base/random.h"

#include <set>

#include <gtest/gtest.h>

namespace {

// Counts up from zero.
class Counting final : public Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(next_++);
  }

 private:
  unsigned char next_ = 0;
};

TEST(Random, takes_its_bytes_from_the_source) {
  Counting random;

  EXPECT_EQ(random.bytes(3), std::string("\0\1\2", 3));
  EXPECT_EQ(random.word(), 0x0a09080706050403U);
  EXPECT_EQ(random.bytes(0), "");
}

TEST(SystemRandom, gives_as_many_bytes_as_asked_and_never_the_same) {
  SystemRandom random;
  std::set<std::string> seen;

  for (int i = 0; i < 1000; ++i) seen.insert(random.bytes(16));

  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_EQ(random.bytes(100'000).size(), 100'000U);
}

}  // namespace

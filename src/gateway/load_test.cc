#include "gateway/load.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

Limits small() {
  Limits limits;
  limits.connections = 3;
  limits.connections_per_address = 2;
  limits.body_bytes = 100;
  return limits;
}

TEST(Load, refuses_the_newest_connection_of_all_and_of_one_address) {
  Load load(small());

  EXPECT_EQ(load.take_connection("a"), "");
  EXPECT_EQ(load.take_connection("a"), "");
  EXPECT_EQ(load.take_connection("a"), "too many connections from one address");
  EXPECT_EQ(load.take_connection("b"), "");
  EXPECT_EQ(load.take_connection("c"), "too many connections");
  load.give_connection("a");
  EXPECT_EQ(load.take_connection("c"), "");
  EXPECT_EQ(load.connections(), 3U);
}

TEST(Load, takes_no_connection_while_memory_is_short) {
  Load load(small());
  load.set_short_of_memory(true);

  EXPECT_EQ(load.take_connection("a"), "short of memory");
  load.set_short_of_memory(false);
  EXPECT_EQ(load.take_connection("a"), "");
}

TEST(HeldBytes, are_bounded_together_and_given_back) {
  Load load(small());
  {
    HeldBytes one(load);
    HeldBytes two(load);
    EXPECT_TRUE(one.grow(60));
    EXPECT_FALSE(two.grow(50));
    EXPECT_TRUE(two.grow(40));
    EXPECT_FALSE(one.grow(1));
  }
  EXPECT_EQ(load.bytes(), 0U);
}

}  // namespace
}  // namespace gateway

#include "config/admin.h"

#include <gtest/gtest.h>

namespace config {
namespace {

TEST(AdminPlace, reads_what_agentgateway_reads) {
  const auto localhost = AdminPlace::parse("localhost:15000");
  ASSERT_TRUE(localhost);
  EXPECT_EQ(localhost->host, "localhost");
  EXPECT_EQ(localhost->port, 15000);
  const auto v4 = AdminPlace::parse("0.0.0.0:15000");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->host, "0.0.0.0");
  const auto v6 = AdminPlace::parse("[::1]:1");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_TRUE(AdminPlace::parse("off")->is_off);
}

TEST(AdminPlace, refuses_the_rest) {
  for (const char* text : {"", "localhost", "localhost:", "localhost:99999", "localhost:1x",
                           "example.com:1", ":15000", "unix:/run/admin", "127.0.0.1"}) {
    EXPECT_FALSE(AdminPlace::parse(text)) << text;
  }
}

}  // namespace
}  // namespace config

#include "auth/failed_logins.h"

#include <gtest/gtest.h>

namespace auth {
namespace {

using std::chrono::seconds;

class Kept final : public LogSink {
 public:
  void write(std::string_view line) override {
    ++lines;
    text += line;
  }
  int lines = 0;
  std::string text;
};

class FailedLoginsTest : public testing::Test {
 protected:
  static FailedLoginLimits limits() {
    FailedLoginLimits made;
    made.failures_max = 3;
    made.window = seconds(60);
    made.addresses_max = 64;
    return made;
  }
  static Instant at(int second) { return Instant(seconds(1000 + second)); }

  Kept kept_;
  FailedLogins logins_{limits(), Log(kept_, LogFormat::text, LogLevel::info)};
};

TEST_F(FailedLoginsTest, lock_an_address_out_until_its_window_has_passed) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(logins_.locked_for("192.0.2.1", at(i)));
    logins_.note("192.0.2.1", at(i));
  }
  EXPECT_EQ(logins_.locked_for("192.0.2.1", at(10)), Duration(seconds(50)));
  EXPECT_FALSE(logins_.locked_for("192.0.2.2", at(10)));
  EXPECT_FALSE(logins_.locked_for("192.0.2.1", at(60)));
  logins_.note("192.0.2.1", at(60));
  EXPECT_FALSE(logins_.locked_for("192.0.2.1", at(61)));
}

TEST_F(FailedLoginsTest, are_said_once_a_window) {
  for (int i = 0; i < 50; ++i) logins_.note("192.0.2.1", at(1));
  EXPECT_EQ(kept_.lines, 1);
  EXPECT_NE(kept_.text.find("192.0.2.1"), std::string::npos);
  for (int i = 0; i < 50; ++i) logins_.note("192.0.2.1", at(62));
  EXPECT_EQ(kept_.lines, 2);
}

TEST_F(FailedLoginsTest, are_counted_by_site_in_ipv6) {
  logins_.note("2001:db8:1:2::1", at(0));
  logins_.note("2001:db8:1:2:aaaa::", at(0));
  logins_.note("2001:db8:1:2:ffff:ffff:ffff:ffff", at(0));
  EXPECT_TRUE(logins_.locked_for("2001:db8:1:2:3::", at(1)));
  EXPECT_FALSE(logins_.locked_for("2001:db8:1:3::", at(1)));
  EXPECT_EQ(FailedLogins::group_of("fe80::1%eth0"), "fe80::/64");
  EXPECT_EQ(FailedLogins::group_of("192.0.2.1"), "192.0.2.1");
}

TEST_F(FailedLoginsTest, remember_so_many_addresses_and_no_more) {
  for (int i = 0; i < 10'000; ++i) logins_.note("host" + std::to_string(i), at(0));
  EXPECT_LE(logins_.size(), 64U);
  EXPECT_GT(logins_.size(), 16U);
}

TEST_F(FailedLoginsTest, lock_nobody_out_if_the_limit_is_0) {
  FailedLoginLimits none = limits();
  none.failures_max = 0;
  FailedLogins logins(none, Log(kept_, LogFormat::text, LogLevel::info));
  for (int i = 0; i < 1000; ++i) logins.note("192.0.2.1", at(0));
  EXPECT_FALSE(logins.locked_for("192.0.2.1", at(0)));
}

}  // namespace
}  // namespace auth

#include "auth/remote_keys.h"

#include <gtest/gtest.h>

#include "auth/detail_issuer.h"
#include "auth/detail_test_server.h"
#include "base/manual_scheduler.h"

namespace auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class FixedClock final : public Clock {
 public:
  Instant now() const override { return Instant(); }
  WallTime wall() const override { return test_time(); }
};

class Lines final : public LogSink {
 public:
  void write(std::string_view line) override { text += line; }
  std::string text;
};

class RemoteKeysTest : public testing::Test {
 protected:
  RemoteKeysTest() { server_.serve(first_.key_set()); }

  static KeySource source(std::string_view url = "http://idp.test/keys") {
    KeySource made(KeySource::Kind::url, std::string(url));
    made.keep_for = std::chrono::hours(1);
    return made;
  }
  void follow() {
    keys_.follow({source()});
    scheduler_.run();
  }
  void pass(Duration time) { scheduler_.advance(time); }
  bool has(const TestIssuer& issuer) const {
    const auto set = store_.find(source());
    return set && set->digest() == KeySet::parse(issuer.key_set())->digest();
  }
  Task<> refetch() {
    ++waiting_;
    const std::uint64_t seen = store_.fetches(source());
    co_await keys_.refetch(source(), seen);
    --waiting_;
  }
  void ask() {
    group_.spawn(refetch());
    scheduler_.run();
  }

  TestIssuer first_;
  TestIssuer second_;
  ManualScheduler scheduler_;
  TestServer server_;
  http::Pool pool_{scheduler_, server_, http::ClientLimits()};
  KeyStore store_;
  FixedClock clock_;
  Lines lines_;
  Log log_{lines_, LogFormat::text, LogLevel::debug};
  RemoteKeys keys_{scheduler_, pool_, store_, clock_, log_};
  int waiting_ = 0;
  TaskGroup group_{scheduler_};
};

TEST_F(RemoteKeysTest, fetches_what_it_is_told_to_follow) {
  ASSERT_TRUE(store_.load(source()));
  EXPECT_EQ(*store_.load(source()), nullptr);

  follow();

  EXPECT_TRUE(has(first_));
  EXPECT_EQ(store_.generation(), 1U);
  EXPECT_NE(lines_.text.find("key set fetched"), std::string::npos);
}

TEST_F(RemoteKeysTest, fetches_again_after_a_quarter_of_an_hour) {
  follow();
  server_.serve(second_.key_set());
  pass(seconds(899));
  EXPECT_TRUE(has(first_));
  pass(seconds(1));
  EXPECT_TRUE(has(second_));
  EXPECT_EQ(store_.generation(), 2U);
}

TEST_F(RemoteKeysTest, does_not_count_the_same_keys_as_a_change) {
  follow();
  pass(seconds(901));
  EXPECT_EQ(server_.fetches, 2);
  EXPECT_EQ(store_.generation(), 1U);
}

TEST_F(RemoteKeysTest, heeds_what_the_answer_says_of_its_age_within_bounds) {
  const std::pair<const char*, seconds> rows[] = {
      {"Cache-Control: max-age=300\r\n", seconds(300)},
      {"Cache-Control: max-age=1\r\n", seconds(60)},
      {"Cache-Control: no-store\r\n", seconds(60)},
      {"Cache-Control: max-age=31536000\r\n", seconds(24 * 3600)},
      {"Expires: Thu, 01 Jan 1970 00:00:00 GMT\r\n", seconds(60)},
  };
  for (const auto& [field, age] : rows) {
    server_.serve(first_.key_set(), field);
    keys_.follow({});
    server_.fetches = 0;
    follow();
    pass(age - seconds(1));
    EXPECT_EQ(server_.fetches, 1) << field;
    pass(seconds(1));
    EXPECT_EQ(server_.fetches, 2) << field;
  }
}

TEST_F(RemoteKeysTest, tries_again_with_growing_waits) {
  server_.is_down = true;
  follow();
  EXPECT_EQ(store_.find(source()), nullptr);
  int expected = 1;
  for (const int wait : {1, 2, 4, 8, 15, 15}) {
    pass(seconds(wait) - milliseconds(1));
    EXPECT_EQ(server_.fetches, expected) << wait;
    pass(milliseconds(1));
    EXPECT_EQ(server_.fetches, ++expected) << wait;
  }
  server_.is_down = false;
  pass(seconds(15));
  EXPECT_TRUE(has(first_));
}

TEST_F(RemoteKeysTest, keeps_the_last_good_keys_for_a_bounded_time) {
  follow();
  server_.is_down = true;
  pass(seconds(3599));
  EXPECT_TRUE(has(first_));
  pass(seconds(1));
  EXPECT_EQ(store_.find(source()), nullptr);
  EXPECT_EQ(store_.generation(), 2U);
  server_.is_down = false;
  pass(seconds(15));
  EXPECT_TRUE(has(first_));
}

TEST_F(RemoteKeysTest, keeps_the_last_good_keys_when_it_gets_something_else) {
  const std::string many(key_set_size_max, ' ');
  for (const std::string& body :
       {std::string("<html>"), std::string("{}"), many + "{\"keys\":[]}"}) {
    keys_.follow({});
    server_.serve(first_.key_set());
    follow();
    server_.serve(body);
    pass(seconds(901));
    EXPECT_TRUE(has(first_)) << body.substr(0, 20);
  }
}

TEST_F(RemoteKeysTest, asks_once_for_many_who_miss_a_key) {
  follow();
  pass(seconds(30));
  server_.serve(second_.key_set());
  server_.fetches = 0;
  EXPECT_TRUE(store_.may_refetch(source(), scheduler_.now()));
  for (int i = 0; i < 100; ++i) group_.spawn(refetch());
  scheduler_.run();
  EXPECT_EQ(server_.fetches, 1);
  EXPECT_EQ(waiting_, 0);
  EXPECT_TRUE(has(second_));
}

TEST_F(RemoteKeysTest, asks_for_missing_keys_at_most_every_ten_seconds) {
  follow();
  ask();
  EXPECT_EQ(server_.fetches, 2);
  pass(seconds(9));
  EXPECT_FALSE(store_.may_refetch(source(), scheduler_.now()));
  ask();
  EXPECT_EQ(server_.fetches, 2);
  pass(seconds(1));
  EXPECT_TRUE(store_.may_refetch(source(), scheduler_.now()));
  ask();
  EXPECT_EQ(server_.fetches, 3);
  EXPECT_EQ(waiting_, 0);
}

TEST_F(RemoteKeysTest, does_not_ask_again_for_who_looked_before_the_last_answer) {
  follow();
  const std::uint64_t seen = store_.fetches(source());
  ask();
  EXPECT_EQ(server_.fetches, 2);
  pass(seconds(30));
  group_.spawn(keys_.refetch(source(), seen));
  scheduler_.run();
  EXPECT_EQ(server_.fetches, 2);
}

TEST_F(RemoteKeysTest, lets_nobody_wait_longer_than_a_fetch_may_take) {
  follow();
  pass(seconds(30));
  server_.is_silent = true;
  ask();
  EXPECT_EQ(waiting_, 1);
  EXPECT_TRUE(store_.may_refetch(source(), scheduler_.now()));  // others wait for the same
  pass(seconds(5));
  EXPECT_EQ(waiting_, 0);
  EXPECT_TRUE(has(first_));
}

TEST_F(RemoteKeysTest, forgets_what_it_follows_no_longer) {
  follow();
  keys_.follow({});
  EXPECT_EQ(store_.find(source()), nullptr);
  pass(seconds(3600));
  EXPECT_EQ(server_.fetches, 1);
  ask();
  EXPECT_EQ(waiting_, 0);
}

TEST_F(RemoteKeysTest, does_not_log_the_query_of_an_address) {
  keys_.follow({source("http://idp.test/keys?secret=s3cret")});
  scheduler_.run();
  server_.is_down = true;
  pass(seconds(901));
  EXPECT_NE(lines_.text.find("http://idp.test/keys"), std::string::npos);
  EXPECT_EQ(lines_.text.find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace auth

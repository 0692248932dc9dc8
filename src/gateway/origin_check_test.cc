#include "gateway/origin_check.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

struct Row {
  std::string host;
  std::string origin;  // empty: none
  bool is_refused;
};

policy::Peer peer(bool is_loopback) {
  policy::Peer peer;
  peer.is_loopback = is_loopback;
  return peer;
}

bool is_refused(const Row& row, std::optional<bool> protection, bool is_loopback,
                bool is_permitted = false) {
  policy::Exchange exchange(http::Request("POST", "/mcp", row.host), peer(is_loopback), Instant(),
                            WallTime());
  if (!row.origin.empty()) exchange.change_request().headers.add("origin", row.origin);
  exchange.is_origin_permitted = is_permitted;
  return refused_origin(exchange, protection).has_value();
}

TEST(OriginCheck, looks_at_nothing_where_it_is_switched_off) {
  EXPECT_FALSE(is_refused({"evil.example", "http://evil.example", true}, false, true));
  EXPECT_FALSE(is_refused({"a.example", "http://evil.example", true}, false, false));
}

TEST(OriginCheck, wants_loopback_names_in_both_where_it_is_switched_on) {
  const Row table[] = {
      {"localhost:3000", "", false},
      {"LOCALHOST:3000", "", false},
      {"127.0.0.1:3000", "", false},
      {"[::1]:3000", "", false},
      {"localhost:3000", "http://localhost:6274", false},
      {"localhost:3000", "ftp://localhost", true},
      {"localhost:3000", "blob:http://localhost", true},
      {"127.0.0.1:3000", "http://127.0.0.1", false},
      {"localhost", "http://[::1]:80", false},
      {"localhost", "https://LocalHost", false},
      {"gw.example", "", true},
      {"", "", true},
      {"localhost.evil.example", "", true},
      {"127.0.0.1.evil.example", "", true},
      {"127.0.0.2", "", true},
      {"localhost", "http://evil.example", true},
      {"localhost", "http://localhost.evil.example", true},
      {"localhost", "http://evil.example:80@localhost.example", true},
      {"localhost", "http://localhost:80@evil.example", true},
      {"localhost", "http://localhost:evil.example", true},
      {"localhost", "http://[::1]evil.example", true},
      {"localhost", "http://[::1", true},
      {"localhost", "http://localhost/@evil.example", true},
      {"localhost:3000", "http://localhost:", true},  // found by origin_fuzz
      {"localhost", "null", true},
      {"localhost", "localhost", true},
      {"gw.example", "http://gw.example", true},
  };
  for (const Row& row : table) {
    for (const bool is_loopback : {true, false}) {
      EXPECT_EQ(is_refused(row, true, is_loopback), row.is_refused) << row.host << row.origin;
      // What a cors policy permits does not widen it.
      EXPECT_EQ(is_refused(row, true, is_loopback, true), row.is_refused) << row.host << row.origin;
    }
  }
}

TEST(OriginCheck, wants_by_default_that_an_origin_is_the_host_itself) {
  const Row table[] = {
      {"gw.example", "", false},
      {"gw.example", "http://gw.example", false},
      {"gw.example", "https://GW.example", false},
      {"gw.example:8080", "http://gw.example:8080", false},
      {"gw.example:8080", "http://gw.example", true},
      {"gw.example", "http://gw.example:8080", true},
      {"gw.example", "http://evil.example", true},
      {"gw.example", "http://gw.example.evil.example", true},
      {"gw.example", "http://evil.gw.example", true},
      {"gw.example", "null", true},
      {"gw.example", "gw.example", true},
      {"gw.example", "http://localhost", true},
  };
  for (const Row& row : table) {
    EXPECT_EQ(is_refused(row, std::nullopt, false), row.is_refused) << row.host << row.origin;
  }
}

TEST(OriginCheck, wants_by_default_loopback_names_on_loopback) {
  const Row table[] = {
      {"localhost:3000", "", false},
      {"gw.example", "", false},  // no browser
      {"localhost:3000", "http://localhost:6274", false},
      {"127.0.0.1:3000", "http://localhost:3000", false},
      // What a rebound name looks like: the attacker's in both.
      {"evil.example:3000", "http://evil.example:3000", true},
      {"localhost:3000", "http://evil.example", true},
      {"evil.example:3000", "http://localhost:3000", true},
      {"localhost:3000", "null", true},
  };
  for (const Row& row : table) {
    EXPECT_EQ(is_refused(row, std::nullopt, true), row.is_refused) << row.host << row.origin;
  }
}

TEST(OriginCheck, lets_an_origin_pass_that_a_cors_policy_permits) {
  EXPECT_FALSE(is_refused({"gw.example", "https://app.example", false}, std::nullopt, false, true));
  EXPECT_FALSE(is_refused({"localhost", "https://app.example", false}, std::nullopt, true, true));
}

}  // namespace
}  // namespace gateway

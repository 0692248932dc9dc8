#include "gateway/traffic.h"

#include <gtest/gtest.h>

#include "net/loop.h"

namespace gateway {
namespace {

class Notes final : public Watcher {
 public:
  void see(Sighting sighting) override { seen.push_back(std::move(sighting)); }
  std::vector<Sighting> seen;
};

telemetry::Record call_of(std::string tool, std::string_view decision) {
  telemetry::Record record;
  record.protocol = "mcp";
  record.http_method = "POST";
  record.http_path = "/mcp";
  record.http_status = 200;
  record.mcp_method = "tools/call";
  record.tool = std::move(tool);
  record.authz_decision = decision;
  return record;
}

class TrafficTest : public testing::Test {
 protected:
  void tell(const telemetry::Record& record) {
    traffic_.tell(Sighting(record, WallTime(), std::chrono::milliseconds(2)));
  }
  void open_letters() { loop_.turn(SystemClock().now() + std::chrono::milliseconds(1)); }

  net::Loop loop_;
  Traffic traffic_{loop_.address(), 2};
  Notes notes_;
};

TEST_F(TrafficTest, counts_what_every_core_served_whether_it_is_watched_or_not) {
  telemetry::Record refused = call_of("a", "deny");
  telemetry::Record failed = call_of("a", "allow");
  failed.http_status = 502;
  telemetry::Record gone;

  traffic_.count(0, call_of("a", "allow"));
  traffic_.count(1, refused);
  traffic_.count(1, failed);
  traffic_.count(0, gone);

  const Traffic::Counts counts = traffic_.counts();
  EXPECT_EQ(counts.requests, 4U);
  EXPECT_EQ(counts.errors, 2U);
  EXPECT_EQ(counts.allowed, 2U);
  EXPECT_EQ(counts.denied, 1U);
  EXPECT_FALSE(traffic_.is_watched());
}

TEST_F(TrafficTest, hands_over_what_is_known_and_cuts_what_is_long) {
  traffic_.watch(notes_);
  telemetry::Record record = call_of(std::string(5'000, 'x'), "deny");
  record.authz_reason = "denied_by_rule";
  record.authz_rule = "mcp.tool.name == \"x\"";
  record.authz_origin = "binds[0].rules[2]";
  record.user = "alice";
  record.mcp_error = "Unknown tool";
  EXPECT_TRUE(traffic_.is_watched());

  tell(record);
  open_letters();

  ASSERT_EQ(notes_.seen.size(), 1U);
  const Sighting& seen = notes_.seen.front();
  EXPECT_EQ(seen.kind, "tool");
  EXPECT_LT(seen.name.size(), 300U);
  EXPECT_EQ(seen.subject, "alice");
  EXPECT_EQ(seen.rule, "binds[0].rules[2]");
  EXPECT_EQ(seen.expression, "mcp.tool.name == \"x\"");
  EXPECT_EQ(seen.reason, "denied_by_rule");
  EXPECT_EQ(seen.error, "Unknown tool");
  EXPECT_FALSE(seen.is_stream);
}

TEST_F(TrafficTest, names_no_rule_where_none_decided) {
  traffic_.watch(notes_);
  telemetry::Record record = call_of("a", "deny");
  record.authz_reason = "denied_no_allow_matched";
  record.authz_rule = record.authz_reason;

  tell(record);
  open_letters();

  ASSERT_EQ(notes_.seen.size(), 1U);
  EXPECT_EQ(notes_.seen.front().rule, "");
  EXPECT_EQ(notes_.seen.front().expression, "");
}

TEST_F(TrafficTest, loses_and_counts_what_a_busy_watcher_cannot_take) {
  traffic_.watch(notes_);

  for (std::size_t i = 0; i < Traffic::letters_max + 7; ++i) tell(call_of("a", "allow"));
  open_letters();

  EXPECT_EQ(notes_.seen.size(), Traffic::letters_max);
  EXPECT_EQ(traffic_.take_lost(), 7U);
  EXPECT_EQ(traffic_.take_lost(), 0U);
  tell(call_of("a", "allow"));
  open_letters();
  EXPECT_EQ(notes_.seen.size(), Traffic::letters_max + 1);
}

TEST_F(TrafficTest, what_is_on_its_way_when_the_watcher_leaves_is_nobodys) {
  traffic_.watch(notes_);
  tell(call_of("a", "allow"));

  traffic_.unwatch();
  open_letters();

  EXPECT_TRUE(notes_.seen.empty());
  EXPECT_FALSE(traffic_.is_watched());
}

TEST_F(TrafficTest, takes_arguments_only_while_somebody_watches_and_wants_them) {
  EXPECT_FALSE(traffic_.takes_arguments());
  traffic_.take_arguments(true);
  EXPECT_FALSE(traffic_.takes_arguments());
  traffic_.watch(notes_);
  EXPECT_TRUE(traffic_.takes_arguments());
  traffic_.take_arguments(false);
  EXPECT_FALSE(traffic_.takes_arguments());
  traffic_.take_arguments(true);
  traffic_.unwatch();
  EXPECT_FALSE(traffic_.takes_arguments());
}

}  // namespace
}  // namespace gateway

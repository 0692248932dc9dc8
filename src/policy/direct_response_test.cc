#include "policy/direct_response.h"

#include <gtest/gtest.h>

namespace policy {
namespace {

http::Response answer(const DirectResponseSettings& settings, Exchange& exchange) {
  cel::Environment environment{cel::AttributeTable()};
  auth::KeyStore keys;
  BuildContext context(environment, keys, true);
  const auto policy = make_direct_response(settings, context);
  return policy->decide(exchange).take().value();
}

schema::Problems problems(const std::string& text) {
  const auto none = [](std::string_view) { return std::optional<std::string>(); };
  return schema::read_text<DirectResponseSettings>(yaml::Source{"c.yaml", text}, none).problems;
}

TEST(DirectResponse, answers_with_status_and_body) {
  Exchange exchange(http::Request("GET", "/", "gw"), Peer(), Instant(), WallTime());
  DirectResponseSettings settings;
  settings.status = 418;
  settings.body = "short and stout";
  for (int round = 0; round < 2; ++round) {  // one policy serves many requests
    const http::Response response = answer(settings, exchange);
    EXPECT_EQ(response.status, 418);
    EXPECT_EQ(response.body.text(), "short and stout");
    EXPECT_EQ(response.headers.find("content-type"), "text/plain; charset=utf-8");
  }
  EXPECT_EQ(exchange.record.reason, Reason::direct_response);
}

TEST(DirectResponse, says_no_type_of_a_body_that_is_not_there) {
  Exchange exchange(http::Request("GET", "/", "gw"), Peer(), Instant(), WallTime());
  DirectResponseSettings settings;
  settings.status = 204;
  const http::Response response = answer(settings, exchange);
  EXPECT_EQ(response.status, 204);
  EXPECT_TRUE(response.body.is_empty());
  EXPECT_FALSE(response.headers.has("content-type"));
}

TEST(DirectResponse, takes_final_statuses_only) {
  EXPECT_TRUE(problems("status: 200").empty());
  EXPECT_TRUE(problems("{ status: 599, body: b }").empty());
  for (const std::string text : {"status: 199", "status: 100", "status: 600", "status: 0",
                                 "status: -200", "status: 70000", "body: b", "status: ok"}) {
    EXPECT_TRUE(schema::has_errors(problems(text))) << text;
  }
}

}  // namespace
}  // namespace policy

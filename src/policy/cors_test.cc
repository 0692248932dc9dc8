#include "policy/cors.h"

#include <gtest/gtest.h>

namespace policy {
namespace {

class CorsTest : public testing::Test {
 protected:
  std::unique_ptr<const Policy> make(const CorsSettings& settings) {
    return make_cors(settings, context_);
  }

  static std::unique_ptr<Exchange> exchange(std::string method, std::string_view origin) {
    auto made = std::make_unique<Exchange>(http::Request(std::move(method), "/mcp", "gw.example"),
                                           Peer(), Instant(), WallTime());
    if (!origin.empty()) made->change_request().headers.add("origin", origin);
    return made;
  }

  // The answer of the policy alone, both ways.
  std::optional<http::Response> answer(const Policy& policy, Exchange& exchange) {
    Verdict verdict = policy.decide(exchange);
    if (verdict) policy.on_response(exchange, *verdict);
    return verdict.take();
  }

  cel::Environment environment_{cel::AttributeTable()};
  auth::KeyStore keys_;
  BuildContext context_{environment_, keys_, true};
};

TEST_F(CorsTest, answers_a_preflight_of_a_permitted_origin) {
  CorsSettings settings;
  settings.allow_origins = {"https://app.example"};
  settings.allow_methods = {"POST", "GET"};
  settings.allow_headers = {"*"};
  settings.max_age = std::chrono::seconds(600);
  const auto cors = make(settings);
  const auto preflight = exchange("OPTIONS", "https://app.example");
  preflight->change_request().headers.add("access-control-request-method", "POST");
  preflight->change_request().headers.add("access-control-request-headers",
                                          "authorization, content-type");
  const auto response = answer(*cors, *preflight);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.find("access-control-allow-origin"), "https://app.example");
  EXPECT_EQ(response->headers.find("access-control-allow-methods"), "POST, GET");
  EXPECT_EQ(response->headers.find("access-control-allow-headers"), "authorization, content-type");
  EXPECT_EQ(response->headers.find("access-control-max-age"), "600");
}

TEST_F(CorsTest, answers_a_preflight_of_another_origin_without_permissions) {
  CorsSettings settings;
  settings.allow_origins = {"https://app.example"};
  const auto cors = make(settings);
  const auto preflight = exchange("OPTIONS", "https://evil.example");
  const auto response = answer(*cors, *preflight);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_FALSE(response->headers.has("access-control-allow-origin"));
}

TEST_F(CorsTest, lets_requests_pass_and_marks_their_answers) {
  CorsSettings settings;
  settings.allow_origins = {"*"};
  settings.expose_headers = {"Mcp-Session-Id"};
  const auto cors = make(settings);
  const auto request = exchange("POST", "https://app.example");
  EXPECT_FALSE(answer(*cors, *request));
  http::Response response(401);
  response.headers.add("access-control-allow-credentials", "true");
  cors->on_response(*request, response);
  EXPECT_EQ(response.headers.find("access-control-allow-origin"), "https://app.example");
  EXPECT_EQ(response.headers.find("access-control-expose-headers"), "Mcp-Session-Id");
  EXPECT_EQ(response.headers.find("vary"), "Origin");
  EXPECT_FALSE(response.headers.has("access-control-allow-credentials"));
}

TEST_F(CorsTest, sends_no_credentials_header_for_an_origin_that_only_the_star_allows) {
  CorsSettings settings;
  settings.allow_origins = {"*", "https://app.example"};
  settings.allow_credentials = true;
  const auto cors = make(settings);
  EXPECT_EQ(context_.problems().size(), 1U);
  const auto anybody = exchange("GET", "https://evil.example");
  EXPECT_FALSE(answer(*cors, *anybody));
  http::Response response(200);
  cors->on_response(*anybody, response);
  EXPECT_FALSE(response.headers.has("access-control-allow-credentials"));
  const auto named = exchange("GET", "https://app.example");
  EXPECT_FALSE(answer(*cors, *named));
  http::Response to_named(200);
  cors->on_response(*named, to_named);
  EXPECT_EQ(to_named.headers.find("access-control-allow-credentials"), "true");
}

TEST_F(CorsTest, compares_origins_whole) {
  const struct {
    std::string pattern, origin;
    bool permitted;
  } table[] = {
      {"https://a.example", "https://a.example", true},
      {"https://a.example", "https://a.example.evil", false},
      {"https://a.example", "http://a.example", false},
      {"https://*.example", "https://a.example", true},
      {"https://*.example", "https://b.a.example", true},
      {"https://*.example", "https://.example", false},
      {"https://*.example", "https://evil/.example", false},
      {"https://*.example", "https://evil:1.example", false},
      {"https://*.example", R"(https://evil\.example)", false},
      {"https://*.example", "https://a..b.example", false},  // found by origin_fuzz
      {"https://*.example", "https://evil?.example", false},
      {"https://*.example", "https://example", false},
      {"*", "null", true},
      {"https://a.example", "null", false},
  };
  for (const auto& row : table) {
    CorsSettings settings;
    settings.allow_origins = {row.pattern};
    EXPECT_EQ(permits_origin(settings, row.origin), row.permitted)
        << row.pattern << " " << row.origin;
  }
}

}  // namespace
}  // namespace policy

#include "policy/header_modifier.h"

#include <gtest/gtest.h>

namespace policy {
namespace {

class HeaderModifierTest : public testing::Test {
 protected:
  cel::Environment environment_{cel::AttributeTable()};
  auth::KeyStore keys_;
  BuildContext context_{environment_, keys_, true};
  Exchange exchange_{http::Request("GET", "/", "gw"), Peer(), Instant(), WallTime()};
};

HeaderModifierSettings all_three() {
  HeaderModifierSettings settings;
  settings.remove = {"X-Gone", "x-set", "x-absent"};
  settings.set = {{"X-Set", "new"}};
  settings.add = {{"X-Add", "more"}};
  return settings;
}

void fill(http::Headers& headers) {
  headers.add("x-gone", "1");
  headers.add("X-GONE", "2");
  headers.add("x-set", "old");
  headers.add("x-set", "older");
  headers.add("x-add", "there");
  headers.add("x-other", "o");
}

void check(const http::Headers& headers) {
  EXPECT_FALSE(headers.has("x-gone"));
  EXPECT_EQ(headers.all("x-set"), std::vector<std::string_view>{"new"});
  EXPECT_EQ(headers.all("x-add"), (std::vector<std::string_view>{"there", "more"}));
  EXPECT_EQ(headers.find("x-other"), "o");
  EXPECT_FALSE(headers.has("x-absent"));
}

TEST_F(HeaderModifierTest, changes_the_request_on_the_way_in_only) {
  const auto policy = make_request_header_modifier(all_three(), context_);
  EXPECT_TRUE(context_.problems().empty());
  fill(exchange_.change_request().headers);
  EXPECT_FALSE(policy->decide(exchange_));
  check(exchange_.request().headers);
  http::Response response(200);
  policy->on_response(exchange_, response);
  EXPECT_EQ(response.headers.size(), 0U);
}

TEST_F(HeaderModifierTest, changes_the_response_on_the_way_out_only) {
  const auto policy = make_response_header_modifier(all_three(), context_);
  EXPECT_FALSE(policy->decide(exchange_));
  EXPECT_EQ(exchange_.request().headers.size(), 0U);
  http::Response response(200);
  fill(response.headers);
  policy->on_response(exchange_, response);
  check(response.headers);
}

TEST_F(HeaderModifierTest, refuses_names_that_are_none_or_belong_to_the_framing) {
  for (const std::string name : {"", "a b", "a:", "a\r\nb", "\xc3\xa4", "Host", "content-length",
                                 "Transfer-Encoding", "connection", "upgrade", "te", "trailer"}) {
    for (int member = 0; member < 3; ++member) {
      HeaderModifierSettings settings;
      if (member == 0) settings.add = {{name, "v"}};
      if (member == 1) settings.set = {{name, "v"}};
      if (member == 2) settings.remove = {name};
      BuildContext request(environment_, keys_, true);
      make_request_header_modifier(settings, request);
      EXPECT_TRUE(schema::has_errors(request.problems())) << name;
      BuildContext response(environment_, keys_, true);
      make_response_header_modifier(settings, response);
      EXPECT_TRUE(schema::has_errors(response.problems())) << name;
    }
  }
}

TEST_F(HeaderModifierTest, refuses_values_that_would_begin_another_field) {
  for (const std::string value : {"a\r\nx: y", "a\nb", "a\x7f"}) {
    HeaderModifierSettings settings;
    settings.set = {{"x", value}};
    BuildContext context(environment_, keys_, true);
    make_response_header_modifier(settings, context);
    EXPECT_TRUE(schema::has_errors(context.problems()));
  }
}

}  // namespace
}  // namespace policy

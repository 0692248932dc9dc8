#include "runtime/router.h"

#include <gtest/gtest.h>

namespace runtime {
namespace {

config::RouteMatch prefix(std::string path) {
  config::RouteMatch match;
  match.path = {.exact = std::nullopt, .path_prefix = std::move(path), .regex = std::nullopt};
  return match;
}
config::RouteMatch exact(std::string path) {
  config::RouteMatch match;
  match.path = {.exact = std::move(path), .path_prefix = std::nullopt, .regex = std::nullopt};
  return match;
}
config::RouteMatch regex(std::string path) {
  config::RouteMatch match;
  match.path = {.exact = std::nullopt, .path_prefix = std::nullopt, .regex = std::move(path)};
  return match;
}

http::Request get(std::string target, std::string authority = "a.example") {
  return http::Request("GET", std::move(target), std::move(authority));
}

Router router_of(
    const std::vector<std::pair<std::vector<std::string>, config::RouteMatch>>& routes) {
  Router router;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    EXPECT_TRUE(router.add(i, routes[i].first, {routes[i].second}));
  }
  router.finish();
  return router;
}

TEST(HostPattern, takes_exact_names_wildcards_and_any) {
  const struct {
    std::string_view pattern, host;
    bool matches;
  } table[] = {
      {"a.example", "A.Example", true}, {"a.example", "b.a.example", false},
      {"*.example", "a.example", true}, {"*.example", "b.a.example", true},
      {"*.example", "example", false},  {"*.example", ".example", false},
      {"*.example", "aexample", false}, {"", "anything", true},
      {"*", "anything", true},
  };
  for (const auto& row : table) {
    EXPECT_EQ(HostPattern(row.pattern).matches(row.host), row.matches)
        << row.pattern << " " << row.host;
  }
}

TEST(HostOf, leaves_ports_and_brackets_out) {
  EXPECT_EQ(host_of("a.example:80"), "a.example");
  EXPECT_EQ(host_of("[::1]:80"), "::1");
  EXPECT_EQ(host_of("[::1]"), "::1");
}

TEST(Router, finds_nothing_where_nothing_matches) {
  const Router router = router_of({{{}, prefix("/a")}});
  EXPECT_EQ(router.find(get("/b")), std::nullopt);
}

TEST(Router, compares_prefixes_by_whole_segments) {
  const Router router = router_of({{{}, prefix("/a/")}});
  EXPECT_EQ(router.find(get("/a")), 0U);
  EXPECT_EQ(router.find(get("/a/b?c")), 0U);
  EXPECT_EQ(router.find(get("/ab")), std::nullopt);
}

TEST(Router, prefers_exact_to_prefix_to_regex_whatever_the_order) {
  const Router router = router_of({{{}, regex("/a.*")}, {{}, prefix("/a")}, {{}, exact("/a")}});
  EXPECT_EQ(router.find(get("/a")), 2U);
  EXPECT_EQ(router.find(get("/a/b")), 1U);
  EXPECT_EQ(router.find(get("/abc")), 0U);
}

TEST(Router, prefers_the_longest_prefix) {
  const Router router = router_of({{{}, prefix("/")}, {{}, prefix("/a/b")}, {{}, prefix("/a")}});
  EXPECT_EQ(router.find(get("/a/b/c")), 1U);
  EXPECT_EQ(router.find(get("/a/c")), 2U);
  EXPECT_EQ(router.find(get("/c")), 0U);
}

TEST(Router, prefers_the_most_specific_host_before_any_path) {
  const Router router = router_of({{{}, exact("/a")},
                                   {{"*.example"}, prefix("/")},
                                   {{"*.a.example"}, prefix("/")},
                                   {{"x.a.example"}, prefix("/")}});
  EXPECT_EQ(router.find(get("/a", "x.a.example:8080")), 3U);
  EXPECT_EQ(router.find(get("/a", "y.a.example")), 2U);
  EXPECT_EQ(router.find(get("/a", "b.example")), 1U);
  EXPECT_EQ(router.find(get("/a", "other")), 0U);
}

TEST(Router, prefers_a_method_then_more_headers_then_more_parameters) {
  config::RouteMatch with_method = prefix("/");
  with_method.method = "GET";
  config::RouteMatch with_header = prefix("/");
  with_header.headers = {{"X-Team", {.exact = "core", .regex = std::nullopt}}};
  config::RouteMatch with_query = prefix("/");
  with_query.query = {{"q", {.exact = std::nullopt, .regex = "[0-9]+"}}};
  const Router router = router_of({{{}, with_query}, {{}, with_header}, {{}, with_method}});
  http::Request request("POST", "/?q=12", "a");
  request.headers.add("x-team", "core");
  EXPECT_EQ(router.find(request), 1U);
  request.method = "GET";
  EXPECT_EQ(router.find(request), 2U);
  EXPECT_EQ(router.find(http::Request("POST", "/?q=12", "a")), 0U);
  EXPECT_EQ(router.find(http::Request("POST", "/?q=x", "a")), std::nullopt);
}

TEST(Router, takes_the_last_of_repeated_parameters_and_none_of_repeated_headers) {
  config::RouteMatch by_query = prefix("/q");
  by_query.query = {{"q", {.exact = "2", .regex = std::nullopt}}};
  config::RouteMatch by_header = prefix("/h");
  by_header.headers = {{"x", {.exact = "1", .regex = std::nullopt}}};
  const Router router = router_of({{{}, by_query}, {{}, by_header}});
  EXPECT_EQ(router.find(get("/q?q=1&q=2")), 0U);
  EXPECT_EQ(router.find(get("/q?q=2&q=1")), std::nullopt);
  http::Request request = get("/h");
  request.headers.add("x", "1");
  EXPECT_EQ(router.find(request), 1U);
  request.headers.add("x", "1");
  EXPECT_EQ(router.find(request), std::nullopt);
}

TEST(Router, keeps_the_order_of_the_file_among_equals) {
  const Router router = router_of({{{}, prefix("/")}, {{}, prefix("/")}});
  EXPECT_EQ(router.find(get("/")), 0U);
}

TEST(Router, refuses_a_pattern_that_does_not_compile) {
  Router router;
  EXPECT_FALSE(router.add(0, {}, {regex("(")}));
}

}  // namespace
}  // namespace runtime

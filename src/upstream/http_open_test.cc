#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_http_world.h"

namespace upstream {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

std::string error_body(const std::string& id, const std::string& error) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"error":)" + error + "}";
}

const std::string modern_hello =
    R"({"resultType":"complete","supportedVersions":["2025-11-25","2026-07-28"],"capabilities":{}})";

// What servers answer to server/discover, and which session is opened with them.
TEST(HttpOpen, finds_out_the_era_from_whatever_a_server_answers) {
  using Answer = std::function<void(ServedRequest&)>;
  class Case {
   public:
    std::string what;
    Answer answer;
    bool is_modern;
  };
  const auto error = [](std::string status, std::string json, bool knows_id) {
    return [=](ServedRequest& request) {
      request.answer(status, "application/json",
                     error_body(knows_id ? request.id() : "null", json));
    };
  };
  const std::vector<Case> cases = {
      {"modern", [](ServedRequest& r) { r.answer_result(modern_hello); }, true},
      {"legacy versions only",
       [](ServedRequest& r) { r.answer_result(R"({"supportedVersions":["2025-11-25"]})"); }, false},
      {"no versions", [](ServedRequest& r) { r.answer_result("{}"); }, false},
      {"not initialized",
       error("400 Bad Request", R"({"code":-32000,"message":"Server not initialized"})", false),
       false},
      {"unknown method", error("200 OK", R"({"code":-32601,"message":"Method not found"})", true),
       false},
      {"unknown method, 404",
       error("404 Not Found", R"({"code":-32601,"message":"Method not found"})", true), false},
      {"session unknown",
       error("404 Not Found", R"({"code":-32001,"message":"Session not found"})", false), false},
      {"unsupported, legacy listed",
       error("400 Bad Request",
             R"({"code":-32022,"message":"no","data":{"supported":["2025-06-18"]}})", true),
       false},
      {"internal error", error("200 OK", R"({"code":-32603,"message":"oops"})", true), false},
      {"forbidden host", [](ServedRequest& r) { r.answer("403 Forbidden", "text/plain", "Host"); },
       false},
      {"not allowed", [](ServedRequest& r) { r.answer_status("405 Method Not Allowed"); }, false},
      {"accepted", [](ServedRequest& r) { r.answer_status("202 Accepted"); }, false},
      {"crash", [](ServedRequest& r) { r.answer_status("500 Internal Server Error"); }, false},
      {"web page", [](ServedRequest& r) { r.answer("200 OK", "text/html", "<html>"); }, false},
      {"silence", [](ServedRequest&) {}, false},
      {"reset", [](ServedRequest& r) { r.end->reset(); }, false},
  };
  for (const Case& one : cases) {
    HttpWorld world;
    world.serve = [&](ServedRequest& request) {
      if (request.is("server/discover")) return one.answer(request);
      request.answer_result("{}");
    };
    const auto session = world.open_either();
    ASSERT_TRUE(session) << one.what << ": " << session.error().why();
    EXPECT_EQ(world.with("initialize").empty(), one.is_modern) << one.what;
    EXPECT_EQ(world.era().known(), one.is_modern ? mcp::Era::modern : mcp::Era::legacy);
    EXPECT_EQ(world.ask(**session, "tools/list"), one.is_modern ? R"({"tools":[]})" : "{}");
  }
}

TEST(HttpOpen, asks_once_more_where_the_revision_is_refused_and_listed) {
  HttpWorld world;
  int asked = 0;
  world.serve = [&](ServedRequest& request) {
    if (++asked > 1) return request.answer_result(modern_hello);
    request.answer(
        "400 Bad Request", "application/json",
        error_body(request.id(),
                   R"({"code":-32022,"message":"no","data":{"supported":["2026-07-28"]}})"));
  };
  ASSERT_TRUE(world.open_either());
  EXPECT_EQ(world.with("server/discover").size(), 2u);
  EXPECT_EQ(world.with("initialize").size(), 0u);
}

TEST(HttpOpen, asks_a_server_only_once) {
  HttpWorld world;
  world.serve = [](ServedRequest& request) { request.answer_status("404 Not Found"); };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.open_either());
  EXPECT_EQ(world.with("server/discover").size(), 1u);
  EXPECT_EQ(world.with("initialize").size(), 3u);
}

TEST(HttpOpen, asks_anew_when_the_server_is_another) {
  HttpWorld world;
  world.shakes_hands = false;
  bool is_modern = true;
  world.serve = [&](ServedRequest& request) {
    if (is_modern && request.is("server/discover")) return request.answer_result(modern_hello);
    if (!is_modern && request.is("initialize")) return request.answer_result(hello);
    if (request.id() == "null") return request.answer_status("202 Accepted");
    request.answer_status("404 Not Found");
  };
  ASSERT_TRUE(world.open_either());
  is_modern = false;
  ASSERT_TRUE(world.open_either());
  EXPECT_EQ(world.era().known(), mcp::Era::legacy);
  is_modern = true;
  EXPECT_FALSE(world.open_either());
  ASSERT_TRUE(world.open_either());
  EXPECT_EQ(world.era().known(), mcp::Era::modern);
}

TEST(HttpOpen, does_what_it_is_told) {
  HttpWorld legacy;
  legacy.settings.era = mcp::Era::legacy;
  ASSERT_TRUE(legacy.open_either());
  EXPECT_EQ(legacy.with("server/discover").size(), 0u);

  HttpWorld modern;
  modern.settings.era = mcp::Era::modern;
  modern.serve = [](ServedRequest& request) { request.answer_status("404 Not Found"); };
  const auto session = modern.open_either();
  ASSERT_FALSE(session);
  EXPECT_EQ(modern.with("initialize").size(), 0u);
}

TEST(HttpOpen, keeps_what_the_server_says_of_itself_as_long_as_it_allows) {
  HttpWorld world;
  world.serve = [](ServedRequest& request) {
    request.answer_result(
        R"({"supportedVersions":["2026-07-28"],"capabilities":{},"ttlMs":60000,"cacheScope":"public"})");
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.open_either());
  EXPECT_EQ(world.with("server/discover").size(), 1u);
  world.advance(seconds(61));
  ASSERT_TRUE(world.open_either());
  EXPECT_EQ(world.with("server/discover").size(), 2u);
}

TEST(HttpOpen, says_why_a_server_cannot_be_reached) {
  HttpWorld world;
  world.is_down = true;
  const auto session = world.open_either();
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().fault(), Fault::unavailable);
  EXPECT_FALSE(world.era().known());
  EXPECT_THAT(world.log(), HasSubstr("session not opened"));
}

}  // namespace
}  // namespace upstream

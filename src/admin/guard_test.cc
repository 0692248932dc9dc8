#include "admin/guard.h"

#include <gtest/gtest.h>

namespace admin {
namespace {

http::Request request_to(const std::string& method, const std::string& target,
                         const std::string& authority = "localhost:15000") {
  return http::Request(method, target, authority);
}

std::string code_of(const std::optional<Refusal>& refusal) {
  return refusal ? std::string(refusal->code) : "";
}

class GuardTest : public testing::Test {
 protected:
  SystemRandom random;
  Guard open{GuardSettings{{"Gateway.example"}, std::nullopt}, random};
  Guard closed{GuardSettings{{}, "the-admin-token-1"}, random};
};

TEST_F(GuardTest, answers_under_its_own_names_only) {
  const std::pair<const char*, bool> cases[] = {{"localhost:15000", true},
                                                {"localhost", true},
                                                {"127.0.0.1:1", true},
                                                {"[::1]:15000", true},
                                                {"gateway.example", true},
                                                {"evil.example", false},
                                                {"localhost.evil.example", false},
                                                {"127.0.0.1.nip.io", false},
                                                {"", false},
                                                {"localhost:15000@evil.example", false},
                                                {"10.0.0.1", false}};
  for (const auto& [authority, is_answered] : cases) {
    for (const char* path : {"/ui", "/api/v1/runtime", "/"}) {
      EXPECT_EQ(code_of(open.refuses(request_to("GET", path, authority))),
                is_answered ? "" : "host_not_allowed")
          << authority << path;
    }
  }
}

TEST_F(GuardTest, refuses_pages_of_other_origins) {
  const std::pair<const char*, const char*> cases[] = {{"http://evil.example", "origin"},
                                                       {"null", "origin"},
                                                       {"http://localhost:3000", "origin"},
                                                       {"http://127.0.0.1:15000", "origin"},
                                                       {"http://localhost:15000", ""}};
  for (const auto& [origin, code] : cases) {
    http::Request request = request_to("GET", "/api/v1/config");
    request.headers.add("origin", origin);
    EXPECT_EQ(code_of(open.refuses(request)), code) << origin;
  }
  for (const char* site : {"cross-site", "same-site", "something"}) {
    http::Request request = request_to("GET", "/config_dump");
    request.headers.add("sec-fetch-site", site);
    EXPECT_EQ(code_of(open.refuses(request)), "origin") << site;
  }
  for (const char* site : {"same-origin", "none"}) {
    http::Request request = request_to("GET", "/api/v1/model");
    request.headers.add("sec-fetch-site", site);
    EXPECT_EQ(code_of(open.refuses(request)), "") << site;
  }
}

TEST_F(GuardTest, wants_the_page_token_for_what_changes_something_and_for_the_relay) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    EXPECT_EQ(code_of(open.refuses(request_to(method, "/api/v1/config"))), "page_token") << method;
  }
  EXPECT_EQ(code_of(open.refuses(request_to("GET", "/api/v1/playground/mcp"))), "page_token");
  http::Request wrong = request_to("PUT", "/api/v1/config");
  wrong.headers.add(page_token_header, open.page_token() + "x");
  EXPECT_EQ(code_of(open.refuses(wrong)), "page_token");
  http::Request right = request_to("PUT", "/api/v1/config");
  right.headers.add(page_token_header, open.page_token());
  EXPECT_EQ(code_of(open.refuses(right)), "");
  EXPECT_EQ(code_of(open.refuses(request_to("GET", "/api/v1/config"))), "");
}

TEST_F(GuardTest, wants_a_login_where_there_is_one) {
  EXPECT_EQ(code_of(closed.refuses(request_to("GET", "/ui"))), "");
  EXPECT_EQ(code_of(closed.refuses(request_to("GET", "/api/v1/model"))), "login_required");
  EXPECT_EQ(code_of(closed.refuses(request_to("GET", "/config_dump"))), "login_required");
  http::Request cookie = request_to("GET", "/api/v1/model");
  cookie.headers.add("cookie", "a=b; agentgateway_admin=" + closed.cookie());
  EXPECT_EQ(code_of(closed.refuses(cookie)), "");
  http::Request other = request_to("GET", "/api/v1/model");
  other.headers.add("cookie", "agentgateway_admin=" + open.cookie());
  EXPECT_EQ(code_of(closed.refuses(other)), "login_required");
  // A script shows what it logs in with, and needs no page.
  http::Request script = request_to("PUT", "/api/v1/config");
  script.headers.add(login_header, "the-admin-token-1");
  EXPECT_EQ(code_of(closed.refuses(script)), "");
  http::Request forged = request_to("PUT", "/api/v1/config");
  forged.headers.add("cookie", "agentgateway_admin=" + closed.cookie());
  EXPECT_EQ(code_of(closed.refuses(forged)), "page_token");
  EXPECT_FALSE(open.is_login(""));
}

TEST_F(GuardTest, has_another_token_in_each_process) {
  EXPECT_NE(open.page_token(), closed.page_token());
  EXPECT_GE(open.page_token().size(), 32U);
}

TEST_F(GuardTest, tells_what_is_known_of_callers_only_to_the_page_or_who_logs_in) {
  EXPECT_EQ(code_of(open.refuses(request_to("GET", "/api/v1/traffic/a-1"))), "page_token");
  http::Request page = request_to("GET", "/api/v1/traffic/a-1");
  page.headers.add(std::string(page_token_header), open.page_token());
  EXPECT_EQ(code_of(open.refuses(page)), "");
  http::Request tool = request_to("GET", "/api/v1/traffic/a-1");
  tool.headers.add(std::string(login_header), "the-admin-token-1");
  EXPECT_EQ(code_of(closed.refuses(tool)), "");
}

}  // namespace
}  // namespace admin

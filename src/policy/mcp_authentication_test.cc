#include "policy/mcp_authentication.h"

#include <gtest/gtest.h>

#include "auth/mint.h"
#include "policy/protected_resource.h"
#include "policy/settings.h"

namespace policy {
namespace {

constexpr WallTime now{std::chrono::seconds(1'800'000'000)};

class McpAuthenticationTest : public testing::Test {
 protected:
  std::string token(std::string_view more) {
    return *auth::mint(
        key_, crypto::Algorithm::es256, "k1",
        R"({"iss":"i","aud":"a","sub":"alice","exp":1800000100)" + std::string(more) + "}");
  }
  McpAuthenticationSettings settings() const {
    McpAuthenticationSettings made;
    made.issuer = "i";
    made.audiences = {"a"};
    made.jwks = JwksSettings();
    made.jwks->text = auth::public_key_set(key_, crypto::Algorithm::es256, "k1");
    made.allowed_hosts = {"gw"};
    return made;
  }
  JwtAuthSettings outer() const {
    JwtAuthSettings made;
    made.mode = JwtMode::strict;
    made.issuer = "i";
    made.audiences = {"a", "b"};
    made.jwks = settings().jwks;
    return made;
  }
  std::unique_ptr<Exchange> exchange(const std::string& token) {
    auto made =
        std::make_unique<Exchange>(http::Request("POST", "/mcp", "gw"), Peer(), Instant(), now);
    made->tokens = &tokens_;
    made->last_token = &last_token_;
    if (!token.empty()) made->change_request().headers.add("authorization", "Bearer " + token);
    return made;
  }
  // 0 if it passes.
  int status(const Policy& policy, Exchange& exchange) {
    const auto answer = policy.decide(exchange).take();
    return answer ? answer->status : 0;
  }

  crypto::PrivateKey key_ = *crypto::PrivateKey::generate(crypto::KeyFamily::p256);
  cel::Environment environment_{cel::AttributeTable()};
  auth::KeyStore keys_;
  auth::TokenCache tokens_;
  auth::LastToken last_token_;
  BuildContext context_{environment_, keys_, true};
};

TEST_F(McpAuthenticationTest, lets_in_whoever_has_all_scopes) {
  McpAuthenticationSettings made = settings();
  made.required_scopes = {"mcp", "calc"};
  const auto policy = make_mcp_authentication(made, context_);
  for (const auto& [more, expected] :
       std::vector<std::pair<std::string, int>>{{R"(,"scope":"calc mcp")", 0},
                                                {R"(,"scp":["mcp","calc","x"])", 0},
                                                {R"(,"scope":"mcp")", 403},
                                                {"", 403},
                                                {R"(,"scope":"mcp calc","aud":"z")", 401}}) {
    EXPECT_EQ(status(*policy, *exchange(token(more))), expected) << more;
  }
  EXPECT_EQ(status(*policy, *exchange("")), 401);
}

TEST_F(McpAuthenticationTest, lets_nobody_in_without_a_token_where_scopes_are_required) {
  McpAuthenticationSettings made = settings();
  made.mode = JwtMode::permissive;
  EXPECT_EQ(status(*make_mcp_authentication(made, context_), *exchange("")), 0);
  made.required_scopes = {"mcp"};
  const auto policy = make_mcp_authentication(made, context_);
  EXPECT_EQ(status(*policy, *exchange("")), 401);
  EXPECT_EQ(status(*policy, *exchange("garbage")), 401);
}

TEST_F(McpAuthenticationTest, knows_which_tools_need_more) {
  McpAuthenticationSettings made = settings();
  made.tool_scopes["add"] = {"calc", "write"};
  const auto policy = make_mcp_authentication(made, context_);
  const auto some = exchange(token(R"(,"scope":"calc")"));
  const auto all = exchange(token(R"(,"scope":"calc write")"));
  ASSERT_EQ(status(*policy, *some), 0);
  ASSERT_EQ(status(*policy, *all), 0);
  const ProtectedResource& resource = *policy->protected_resource();
  EXPECT_FALSE(resource.may_call(*some, "add"));
  EXPECT_TRUE(resource.may_call(*some, "echo"));
  EXPECT_TRUE(resource.may_call(*all, "add"));
  EXPECT_FALSE(resource.may_call(*exchange(""), "add"));
  const http::Response refusal = resource.refuse_scope(*some, "add");
  EXPECT_EQ(refusal.status, 403);
  EXPECT_EQ(refusal.headers.find("www-authenticate"),
            "Bearer error=\"insufficient_scope\", error_description=\"the access token lacks a "
            "scope\", scope=\"calc write\", "
            "resource_metadata=\"http://gw/.well-known/oauth-protected-resource/mcp\"");
}

TEST_F(McpAuthenticationTest, judges_the_token_that_the_listener_took) {
  const auto first = make_jwt_auth(outer(), context_);
  const auto second = make_mcp_authentication(settings(), context_);
  const auto good = exchange(token(""));
  EXPECT_EQ(status(*first, *good), 0);
  EXPECT_FALSE(good->request().headers.has("authorization"));
  EXPECT_EQ(status(*second, *good), 0);
  // The listener takes this audience and the route does not.
  const auto other =
      exchange(*auth::mint(key_, crypto::Algorithm::es256, "k1",
                           R"({"iss":"i","aud":"b","sub":"alice","exp":1800000100})"));
  EXPECT_EQ(status(*first, *other), 0);
  EXPECT_EQ(status(*second, *other), 401);
}

TEST_F(McpAuthenticationTest, never_judges_another_request_of_the_connection) {
  const auto first = make_jwt_auth(outer(), context_);
  const auto second = make_mcp_authentication(settings(), context_);
  const auto alice = exchange(token(""));
  EXPECT_EQ(status(*first, *alice), 0);
  const auto bob = exchange(*auth::mint(key_, crypto::Algorithm::es256, "k1",
                                        R"({"iss":"i","aud":"a","sub":"bob","exp":1800000100})"));
  EXPECT_EQ(status(*first, *bob), 0);
  EXPECT_EQ(status(*second, *alice), 401) << "the connection remembers bob's token only";
  EXPECT_EQ(status(*second, *bob), 0);
  EXPECT_EQ(bob->principal().subject(), "bob");
}

TEST(WellKnown, is_inserted_before_the_path) {
  const auto at = [](const char* address) {
    return well_known(Uri::parse(address).value(), protected_resource_name);
  };
  EXPECT_EQ(at("https://a.example/x/y"),
            "https://a.example/.well-known/oauth-protected-resource/x/y");
  EXPECT_EQ(at("https://a.example:8443/"),
            "https://a.example:8443/.well-known/oauth-protected-resource");
  EXPECT_EQ(at("http://a.example"), "http://a.example/.well-known/oauth-protected-resource");
}

TEST(WellKnown, is_recognised_as_a_whole_segment) {
  const auto after = [](std::string_view path) {
    return after_well_known(path, protected_resource_name);
  };
  EXPECT_EQ(after("/.well-known/oauth-protected-resource"), "");
  EXPECT_EQ(after("/.well-known/oauth-protected-resource/"), "/");
  EXPECT_EQ(after("/.well-known/oauth-protected-resource/a/b"), "/a/b");
  EXPECT_EQ(after("/.well-known/oauth-protected-resources"), std::nullopt);
  EXPECT_EQ(after("/.well-known/oauth-protected"), std::nullopt);
  EXPECT_EQ(after("/x/.well-known/oauth-protected-resource"), std::nullopt);
  EXPECT_EQ(after("/"), std::nullopt);
}

}  // namespace
}  // namespace policy

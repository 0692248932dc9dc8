#include "policy/identity_provider.h"

#include <gtest/gtest.h>

#include "policy/mcp_authentication.h"

namespace policy {
namespace {

using Settings = McpAuthenticationSettings;
using Chosen = IdentityProviderSettings;

Settings settings(std::string issuer, std::optional<NoSettings> Chosen::* chosen = nullptr) {
  Settings made;
  made.issuer = std::move(issuer);
  made.audiences = {"aud one", "two"};
  if (chosen != nullptr) {
    made.provider.emplace();
    *made.provider.*chosen = NoSettings();
  }
  return made;
}

IdentityProvider provider(const Settings& settings) {
  return IdentityProvider::make(settings).value();
}

constexpr std::string_view metadata =
    R"({"issuer":"https://real.example","authorization_endpoint":"https://real.example/authorize",)"
    R"("token_endpoint":"https://real.example/token","registration_endpoint":"https://real.example/register",)"
    R"("authorization_response_iss_parameter_supported":true,"scopes_supported":["a"]})";

json::Document adapted(const IdentityProvider& by) {
  const json::Document document = json::Document::parse(std::string(metadata)).value();
  const auto text = by.adapt(document.root(), "https://gw.example/mcp", "https://gw.example/doc");
  return json::Document::parse(text.value()).value();
}

TEST(IdentityProvider, knows_where_each_keeps_what) {
  struct Case {
    std::optional<NoSettings> Chosen::* chosen;
    const char* issuer;
    const char* metadata;
    const char* jwks;
    const char* registration;  // null: nowhere
  };
  for (const Case& c : {
           Case{nullptr, "https://as.example/tenant",
                "https://as.example/.well-known/oauth-authorization-server/tenant",
                "https://as.example/tenant/.well-known/jwks.json", nullptr},
           Case{&Chosen::auth0, "https://t.auth0.example/",
                "https://t.auth0.example/.well-known/oauth-authorization-server",
                "https://t.auth0.example/.well-known/jwks.json", nullptr},
           Case{&Chosen::keycloak, "http://kc:7080/realms/mcp",
                "http://kc:7080/realms/mcp/.well-known/openid-configuration",
                "http://kc:7080/realms/mcp/protocol/openid-connect/certs",
                "http://kc:7080/realms/mcp/clients-registrations/openid-connect"},
           Case{&Chosen::okta, "https://o.example/oauth2/default",
                "https://o.example/oauth2/default/.well-known/openid-configuration",
                "https://o.example/oauth2/default/v1/keys", "https://o.example/oauth2/v1/clients"},
           Case{&Chosen::descope, "https://api.d.example/v1/apps/agentic/P1/S2",
                "https://api.d.example/v1/apps/agentic/P1/S2/.well-known/openid-configuration",
                "https://api.d.example/P1/.well-known/jwks.json",
                "https://api.d.example/v1/mgmt/mcp/client/P1/S2/register"},
           Case{&Chosen::descope, "https://api.d.example/P1",
                "https://api.d.example/P1/.well-known/openid-configuration",
                "https://api.d.example/P1/.well-known/jwks.json", nullptr},
           Case{&Chosen::authentik, "https://ak.example/application/o/app/",
                "https://ak.example/application/o/app/.well-known/openid-configuration",
                "https://ak.example/application/o/app/jwks/", nullptr},
           Case{&Chosen::entra, "https://login.microsoftonline.com/T/v2.0",
                "https://login.microsoftonline.com/T/v2.0/.well-known/openid-configuration",
                "https://login.microsoftonline.com/T/discovery/v2.0/keys", nullptr},
           Case{&Chosen::entra, "https://sts.windows.net/T/",
                "https://login.microsoftonline.com/T/v2.0/.well-known/openid-configuration",
                "https://login.microsoftonline.com/T/discovery/v2.0/keys", nullptr},
       }) {
    const IdentityProvider made = provider(settings(c.issuer, c.chosen));
    EXPECT_EQ(made.metadata_address().text(), c.metadata);
    EXPECT_EQ(made.jwks_address().text(), c.jwks);
    EXPECT_EQ(made.registration_address().has_value(), c.registration != nullptr) << c.issuer;
    if (c.registration != nullptr) {
      EXPECT_EQ(made.registration_address()->text(), c.registration);
    }
  }
}

TEST(IdentityProvider, is_nobody_whose_issuer_is_no_address) {
  EXPECT_FALSE(IdentityProvider::make(settings("agentgateway.dev")));
  EXPECT_FALSE(IdentityProvider::make(settings("https://login.example", &Chosen::entra)));
}

TEST(IdentityProvider, leaves_the_metadata_of_a_server_that_needs_no_adapter) {
  const json::Document document = json::Document::parse(std::string(metadata)).value();
  EXPECT_EQ(provider(settings("https://real.example")).adapt(document.root(), "i", "b"), metadata);
}

TEST(IdentityProvider, stands_for_the_server_where_it_adapts) {
  const json::Document seen = adapted(provider(settings("https://kc/realms/r", &Chosen::keycloak)));
  EXPECT_EQ(seen.root().find_string("issuer"), "https://gw.example/mcp");
  EXPECT_EQ(seen.root().find_string("authorization_endpoint"), "https://real.example/authorize");
  EXPECT_EQ(seen.root().find_string("registration_endpoint"),
            "https://gw.example/doc/client-registration");
  EXPECT_FALSE(seen.root().find("authorization_response_iss_parameter_supported"));
  EXPECT_EQ(seen.root().find("scopes_supported")->raw(), R"(["a"])");
}

TEST(IdentityProvider, asks_for_the_audience_where_resource_is_not_understood) {
  for (const auto chosen : {&Chosen::auth0, &Chosen::okta}) {
    const json::Document seen = adapted(provider(settings("https://t.example", chosen)));
    EXPECT_EQ(seen.root().find_string("authorization_endpoint"),
              "https://real.example/authorize?audience=aud%20one");
  }
}

TEST(IdentityProvider, keeps_a_registration_it_does_not_answer_itself) {
  Settings made = settings("https://t.example", &Chosen::auth0);
  EXPECT_EQ(adapted(provider(made)).root().find_string("registration_endpoint"),
            "https://real.example/register");
  made.client_id = "the-client";
  EXPECT_EQ(adapted(provider(made)).root().find_string("registration_endpoint"),
            "https://gw.example/doc/client-registration");
}

TEST(IdentityProvider, refuses_metadata_without_endpoints) {
  const IdentityProvider made = provider(settings("https://kc/realms/r", &Chosen::keycloak));
  for (const char* text : {"[]", "{}", R"({"authorization_endpoint":"x"})",
                           R"({"authorization_endpoint":1,"token_endpoint":"x"})"}) {
    const json::Document document = json::Document::parse(text).value();
    EXPECT_FALSE(made.adapt(document.root(), "i", "b")) << text;
  }
}

TEST(IdentityProvider, gives_every_client_the_one_that_stands_for_all) {
  Settings made = settings("https://ak.example/application/o/app/", &Chosen::authentik);
  made.client_id = "the-client";
  const json::Document request =
      json::Document::parse(R"({"redirect_uris":["http://127.0.0.1:1/cb"],"client_id":"evil"})")
          .value();
  EXPECT_EQ(provider(made).registered(request.root()),
            R"({"client_id":"the-client","token_endpoint_auth_method":"none",)"
            R"("grant_types":["authorization_code"],"response_types":["code"],)"
            R"("redirect_uris":["http://127.0.0.1:1/cb"]})");
}

class EntraTest : public testing::Test {
 protected:
  static IdentityProvider entra() {
    Settings made = settings("https://login.microsoftonline.com/T/v2.0", &Chosen::entra);
    made.client_id = "app";
    made.client_secret = "s&cret";
    return provider(made);
  }
};

TEST_F(EntraTest, stands_in_for_both_requests_of_a_login) {
  const json::Document seen = adapted(entra());
  EXPECT_EQ(seen.root().find_string("authorization_endpoint"), "https://gw.example/doc/authorize");
  EXPECT_EQ(seen.root().find_string("token_endpoint"), "https://gw.example/doc/token");
  EXPECT_EQ(seen.root().find("code_challenge_methods_supported")->raw(), R"(["S256"])");
}

TEST_F(EntraTest, sends_the_user_on_without_resource) {
  EXPECT_EQ(
      entra().authorize_address("client_id=app&resource=http%3A%2F%2Fgw&%72esource=x&state=a%26b"),
      "https://login.microsoftonline.com/T/oauth2/v2.0/authorize?client_id=app&state=a%26b");
  EXPECT_EQ(entra().authorize_address(""),
            "https://login.microsoftonline.com/T/oauth2/v2.0/authorize");
}

TEST_F(EntraTest, adds_its_secret_for_its_own_client_on_behalf_of_a_user_only) {
  const std::string secret = "&client_secret=s%26cret";
  const std::string code = "grant_type=authorization_code&client_id=app&code=c";
  EXPECT_EQ(entra().token_form(code + "&resource=r", false), code + secret);
  const std::string refresh = "grant_type=refresh_token&client_id=app";
  EXPECT_EQ(entra().token_form(refresh, false), refresh + secret);
  EXPECT_EQ(entra().token_form(code, true), code) << "the client has credentials of its own";
  for (const std::string form : {
           "grant_type=client_credentials&client_id=app",
           "grant_type=authorization_code&client_id=other",
           "grant_type=authorization_code",
           "client_id=app",
           "grant_type=authorization_code&grant_type=client_credentials&client_id=app",
           "grant_type=authorization_code&client_id=app&client_id=app",
           "grant_type=authorization_code&client_id=app&client_secret=mine",
           "grant_type=authorization_code&client_id=app&client%5fsecret=",
       }) {
    EXPECT_EQ(entra().token_form(form, false), form);
  }
}

}  // namespace
}  // namespace policy

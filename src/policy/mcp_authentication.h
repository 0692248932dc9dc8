#pragma once
// The gateway as OAuth 2.1 resource server of an MCP route: verifies tokens as jwtAuth does, says
// in its refusals where a client gets one (RFC 9728), and which scopes it needs.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/policy.h"
#include "policy/token_check.h"

namespace policy {

struct NoSettings {
  bool operator==(const NoSettings&) const = default;
};
void describe(schema::Object<NoSettings>& o);

// Exactly one: an authorization server that does not do all that MCP clients expect.
struct IdentityProviderSettings {
  std::optional<NoSettings> auth0;
  std::optional<NoSettings> keycloak;
  std::optional<NoSettings> okta;
  std::optional<NoSettings> descope;
  std::optional<NoSettings> authentik;
  std::optional<NoSettings> entra;
  bool operator==(const IdentityProviderSettings&) const = default;
};
void describe(schema::Object<IdentityProviderSettings>& o);

struct McpAuthenticationSettings {
  std::string issuer;
  std::vector<std::string> audiences;
  std::optional<IdentityProviderSettings> provider;
  std::vector<std::pair<std::string, schema::Raw>> resource_metadata;
  std::optional<JwksSettings> jwks;
  JwtMode mode = JwtMode::strict;
  std::optional<LocationSettings> location;
  JwtValidationSettings validation;
  std::optional<RevocationSettings> revocation;
  DpopSettings dpop;
  std::vector<std::string> required_scopes;
  std::map<std::string, std::vector<std::string>> tool_scopes;
  std::vector<std::string> allowed_hosts;
  std::optional<std::string> client_id;
  std::optional<std::string> client_secret;
  bool operator==(const McpAuthenticationSettings&) const = default;

  // The issuer as jwtAuth has it; keys that are not given are looked for where such an issuer has
  // them.
  JwtProviderSettings as_provider() const;
  // `resource` of the metadata, if it is there and a string.
  std::optional<std::string> resource() const;
  // `scopesSupported` of the metadata without offline_access, which is between client and
  // authorization server.
  std::vector<std::string> scopes_supported() const;
  // What stands under either spelling of a metadata name; null if nothing does.
  const yaml::Node* metadata(std::string_view camel_case, std::string_view snake_case) const;
};
void describe(schema::Object<McpAuthenticationSettings>& o);

std::unique_ptr<const Policy> make_mcp_authentication(const McpAuthenticationSettings& settings,
                                                      BuildContext& context);

}  // namespace policy

#include "admin/demo_tokens.h"

#include <algorithm>

#include "policy/jwt_auth.h"
#include "policy/mcp_authentication.h"
#include "runtime/attributes.h"

namespace admin {
namespace {

// The policies of a configuration that judge tokens, as trust.
class Judges {
 public:
  Judges(const config::File& file, auth::KeyStore& keys)
      : environment_(runtime::attribute_table()), context_(environment_, keys, true) {
    for (const auto& bind : file.binds) {
      for (const auto& listener : bind->listeners) {
        add(listener->policies.jwt_auth);
        for (const auto& route : listener->routes) add_route(route->policies);
      }
    }
    if (file.mcp) add_route((*file.mcp)->policies);
  }

  bool accepts(const std::string& token, WallTime now) const {
    return std::any_of(checks_.begin(), checks_.end(), [&](const policy::TokenCheck& check) {
      return auth::verify(token, check.trust(), now).has_value();
    });
  }

 private:
  void add_route(const policy::RouteSettings& policies) {
    add(policies.jwt_auth);
    if (!policies.mcp_authentication) return;
    const policy::McpAuthenticationSettings& settings = **policies.mcp_authentication;
    checks_.push_back(
        policy::make_token_check(settings.mode, {settings.as_provider()}, context_, settings.dpop));
  }
  void add(const std::optional<schema::Located<policy::JwtAuthSettings>>& policy) {
    if (!policy) return;
    const policy::JwtAuthSettings& settings = **policy;
    checks_.push_back(
        policy::make_token_check(settings.mode, settings.all_providers(), context_, settings.dpop));
  }

  cel::Environment environment_;
  policy::BuildContext context_;
  std::vector<policy::TokenCheck> checks_;
};

}  // namespace

std::vector<DemoToken> accepted_tokens(const std::vector<DemoToken>& tokens,
                                       const config::File& file, auth::KeyStore& keys,
                                       WallTime now) {
  const Judges judges(file, keys);
  std::vector<DemoToken> accepted;
  for (const DemoToken& token : tokens) {
    if (judges.accepts(token.token, now)) accepted.push_back(token);
  }
  return accepted;
}

}  // namespace admin

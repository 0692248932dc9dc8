#pragma once
// Verifies a caller's bearer token (RFC 6750, RFC 7519) and makes its claims the caller's identity.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "policy/token_check.h"

namespace policy {

// Either one issuer in place or a list of providers.
struct JwtAuthSettings {
  JwtMode mode = JwtMode::optional;
  std::string issuer;
  std::vector<std::string> audiences;
  std::optional<JwksSettings> jwks;
  std::optional<SymmetricKeySettings> symmetric_key;
  JwtValidationSettings validation;
  std::optional<RevocationSettings> revocation;
  DpopSettings dpop;
  std::vector<JwtProviderSettings> providers;
  std::optional<LocationSettings> location;
  bool operator==(const JwtAuthSettings&) const = default;

  // The issuers in one form.
  std::vector<JwtProviderSettings> all_providers() const;
};
void describe(schema::Object<JwtAuthSettings>& o);

std::unique_ptr<const Policy> make_jwt_auth(const JwtAuthSettings& settings, BuildContext& context);

}  // namespace policy

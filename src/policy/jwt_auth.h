#pragma once
// Verifies a caller's bearer token (RFC 6750, RFC 7519) and makes its claims the caller's identity.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/key_store.h"
#include "policy/build.h"
#include "policy/policy.h"
#include "schema/schema.h"

namespace policy {

// strict: a valid token, or 401. optional: no token is anonymous, a bad one is 401. permissive: a
// bad one is anonymous, too.
enum class JwtMode { strict, optional, permissive };
std::vector<std::string> spellings(JwtMode);

struct JwksSettings {
  std::optional<std::string> file;  // relative to the working directory
  std::optional<std::string> text;  // the key set itself
  bool operator==(const JwksSettings&) const = default;

  auth::KeySource source() const;
};
void describe(schema::Object<JwksSettings>& o);

struct JwtValidationSettings {
  std::vector<std::string> required_claims = {"exp"};
  bool operator==(const JwtValidationSettings&) const = default;
};
void describe(schema::Object<JwtValidationSettings>& o);

struct JwtProviderSettings {
  std::string issuer;
  std::vector<std::string> audiences;
  JwksSettings jwks;
  JwtValidationSettings validation;
  bool operator==(const JwtProviderSettings&) const = default;
};
void describe(schema::Object<JwtProviderSettings>& o);

// Either one issuer in place or a list of providers.
struct JwtAuthSettings {
  JwtMode mode = JwtMode::optional;
  std::string issuer;
  std::vector<std::string> audiences;
  std::optional<JwksSettings> jwks;
  JwtValidationSettings validation;
  std::vector<JwtProviderSettings> providers;
  bool operator==(const JwtAuthSettings&) const = default;

  // The issuers in one form.
  std::vector<JwtProviderSettings> all_providers() const;
};
void describe(schema::Object<JwtAuthSettings>& o);

// Loads the keys. A key set that cannot be loaded is an error of the configuration.
std::unique_ptr<const Policy> make_jwt_auth(const JwtAuthSettings& settings, BuildContext& context);

}  // namespace policy

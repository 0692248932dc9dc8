#pragma once
// Knows a caller by a token that only its issuer can read: asks the issuer what it is (RFC 7662).

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/build.h"
#include "policy/credential.h"
#include "policy/policy.h"
#include "policy/secret.h"
#include "policy/token_check.h"
#include "schema/schema.h"

namespace policy {

// How the gateway says to the issuer who it is (RFC 6749, 2.3.1).
enum class ClientAuth { basic, post };
std::vector<std::string> spellings(ClientAuth);

struct IntrospectionCacheSettings {
  std::size_t entries = 4096;
  std::chrono::milliseconds ttl = std::chrono::seconds(60);
  std::chrono::milliseconds inactive_ttl = std::chrono::seconds(10);
  bool operator==(const IntrospectionCacheSettings&) const = default;
};
void describe(schema::Object<IntrospectionCacheSettings>& o);

struct TokenIntrospectionSettings {
  JwtMode mode = JwtMode::strict;
  std::string url;
  std::string client_id;
  std::optional<SecretSettings> client_secret;
  ClientAuth client_auth = ClientAuth::basic;
  std::optional<std::string> issuer;
  std::vector<std::string> audiences;
  std::vector<std::string> required_scopes;
  std::optional<LocationSettings> location;
  IntrospectionCacheSettings cache;
  bool operator==(const TokenIntrospectionSettings&) const = default;
};
void describe(schema::Object<TokenIntrospectionSettings>& o);

std::unique_ptr<const Policy> make_token_introspection(const TokenIntrospectionSettings& settings,
                                                       BuildContext& context);

}  // namespace policy

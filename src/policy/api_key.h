#pragma once
// Knows callers by keys that the configuration lists (agentgateway's `apiKey`).

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/credential.h"
#include "policy/policy.h"

namespace policy {

// strict: one of the keys, or 401. optional: no key is anonymous, a wrong one is 401. permissive: a
// wrong one is anonymous, too.
enum class ApiKeyMode { strict, optional, permissive };
std::vector<std::string> spellings(ApiKeyMode);

// Exactly one of key and key_hash.
struct ApiKeySettings {
  std::optional<std::string> key;
  std::optional<std::string> key_hash;  // "sha256:" and 64 hexadecimal digits
  std::optional<schema::Raw> metadata;
  bool operator==(const ApiKeySettings&) const = default;
};
void describe(schema::Object<ApiKeySettings>& o);

struct ApiKeyAuthSettings {
  ApiKeyMode mode = ApiKeyMode::optional;
  std::vector<schema::Located<ApiKeySettings>> keys;
  std::optional<LocationSettings> location;
  bool operator==(const ApiKeyAuthSettings&) const = default;
};
void describe(schema::Object<ApiKeyAuthSettings>& o);

std::unique_ptr<const Policy> make_api_key_auth(const ApiKeyAuthSettings& settings,
                                                BuildContext& context);

}  // namespace policy

#pragma once
// Cross-origin requests of browsers (Fetch standard, 3.2). It stands before authentication: a
// preflight carries no credentials.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/build.h"
#include "policy/policy.h"
#include "schema/schema.h"

namespace policy {

struct CorsSettings {
  std::vector<std::string> allow_origins;  // "https://a.example", "https://*.a.example", "*"
  std::vector<std::string> allow_methods;
  std::vector<std::string> allow_headers;
  std::vector<std::string> expose_headers;
  bool allow_credentials = false;
  std::optional<std::chrono::milliseconds> max_age;
  bool operator==(const CorsSettings&) const = default;
};
void describe(schema::Object<CorsSettings>& o);

// Whether a browser's page of that origin may use what is behind this policy.
bool permits_origin(const CorsSettings& settings, std::string_view origin);

std::unique_ptr<const Policy> make_cors(const CorsSettings& settings, BuildContext& context);

}  // namespace policy

#pragma once
// What a configuration asks of an issuer's tokens beside issuer, audiences and key set.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "auth/verify.h"
#include "policy/build.h"
#include "schema/schema.h"

namespace policy {

struct JwtValidationSettings {
  std::vector<std::string> required_claims = {"exp"};
  std::chrono::seconds leeway = auth::Provider::leeway_default;
  std::optional<std::chrono::seconds> age_max;
  std::vector<std::string> types;
  std::vector<std::string> algorithms;
  bool operator==(const JwtValidationSettings&) const = default;
};
void describe(schema::Object<JwtValidationSettings>& o);

enum class MacAlgorithm { hs256, hs384, hs512 };
std::vector<std::string> spellings(MacAlgorithm);
enum class SecretEncoding { text, base64, base64url };
std::vector<std::string> spellings(SecretEncoding);

// A key that issuer and gateway share.
struct SymmetricKeySettings {
  std::optional<std::string> value;
  std::optional<std::string> file;
  SecretEncoding encoding = SecretEncoding::text;
  MacAlgorithm algorithm = MacAlgorithm::hs256;
  bool operator==(const SymmetricKeySettings&) const = default;
};
void describe(schema::Object<SymmetricKeySettings>& o);

struct RevocationSettings {
  std::string file;
  bool operator==(const RevocationSettings&) const = default;
};
void describe(schema::Object<RevocationSettings>& o);

void apply(const JwtValidationSettings& settings, auth::Provider& provider);
// What cannot be loaded is said to `context`.
void apply(const SymmetricKeySettings& settings, auth::Provider& provider, BuildContext& context);
void apply(const RevocationSettings& settings, auth::Provider& provider, BuildContext& context);

}  // namespace policy

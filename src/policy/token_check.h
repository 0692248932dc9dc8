#pragma once
// Judges the token of a request and makes its claims the caller's identity: what jwtAuth and
// mcpAuthentication have in common. How a refusal looks is theirs.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "auth/key_store.h"
#include "auth/verify.h"
#include "policy/build.h"
#include "policy/exchange.h"
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

class TokenCheck {
 public:
  // What there is to say of a request, in view of the mode.
  struct Finding {
    enum class Kind {
      passed,    // goes on: as the caller of its token, or as nobody
      no_token,  // has none and needs one
      bad_token  // has one that is not accepted
    };
    Kind kind = Kind::passed;
    std::string_view why;  // for the log; a literal
  };

  TokenCheck(JwtMode mode, std::vector<auth::Provider> providers)
      : mode_(mode), trust_(std::move(providers)) {}

  // Identifies the caller, and takes the credentials off the request whatever they are worth: they
  // are for us, and no upstream sees them.
  Finding judge(Exchange& exchange) const;
  // The same for a policy that comes after another one: credentials which that one accepted and
  // took away must be accepted here, too.
  Finding judge_also(Exchange& exchange) const;
  const auth::Trust& trust() const { return trust_; }

 private:
  Finding judge(Exchange& exchange, std::span<const std::string_view> values) const;
  static Finding accept(Exchange& exchange, const std::shared_ptr<const auth::Claims>& claims);
  Finding absent() const;
  Finding wrong(Exchange& exchange, std::string_view why) const;

  JwtMode mode_;
  auth::Trust trust_;
};

// Loads the keys of all. A key set that cannot be loaded is an error of the configuration.
TokenCheck make_token_check(JwtMode mode, const std::vector<JwtProviderSettings>& settings,
                            BuildContext& context);

}  // namespace policy

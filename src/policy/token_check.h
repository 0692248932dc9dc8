#pragma once
// Judges the token of a request and makes its claims the caller's identity: what jwtAuth and
// mcpAuthentication have in common. How a refusal looks is theirs.

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "auth/key_store.h"
#include "auth/verify.h"
#include "policy/build.h"
#include "policy/credential.h"
#include "policy/exchange.h"
#include "policy/proof_check.h"
#include "policy/token_options.h"
#include "schema/schema.h"

namespace policy {

// strict: a valid token, or 401. optional: no token is anonymous, a bad one is 401. permissive: a
// bad one is anonymous, too.
enum class JwtMode { strict, optional, permissive };
std::vector<std::string> spellings(JwtMode);

struct JwksSettings {
  std::optional<std::string> file;  // relative to the working directory
  std::optional<std::string> url;
  std::optional<std::string> text;  // the key set itself
  std::chrono::milliseconds keep_for = std::chrono::hours(24);
  bool operator==(const JwksSettings&) const = default;

  auth::KeySource source() const;
};
void describe(schema::Object<JwksSettings>& o);

struct JwtProviderSettings {
  std::string issuer;
  std::vector<std::string> audiences;
  std::optional<JwksSettings> jwks;
  std::optional<SymmetricKeySettings> symmetric_key;  // instead of `jwks`
  JwtValidationSettings validation;
  std::optional<RevocationSettings> revocation;
  bool operator==(const JwtProviderSettings&) const = default;
};
void describe(schema::Object<JwtProviderSettings>& o);

class TokenCheck {
 public:
  // What there is to say of a request, in view of the mode.
  struct Finding {
    enum class Kind {
      passed,     // goes on: as the caller of its token, or as nobody
      no_token,   // has none and needs one
      bad_token,  // has one that is not accepted
      no_keys,    // has one that nobody can judge: the issuer's keys are not there
      waiting,    // has one that may be judged when the issuer has been asked again
      locked_out  // has a bad one, like too many others of its address: see lockout.h
    };
    Kind kind = Kind::passed;
    std::string_view why;  // for the log; a literal
    bool is_dpop = false;  // of a refusal: in terms of the scheme DPoP
    std::optional<auth::ProofFault> proof;
    const auth::KeySource* missing = nullptr;  // what is to be waited for
    std::uint64_t seen = 0;                    // fetches of it

    // What a refusal asks for. One outward shape for every fault of a token: the reason is in the
    // log, where an attacker cannot read it.
    auth::Challenge challenge() const;
  };

  // The keys of providers with a source are in the store, and may change.
  struct Issuers {
    std::vector<auth::Provider> providers;
    std::vector<std::optional<auth::KeySource>> sources;  // one for each, if it has an address
  };

  TokenCheck(JwtMode mode, Issuers issuers, ProofCheck proofs, CredentialPlace place,
             const auth::KeyStore& keys)
      : mode_(mode),
        keys_(&keys),
        trust_(std::move(issuers.providers)),
        proofs_(std::move(proofs)),
        place_(std::move(place)),
        sources_(std::move(issuers.sources)) {}

  // Identifies the caller, and takes the credentials off the request whatever they are worth,
  // unless they have to wait: they are for us, and no upstream sees them.
  Finding judge(Exchange& exchange) const;
  // The same for a policy that comes after another one: credentials which that one accepted and
  // took away must be accepted here, too.
  Finding judge_also(Exchange& exchange) const;
  const auth::Trust& trust() const { return trust_; }
  // The same after judge(), or judge_also(), said `waiting`; never say so themselves. Wait some
  // seconds at most.
  Task<Finding> judge_later(Exchange& exchange) const;
  Task<Finding> judge_also_later(Exchange& exchange) const;

 private:
  Finding judge(Exchange& exchange, std::span<const std::string_view> values) const;
  Finding judge_credentials(Exchange& exchange, std::span<const std::string_view> values) const;
  Finding judge_elsewhere(Exchange& exchange) const;
  Finding judge_found(Exchange& exchange) const;
  static Finding accept(Exchange& exchange, const std::shared_ptr<const auth::Claims>& claims);
  Finding absent() const;
  Finding bad(Exchange& exchange, const auth::Credential& found, auth::TokenFault fault) const;
  Finding guessed(Exchange& exchange, const auth::Credential& found, std::string_view why) const;
  Finding wrong(Exchange& exchange, const auth::Credential& found, std::string_view why) const;
  Finding refusal(Finding::Kind kind, std::string_view why) const;
  std::optional<Finding> lacking_key(Exchange& exchange, std::string_view token,
                                     std::string_view credentials, auth::Verdict& verdict) const;
  Finding settle(Exchange& exchange, const Finding& finding) const;
  std::optional<std::size_t> fetched_provider_of(std::string_view token) const;
  auth::Trust trust_of_now() const;

  JwtMode mode_;
  const auth::KeyStore* keys_;
  auth::Trust trust_;
  ProofCheck proofs_;
  CredentialPlace place_;
  std::vector<std::optional<auth::KeySource>> sources_;
};

// What a caller gets whose token nobody can judge now: 503, in every mode.
http::Response refuse_without_keys(Exchange& exchange, const TokenCheck::Finding& finding);

// Loads the keys of all. A key set that cannot be loaded is an error of the configuration.
TokenCheck make_token_check(JwtMode mode, const std::vector<JwtProviderSettings>& settings,
                            BuildContext& context, const DpopSettings& dpop = DpopSettings(),
                            const std::optional<LocationSettings>& location = std::nullopt);

}  // namespace policy

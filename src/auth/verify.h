#pragma once
// The decision whether a token is good (RFC 7519, 7.2; RFC 8725): a pure function of the token,
// what the configuration trusts, and the time. Nothing is fetched and nothing is remembered.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/jwks.h"
#include "auth/revocations.h"
#include "auth/token.h"

namespace auth {

// One issuer and what its tokens must say.
struct Provider {
  std::string issuer;                               // equal to `iss`, byte by byte
  std::vector<std::string> audiences;               // one of them in `aud`; none: not looked at
  std::vector<std::string> required_claims{"exp"};  // must be there, whatever they say
  // Accepted `typ`, in lower case without "application/". None: `jwt` (RFC 7519, 5.1), `at+jwt`
  // (RFC 9068, 2.1) or no `typ` at all; otherwise there has to be one.
  std::vector<std::string> types;
  std::vector<crypto::Algorithm> algorithms;  // accepted; none: whatever its keys accept
  std::chrono::seconds leeway = leeway_default;
  std::optional<std::chrono::seconds> age_max;  // since `iat`, which has to be there then
  std::shared_ptr<const KeySet> keys;           // null: no token of this issuer is good
  // Instead of keys: the issuer's tokens are MACs, and no signature is accepted.
  std::shared_ptr<const SharedSecret> secret;
  std::shared_ptr<const Revocations> revoked;
  // Whether somebody will ask a caller with a bound token for its proof (RFC 7800; see
  // Claims::key_thumbprint()). If nobody will, such a token is refused.
  bool takes_proofs = false;

  // How far the clocks of issuer and gateway may differ.
  static constexpr std::chrono::seconds leeway_default{60};
};

// What one policy trusts. A token is judged by the provider whose issuer it names and by no other;
// issuers are different from each other (of two equal ones the first is used).
struct Trust {
  explicit Trust(std::vector<Provider> providers_given);

  const std::vector<Provider> providers;
  // Digest of everything above, keys and revocations included: two Trusts with the same digest
  // judge alike. Caches use it as their generation.
  const crypto::Sha256 digest;
};

// The claims, or the first thing found wrong. What is cheap is checked first (issuer, key, times)
// and the signature before the remaining claims. `exp` and `nbf` are always honoured where present.
Verdict verify(const UnverifiedToken& token, const Trust& trust, WallTime now);

// parse() and verify().
Verdict verify(std::string_view token, const Trust& trust, WallTime now);

}  // namespace auth

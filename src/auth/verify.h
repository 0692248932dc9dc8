#pragma once
// The decision whether a token is good (RFC 7519, 7.2; RFC 8725): a pure function of the token,
// what the configuration trusts, and the time. Nothing is fetched and nothing is remembered.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "auth/jwks.h"
#include "auth/token.h"

namespace auth {

// One issuer and what its tokens must say.
struct Provider {
  std::string issuer;                               // equal to `iss`, byte by byte
  std::vector<std::string> audiences;               // one of them in `aud`; none: not looked at
  std::vector<std::string> required_claims{"exp"};  // must be there, whatever they say
  std::vector<crypto::Algorithm> algorithms;        // accepted; none: whatever its keys accept
  std::shared_ptr<const KeySet> keys;               // null: no token of this issuer is good
};

// What one policy trusts. A token is judged by the provider whose issuer it names and by no other;
// issuers are different from each other (of two equal ones the first is used).
struct Trust {
  // How far the clocks of issuer and gateway may differ.
  static constexpr std::chrono::seconds leeway_default{60};

  explicit Trust(std::vector<Provider> providers_given,
                 std::chrono::seconds leeway_given = leeway_default);

  const std::vector<Provider> providers;
  const std::chrono::seconds leeway;
  // Digest of everything above, keys included: two Trusts with the same digest judge alike. Caches
  // use it as their generation.
  const crypto::Sha256 digest;
};

// The claims, or the first thing found wrong. What is cheap is checked first (issuer, key, times)
// and the signature before the remaining claims. `exp` and `nbf` are always honoured where present.
Verdict verify(const UnverifiedToken& token, const Trust& trust, WallTime now);

// parse() and verify().
Verdict verify(std::string_view token, const Trust& trust, WallTime now);

}  // namespace auth

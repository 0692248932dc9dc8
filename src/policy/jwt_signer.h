#pragma once
// Tokens that the gateway signs for a backend (`jwtSign`), kept until they are nearly over: one for
// each set of claims, so that a caller's next request costs no signature.

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "auth/credentials.h"
#include "auth/mint.h"
#include "cel/program.h"
#include "policy/backend_auth.h"

namespace policy {

class JwtSigner {
 public:
  using Claims = std::vector<std::pair<std::string, cel::Program>>;
  JwtSigner(auth::SigningKey key, Claims claims, const JwtSignSettings& settings,
            const cel::Environment& environment);

  // A token for the caller, beside what is fixed. Fault::forbidden if a claim cannot be worked out
  // for this caller: then there is nobody to speak for.
  Result<std::shared_ptr<const auth::Credentials>> credentials(
      Exchange& exchange, const auth::Credentials& fixed) const;

 private:
  static constexpr std::size_t kept_max = 1024;
  struct Kept {
    std::string claims;
    std::shared_ptr<const auth::Credentials> credentials;
    WallTime from;
    WallTime until;
  };

  Result<std::string> claims_of(Exchange& exchange) const;
  std::shared_ptr<const auth::Credentials> find(const std::string& claims, WallTime now) const;
  void keep(Kept kept) const;

  auth::SigningKey key_;
  Claims claims_;
  std::chrono::seconds ttl_;
  auth::Location place_;
  const cel::Environment& environment_;
  mutable std::mutex mutex_;
  mutable std::list<Kept> order_;  // the oldest first
  mutable std::unordered_map<std::string, std::list<Kept>::iterator> index_;
};

// Null if the settings are wrong, which was said.
std::unique_ptr<const JwtSigner> make_jwt_signer(const JwtSignSettings& settings,
                                                 BuildContext& context);

// A private key of the configuration, to sign with that algorithm, if one is named. Nothing if it
// cannot, which was said.
std::optional<auth::SigningKey> load_signing_key(const SecretSettings& settings,
                                                 const std::optional<SigningAlgorithm>& algorithm,
                                                 BuildContext& context);

}  // namespace policy

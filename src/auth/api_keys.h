#pragma once
// A set of API keys, kept as digests: whose key a text is. Looking one up takes the same time
// whatever the text shares with a key, because what is compared are digests under a secret of this
// set, which nobody can steer.

#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "auth/principal.h"
#include "base/random.h"
#include "crypto/digest.h"

namespace auth {

class ApiKeys {
 public:
  explicit ApiKeys(Random& random) : secret_(random.bytes(32)) {}

  // False if the set has that key already. `digest` is the SHA-256 of the key.
  bool add(const crypto::Sha256& digest, std::shared_ptr<const ApiKey> key);
  // Null if the text is none of the keys.
  const std::shared_ptr<const ApiKey>* find(std::string_view text) const;
  std::size_t size() const { return keys_.size(); }

 private:
  struct Spread {
    std::size_t operator()(const crypto::Sha256& digest) const;
  };
  crypto::Sha256 masked(const crypto::Sha256& digest) const;

  std::string secret_;
  std::unordered_map<crypto::Sha256, std::shared_ptr<const ApiKey>, Spread> keys_;
};

// The digest in "sha256:<64 hexadecimal digits>"; nothing if the text is none.
std::optional<crypto::Sha256> read_key_hash(std::string_view text);

// What tells the key of that digest from all other callers; the digest cannot be seen in it.
std::string identity_of_key(const crypto::Sha256& digest);

}  // namespace auth

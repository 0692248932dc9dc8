#pragma once
// A JWK set (RFC 7517, 5): the keys of one issuer. Immutable once parsed. A key that cannot verify
// a signature here is skipped with a warning, since issuers publish keys for other uses and of
// newer kinds; a document that is no key set is refused as a whole.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "auth/token_fault.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "json/value.h"

namespace auth {

inline constexpr std::size_t key_set_size_max = std::size_t{256} * 1024;
inline constexpr std::size_t key_set_keys_max = 100;

class KeySet {
 public:
  struct Key {
    std::optional<std::string> id;
    std::optional<crypto::Algorithm> algorithm;  // the only one this key may be used with
    crypto::PublicKey key;

    bool accepts(crypto::Algorithm wanted) const {
      return crypto::fits(wanted, key.family()) && (!algorithm || *algorithm == wanted);
    }
  };

  // Fault::bad_request, or Fault::too_large beyond the limits above, if the document is no key set,
  // or holds keys of which none can be used (a set of no keys is fine: it accepts no token).
  static Result<KeySet> parse(std::string_view text);

  // The key for a token. With a key id: the key of that id, compared byte by byte. Without one: the
  // only key that fits the algorithm. Several that fit are ambiguous, never first or last come.
  tl::expected<const Key*, TokenFault> choose(const std::optional<std::string>& id,
                                              crypto::Algorithm algorithm) const;

  std::span<const Key> keys() const { return keys_; }
  // One sentence a skipped key, without key material.
  const std::vector<std::string>& warnings() const { return warnings_; }
  // Of the text it was read from: equal digests are equal sets.
  const crypto::Sha256& digest() const { return digest_; }

 private:
  KeySet() = default;
  void add(Key key, std::string_view name);

  std::vector<Key> keys_;
  std::vector<std::string> warnings_;
  crypto::Sha256 digest_{};
};

// One public key as a JWK, judged as those of a set are: no private members, for signatures as far
// as it says, strong enough. Fault::bad_request otherwise.
Result<KeySet::Key> read_public_jwk(json::Value jwk);

}  // namespace auth

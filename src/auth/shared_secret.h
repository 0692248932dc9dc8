#pragma once
// A key that issuer and gateway share, for HS256, HS384 and HS512 (RFC 7518, 3.2). It comes from
// the configuration only. It is a type of its own, apart from public keys and key sets: what was
// published can never become a secret, whatever a token's header says.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/digest.h"

namespace auth {

// The hash of the MAC of that JOSE name ("HS256"), compared byte by byte.
std::optional<crypto::Hash> mac_named(std::string_view name);
std::string_view mac_name_of(crypto::Hash hash);

class SharedSecret {
 public:
  // Fault::bad_request if the key is shorter than the hash (RFC 7518, 3.2), hence 256 bits at
  // least, longer than 4 KiB, or one byte again and again. The error never repeats it.
  static Result<SharedSecret> make(crypto::Hash hash, std::string key);

  // The only hash this key is used with (RFC 8725, 3.1).
  crypto::Hash hash() const { return hash_; }
  // Whether `code` is this key's code of the text, in a time that does not depend on where the two
  // differ.
  bool verifies(std::string_view text, std::string_view code) const;
  std::string code_of(std::string_view text) const { return crypto::hmac(hash_, key_, text); }
  // What tells two of them apart without telling what they are.
  crypto::Sha256 digest() const;

 private:
  SharedSecret(crypto::Hash hash, std::string key) : hash_(hash), key_(std::move(key)) {}

  crypto::Hash hash_;
  std::string key_;
};

}  // namespace auth

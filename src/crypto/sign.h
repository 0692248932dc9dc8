#pragma once
// Private keys: for demonstration tokens and tests. The gateway itself verifies and never signs
// what others rely on.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/key.h"

namespace crypto {

// The public half as JWK members hold it (RFC 7518, 6), as bytes. What a family lacks is empty.
struct PublicNumbers {
  std::string n, e;  // RSA: big-endian, no leading zero
  std::string x, y;  // curves: fixed length; Ed25519 has no y
};

// The same with the private half (RFC 7518, 6.2.2 and 6.3.2; RFC 8037, 2).
struct PrivateNumbers {
  PublicNumbers open;
  std::string d;
  std::string p, q, dp, dq, qi;  // RSA only: all of them or none
};

class PrivateKey {
 public:
  // A fresh key; RSA keys have `rsa_bits` bits.
  static Result<PrivateKey> generate(KeyFamily family, int rsa_bits = rsa_bits_min);
  // PKCS#8 in PEM, not encrypted.
  static Result<PrivateKey> from_pem(std::string_view pem);
  // Fault::bad_request if the numbers are no such key, or the halves do not belong together.
  static Result<PrivateKey> from_numbers(KeyFamily family, const PrivateNumbers& numbers);
  std::string to_pem() const;

  KeyFamily family() const { return public_key_.family(); }
  const PublicKey& public_key() const { return public_key_; }
  const PublicNumbers& public_numbers() const { return numbers_; }

  // The signature in the form verify() takes; Fault::bad_request if key and algorithm do not belong
  // together.
  Result<std::string> sign(Algorithm algorithm, std::string_view message) const;

 private:
  struct Parts;
  PrivateKey(std::shared_ptr<const Parts> parts, PublicKey public_key, PublicNumbers numbers);
  static Result<PrivateKey> of(std::shared_ptr<const Parts> parts);

  std::shared_ptr<const Parts> parts_;
  PublicKey public_key_;
  PublicNumbers numbers_;
};

}  // namespace crypto

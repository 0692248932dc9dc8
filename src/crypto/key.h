#pragma once
// Keys that verify signatures, and the names of the signatures they verify (RFC 7518, 3.1; RFC
// 8037). A PublicKey is parsed and checked once and then shared: copies are cheap and refer to the
// same immutable parts, which also hold one prepared verification context for each algorithm the
// key fits, because preparing one costs more than a verification with it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace crypto {

// Asymmetric signatures only. HS256 and its like are left out on purpose: where no symmetric
// algorithm exists, a public key can never be mistaken for a shared secret.
enum class Algorithm : std::uint8_t {
  rs256,
  rs384,
  rs512,
  ps256,
  ps384,
  ps512,
  es256,
  es384,
  es512,
  eddsa,
};
inline constexpr std::size_t algorithm_count = 10;

// The algorithm of that JOSE name, compared byte by byte ("RS256" is one, "rs256" is not).
std::optional<Algorithm> algorithm_named(std::string_view name);
std::string_view name_of(Algorithm algorithm);

enum class KeyFamily : std::uint8_t { rsa, p256, p384, p521, ed25519 };
std::string_view name_of(KeyFamily family);
bool fits(Algorithm algorithm, KeyFamily family);

// RFC 7518, 3.3 asks for 2048 bits; above 8192 one verification becomes a burden worth attacking
// with.
inline constexpr int rsa_bits_min = 2048;
inline constexpr int rsa_bits_max = 8192;

struct KeyParts;  // OpenSSL's side

class PublicKey {
 public:
  // Big-endian unsigned numbers. Refused: sizes outside the limits above, an even modulus, an
  // exponent that is even, below 3 or above 64 bits.
  static Result<PublicKey> rsa(std::string_view modulus, std::string_view exponent);
  // Coordinates of exactly the curve's length (RFC 7518, 6.2.1.2); the point must be on the curve.
  static Result<PublicKey> ec(KeyFamily curve, std::string_view x, std::string_view y);
  // 32 bytes (RFC 8032, 5.1.5). Points of small order and encodings outside the field are refused:
  // with such a key anybody can make signatures.
  static Result<PublicKey> ed25519(std::string_view x);

  KeyFamily family() const;
  // Whether both are the same key; what it is called does not matter.
  bool same_as(const PublicKey& other) const;

  const KeyParts& parts() const { return *parts_; }

 private:
  friend class PrivateKey;
  explicit PublicKey(std::shared_ptr<const KeyParts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const KeyParts> parts_;
};

}  // namespace crypto

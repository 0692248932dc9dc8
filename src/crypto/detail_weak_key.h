#pragma once
// Public keys that are well formed and yet let anybody sign.

#include <string_view>

#include <openssl/bn.h>

#include "base/result.h"

namespace crypto {

// Whether the modulus was made by the prime generator of CVE-2017-15361: such primes are powers of
// 65537 modulo many small primes, and so are their products. A modulus made otherwise has this
// property with a chance of 2^-27 for the primes tested here.
bool has_roca_fingerprint(const BIGNUM* modulus);

// RFC 8032, 5.1.3: the bytes are the one encoding of a point, and its order is not small.
Result<> check_ed25519_point(std::string_view encoded);

}  // namespace crypto

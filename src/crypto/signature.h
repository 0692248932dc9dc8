#pragma once
// Verification of JWS signatures (RFC 7518, 3; RFC 8037, 3.1). Pure: the answer depends on the
// arguments alone, any thread may ask, and anything unexpected is the answer no.

#include <string_view>

#include "crypto/key.h"

namespace crypto {

// Whether `signature` is `key`'s signature of `message` under `algorithm`. No if they do not belong
// together. PS*: the salt is exactly as long as the hash and MGF1 uses the same hash. ES*: r and s
// side by side, each exactly as long as the curve's order. No other encoding of these is taken.
bool verify(const PublicKey& key, Algorithm algorithm, std::string_view message,
            std::string_view signature);

}  // namespace crypto

#pragma once
// Tokens and key sets made here: for `agentgateway token mint` and for tests.

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/sign.h"

namespace auth {

// A signed token (RFC 7515, 7.1) with the header {"alg", "typ": "JWT", "kid"} and these claims,
// which must be JSON text. An empty key id is left out.
Result<std::string> mint(const crypto::PrivateKey& key, crypto::Algorithm algorithm,
                         std::string_view key_id, std::string_view claims);

// The same with a header of one's own.
Result<std::string> mint_with_header(const crypto::PrivateKey& key, crypto::Algorithm algorithm,
                                     std::string_view header, std::string_view claims);

// A private key as people keep it: PKCS#8 in PEM, or a private JWK (RFC 7517, 9.2).
struct SigningKey {
  crypto::PrivateKey key;
  crypto::Algorithm algorithm;  // what the JWK says, else the usual one of its family
  std::string id;               // what the JWK says; else empty
};
// Fault::bad_request, without key material, if it is neither.
Result<SigningKey> read_signing_key(std::string_view text);

// The public half as a JWK (RFC 7517, 4) with "use": "sig".
std::string public_jwk(const crypto::PrivateKey& key, crypto::Algorithm algorithm,
                       std::string_view key_id);
// A key set of that one key.
std::string public_key_set(const crypto::PrivateKey& key, crypto::Algorithm algorithm,
                           std::string_view key_id);

}  // namespace auth

#pragma once
// OpenSSL's objects with owners, and its error queue kept empty. The queue belongs to the thread
// and is shared with TLS: an error left behind here would be read there as a failed connection.

#include <array>
#include <memory>
#include <string_view>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "crypto/key.h"

namespace crypto {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
template <class T, auto free_function>
using Owned = std::unique_ptr<T, Free<free_function>>;

using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedKeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using OwnedDigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using OwnedCipherContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using OwnedNumber = Owned<BIGNUM, BN_free>;
using OwnedSecretNumber = Owned<BIGNUM, BN_clear_free>;
using OwnedParamBuild = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using OwnedParams = Owned<OSSL_PARAM, OSSL_PARAM_free>;

// Empties the queue before and after; nearly always there is nothing to do, and to look is twenty
// times cheaper than to clear.
class ErrorQueueGuard {
 public:
  ErrorQueueGuard() { clear(); }
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard(ErrorQueueGuard&&) = delete;
  ErrorQueueGuard& operator=(ErrorQueueGuard&&) = delete;
  ~ErrorQueueGuard() { clear(); }

 private:
  static void clear() {
    if (ERR_peek_error() != 0) ERR_clear_error();
  }
};

inline const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* octets(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// The hash of a signature algorithm; null for EdDSA, which hashes by itself.
const EVP_MD* hash_of(Algorithm algorithm);
// Sets padding and salt if the algorithm is PS*.
bool set_padding(EVP_PKEY_CTX* context, Algorithm algorithm);
// As OpenSSL calls the curve; null for what has none.
const char* group_name(KeyFamily curve);
// Bytes of one coordinate, or of r or s; 0 for RSA.
std::size_t coordinate_size(KeyFamily family);

struct KeyParts {
  KeyFamily family{};
  OwnedKey key;
  // Ready for EVP_MD_CTX_copy_ex, by Algorithm; null where the key does not fit, and for EdDSA,
  // whose contexts OpenSSL 3.0 cannot copy.
  std::array<OwnedDigestContext, algorithm_count> prepared;
};

// Takes a key that was checked.
Result<std::shared_ptr<const KeyParts>> prepare(KeyFamily family, OwnedKey key);

}  // namespace crypto

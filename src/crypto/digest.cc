#include "crypto/digest.h"

#include <cstdlib>

#include <openssl/hmac.h>

#include "crypto/detail_openssl.h"

namespace crypto {
namespace {

// Fetched once: looking an algorithm up costs as much as hashing a short text.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

const EVP_MD* algorithm_of(Hash hash) {
  switch (hash) {
    case Hash::sha256:
      return EVP_sha256();
    case Hash::sha384:
      return EVP_sha384();
    case Hash::sha512:
      break;
  }
  return EVP_sha512();
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  return sha256(bytes, {});
}

Sha256 sha256(std::string_view first, std::string_view second) {
  const ErrorQueueGuard guard;
  Sha256 digest{};
  const OwnedDigestContext context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), sha256_algorithm(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), first.data(), first.size()) != 1 ||
      EVP_DigestUpdate(context.get(), second.data(), second.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) {
    std::abort();  // no memory, or a library without SHA-256: a wrong digest would be worse
  }
  return digest;
}

std::string hmac(Hash hash, std::string_view key, std::string_view message) {
  const ErrorQueueGuard guard;
  std::string code(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  // An empty key is given as a pointer to nothing: a null pointer would mean "the key from before".
  const char* const key_bytes = key.empty() ? "" : key.data();
  if (HMAC(algorithm_of(hash), key_bytes, static_cast<int>(key.size()), octets(message),
           message.size(), octets(code), &size) == nullptr) {
    std::abort();
  }
  code.resize(size);
  return code;
}

bool equal_in_constant_time(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace crypto

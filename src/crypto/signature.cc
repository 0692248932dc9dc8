#include "crypto/signature.h"

#include "crypto/detail_openssl.h"

namespace crypto {
namespace {

using OwnedEcdsaSignature = Owned<ECDSA_SIG, ECDSA_SIG_free>;

// RFC 7518, 3.4: r and s side by side, as the DER sequence OpenSSL reads. Empty if the length is
// wrong; whether r and s are in range is for the verification to say.
std::string der_of(std::string_view signature, std::size_t half) {
  if (signature.size() != 2 * half) return {};
  const OwnedEcdsaSignature pair(ECDSA_SIG_new());
  OwnedNumber r(BN_bin2bn(octets(signature), static_cast<int>(half), nullptr));
  OwnedNumber s(BN_bin2bn(octets(signature.substr(half)), static_cast<int>(half), nullptr));
  if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  std::ignore = r.release();  // the pair owns them now
  std::ignore = s.release();
  const int size = i2d_ECDSA_SIG(pair.get(), nullptr);
  if (size <= 0) return {};
  std::string der(static_cast<std::size_t>(size), '\0');
  unsigned char* out = octets(der);
  i2d_ECDSA_SIG(pair.get(), &out);
  return der;
}

// A context that is ready to verify with this key; null if there is none.
OwnedDigestContext context_for(const KeyParts& parts, Algorithm algorithm) {
  OwnedDigestContext context(EVP_MD_CTX_new());
  if (!context) return nullptr;
  const EVP_MD_CTX* prepared = parts.prepared[static_cast<std::size_t>(algorithm)].get();
  const int ready = prepared != nullptr ? EVP_MD_CTX_copy_ex(context.get(), prepared)
                                        : EVP_DigestVerifyInit(context.get(), nullptr, nullptr,
                                                               nullptr, parts.key.get());
  return ready == 1 ? std::move(context) : nullptr;
}

}  // namespace

bool verify(const PublicKey& key, Algorithm algorithm, std::string_view message,
            std::string_view signature) {
  if (!fits(algorithm, key.family())) return false;
  const ErrorQueueGuard guard;
  const KeyParts& parts = key.parts();
  std::string der;
  if (key.family() != KeyFamily::rsa && key.family() != KeyFamily::ed25519) {
    der = der_of(signature, coordinate_size(key.family()));
    if (der.empty()) return false;
    signature = der;
  }
  // RFC 8017, 8.1.2 and 8.2.2, step 1: as long as the modulus. OpenSSL 3.0 takes a PSS signature
  // without its leading zeros, so that one in 256 would have a second form.
  if (key.family() == KeyFamily::rsa &&
      signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(parts.key.get()))) {
    return false;
  }
  const OwnedDigestContext context = context_for(parts, algorithm);
  return context && EVP_DigestVerify(context.get(), octets(signature), signature.size(),
                                     octets(message), message.size()) == 1;
}

}  // namespace crypto

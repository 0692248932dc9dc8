#include "crypto/sign.h"

#include <vector>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "crypto/detail_openssl.h"

namespace crypto {

struct PrivateKey::Parts {
  OwnedKey key;
};

namespace {

using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedEcdsaSignature = Owned<ECDSA_SIG, ECDSA_SIG_free>;

tl::unexpected<Error> library_failed(std::string what) {
  return failed(Fault::internal, "OpenSSL could not " + std::move(what));
}

OwnedKey generate_key(KeyFamily family, int rsa_bits) {
  switch (family) {
    case KeyFamily::rsa:
      return OwnedKey(EVP_RSA_gen(static_cast<unsigned>(rsa_bits)));
    case KeyFamily::p256:
      return OwnedKey(EVP_EC_gen("P-256"));
    case KeyFamily::p384:
      return OwnedKey(EVP_EC_gen("P-384"));
    case KeyFamily::p521:
      return OwnedKey(EVP_EC_gen("P-521"));
    case KeyFamily::ed25519:
      break;
  }
  return OwnedKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

Result<KeyFamily> family_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) return KeyFamily::rsa;
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return KeyFamily::ed25519;
  if (EVP_PKEY_is_a(key, "EC") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits == 256) return KeyFamily::p256;
    if (bits == 384) return KeyFamily::p384;
    if (bits == 521) return KeyFamily::p521;
  }
  return failed(Fault::bad_request, "a private key of a kind that signs no tokens");
}

// A number of the key in big-endian bytes, at least `size` of them; empty if it has none.
std::string number_of(EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
  const OwnedNumber number(raw);
  std::string bytes(std::max(size, static_cast<std::size_t>(BN_num_bytes(raw))), '\0');
  BN_bn2binpad(raw, octets(bytes), static_cast<int>(bytes.size()));
  return bytes;
}

PublicNumbers numbers_of(EVP_PKEY* key, KeyFamily family) {
  PublicNumbers numbers;
  const std::size_t size = coordinate_size(family);
  if (family == KeyFamily::rsa) {
    numbers.n = number_of(key, OSSL_PKEY_PARAM_RSA_N, 0);
    numbers.e = number_of(key, OSSL_PKEY_PARAM_RSA_E, 0);
  } else if (family == KeyFamily::ed25519) {
    numbers.x.resize(size);
    std::size_t written = size;
    EVP_PKEY_get_raw_public_key(key, octets(numbers.x), &written);
  } else {
    numbers.x = number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, size);
    numbers.y = number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, size);
  }
  return numbers;
}

Result<PublicKey> public_key_from(KeyFamily family, const PublicNumbers& numbers) {
  if (family == KeyFamily::rsa) return PublicKey::rsa(numbers.n, numbers.e);
  if (family == KeyFamily::ed25519) return PublicKey::ed25519(numbers.x);
  return PublicKey::ec(family, numbers.x, numbers.y);
}

// RFC 7518, 3.4: the DER sequence as r and s side by side.
Result<std::string> side_by_side(std::string_view der, std::size_t half) {
  const unsigned char* in = octets(der);
  const OwnedEcdsaSignature pair(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
  if (!pair) return library_failed("read its own signature");
  std::string out(2 * half, '\0');
  const int size = static_cast<int>(half);
  if (BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), octets(out), size) != size ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), octets(out) + half, size) != size) {
    return library_failed("write a signature");
  }
  return out;
}

// The numbers of one key on their way into OpenSSL, which refers to them until the key is made.
class Parameters {
 public:
  void number(const char* name, std::string_view bytes) {
    if (bytes.empty()) return;
    numbers_.emplace_back(
        BN_bin2bn(octets(bytes), static_cast<int>(bytes.size()), BN_secure_new()));
    is_fine_ = is_fine_ && numbers_.back() &&
               OSSL_PARAM_BLD_push_BN(build_.get(), name, numbers_.back().get()) == 1;
  }
  void bytes(const char* name, std::string_view bytes) {
    is_fine_ = is_fine_ && OSSL_PARAM_BLD_push_octet_string(build_.get(), name, bytes.data(),
                                                            bytes.size()) == 1;
  }
  void text(const char* name, const char* text) {
    is_fine_ = is_fine_ && OSSL_PARAM_BLD_push_utf8_string(build_.get(), name, text, 0) == 1;
  }
  OwnedKey key(const char* type) {
    const OwnedParams params(OSSL_PARAM_BLD_to_param(build_.get()));
    const OwnedKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* made = nullptr;
    if (!is_fine_ || !params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, params.get()) != 1) {
      return nullptr;
    }
    return OwnedKey(made);
  }

 private:
  OwnedParamBuild build_{OSSL_PARAM_BLD_new()};
  std::vector<OwnedSecretNumber> numbers_;
  bool is_fine_ = build_ != nullptr;
};

OwnedKey key_of(KeyFamily family, const PrivateNumbers& numbers) {
  if (family == KeyFamily::ed25519) {
    return OwnedKey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets(numbers.d),
                                                 numbers.d.size()));
  }
  Parameters parameters;
  if (family == KeyFamily::rsa) {
    parameters.number(OSSL_PKEY_PARAM_RSA_N, numbers.open.n);
    parameters.number(OSSL_PKEY_PARAM_RSA_E, numbers.open.e);
    parameters.number(OSSL_PKEY_PARAM_RSA_D, numbers.d);
    parameters.number(OSSL_PKEY_PARAM_RSA_FACTOR1, numbers.p);
    parameters.number(OSSL_PKEY_PARAM_RSA_FACTOR2, numbers.q);
    parameters.number(OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers.dp);
    parameters.number(OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers.dq);
    parameters.number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, numbers.qi);
    return parameters.key("RSA");
  }
  parameters.text(OSSL_PKEY_PARAM_GROUP_NAME, group_name(family));
  const std::string point = "\x04" + numbers.open.x + numbers.open.y;  // SEC 1, 2.3.3
  parameters.bytes(OSSL_PKEY_PARAM_PUB_KEY, point);
  parameters.number(OSSL_PKEY_PARAM_PRIV_KEY, numbers.d);
  return parameters.key("EC");
}

}  // namespace

PrivateKey::PrivateKey(std::shared_ptr<const Parts> parts, PublicKey public_key,
                       PublicNumbers numbers)
    : parts_(std::move(parts)), public_key_(std::move(public_key)), numbers_(std::move(numbers)) {}

Result<PrivateKey> PrivateKey::of(std::shared_ptr<const Parts> parts) {
  TRY(const KeyFamily family, family_of(parts->key.get()));
  PublicNumbers numbers = numbers_of(parts->key.get(), family);
  TRY(PublicKey public_key, public_key_from(family, numbers));
  return PrivateKey(std::move(parts), std::move(public_key), std::move(numbers));
}

Result<PrivateKey> PrivateKey::generate(KeyFamily family, int rsa_bits) {
  const ErrorQueueGuard guard;
  auto parts = std::make_shared<Parts>();
  parts->key = generate_key(family, rsa_bits);
  if (!parts->key) return library_failed("make a key");
  return of(std::move(parts));
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  const ErrorQueueGuard guard;
  const OwnedBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  auto parts = std::make_shared<Parts>();
  // An empty password keeps OpenSSL from asking for one at the terminal.
  std::string password;
  parts->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, password.data()));
  if (!parts->key) return failed(Fault::bad_request, "not a private key in PEM without a password");
  return of(std::move(parts));
}

Result<PrivateKey> PrivateKey::from_numbers(KeyFamily family, const PrivateNumbers& numbers) {
  const ErrorQueueGuard guard;
  if (numbers.d.empty()) return failed(Fault::bad_request, "the private number is missing");
  auto parts = std::make_shared<Parts>();
  parts->key = key_of(family, numbers);
  if (!parts->key) return failed(Fault::bad_request, "the numbers are no private key");
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, parts->key.get(), nullptr));
  const bool has_pair = family != KeyFamily::ed25519;  // there the public half is computed
  if (has_pair && (!context || EVP_PKEY_pairwise_check(context.get()) != 1)) {
    return failed(Fault::bad_request, "the private and the public numbers do not belong together");
  }
  return of(std::move(parts));
}

std::string PrivateKey::to_pem() const {
  const ErrorQueueGuard guard;
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), parts_->key.get(), nullptr, nullptr, 0, nullptr,
                                nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Result<std::string> PrivateKey::sign(Algorithm algorithm, std::string_view message) const {
  if (!fits(algorithm, family())) {
    return failed(Fault::bad_request, std::string(name_of(algorithm)) + " does not go with a " +
                                          std::string(name_of(family())) + " key");
  }
  const ErrorQueueGuard guard;
  const OwnedDigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;
  std::size_t size = 0;
  if (!context ||
      EVP_DigestSignInit(context.get(), &settings, hash_of(algorithm), nullptr,
                         parts_->key.get()) != 1 ||
      !set_padding(settings, algorithm) ||
      EVP_DigestSign(context.get(), nullptr, &size, octets(message), message.size()) != 1) {
    return library_failed("prepare a signature");
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), octets(signature), &size, octets(message), message.size()) !=
      1) {
    return library_failed("sign");
  }
  signature.resize(size);
  if (family() == KeyFamily::rsa || family() == KeyFamily::ed25519) return signature;
  return side_by_side(signature, coordinate_size(family()));
}

}  // namespace crypto

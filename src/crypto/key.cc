#include "crypto/key.h"

#include <algorithm>
#include <utility>

#include "crypto/detail_openssl.h"
#include "crypto/detail_weak_key.h"

namespace crypto {
namespace {

struct Row {
  Algorithm algorithm;
  std::string_view name;
  KeyFamily family;
};
constexpr std::array<Row, algorithm_count> rows{{
    {Algorithm::rs256, "RS256", KeyFamily::rsa},
    {Algorithm::rs384, "RS384", KeyFamily::rsa},
    {Algorithm::rs512, "RS512", KeyFamily::rsa},
    {Algorithm::ps256, "PS256", KeyFamily::rsa},
    {Algorithm::ps384, "PS384", KeyFamily::rsa},
    {Algorithm::ps512, "PS512", KeyFamily::rsa},
    {Algorithm::es256, "ES256", KeyFamily::p256},
    {Algorithm::es384, "ES384", KeyFamily::p384},
    {Algorithm::es512, "ES512", KeyFamily::p521},
    {Algorithm::eddsa, "EdDSA", KeyFamily::ed25519},
}};

tl::unexpected<Error> bad_key(std::string why) {
  return failed(Fault::bad_request, std::move(why));
}

OwnedNumber number(std::string_view big_endian) {
  return OwnedNumber(BN_bin2bn(octets(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

Result<OwnedKey> key_from(const char* type, OSSL_PARAM_BLD* build) {
  const OwnedParams params(OSSL_PARAM_BLD_to_param(build));
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return bad_key("the numbers are no such key");
  }
  return OwnedKey(key);
}

Result<> check_rsa(const BIGNUM* n, const BIGNUM* e) {
  constexpr int exponent_bits_max = 64;  // all in use have 17; a long one makes verification costly
  const int bits = BN_num_bits(n);
  if (bits < rsa_bits_min || bits > rsa_bits_max) {
    return bad_key("an RSA modulus of " + std::to_string(bits) +
                   " bits; 2048 to 8192 are accepted");
  }
  if (BN_is_odd(n) == 0) return bad_key("an even RSA modulus");
  if (BN_is_odd(e) == 0 || BN_is_one(e) != 0) return bad_key("an RSA exponent that is even or 1");
  if (BN_num_bits(e) > exponent_bits_max) return bad_key("an RSA exponent of more than 64 bits");
  if (has_roca_fingerprint(n)) {
    return bad_key("an RSA modulus of the kind that can be factored (CVE-2017-15361)");
  }
  return {};
}

}  // namespace

std::optional<Algorithm> algorithm_named(std::string_view name) {
  const auto* row = std::ranges::find(rows, name, &Row::name);
  if (row == rows.end()) return std::nullopt;
  return row->algorithm;
}

std::string_view name_of(Algorithm algorithm) {
  return rows[static_cast<std::size_t>(algorithm)].name;
}

std::string_view name_of(KeyFamily family) {
  constexpr std::array<std::string_view, 5> names{"RSA", "P-256", "P-384", "P-521", "Ed25519"};
  return names[static_cast<std::size_t>(family)];
}

bool fits(Algorithm algorithm, KeyFamily family) {
  return rows[static_cast<std::size_t>(algorithm)].family == family;
}

const EVP_MD* hash_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rs256:
    case Algorithm::ps256:
    case Algorithm::es256:
      return EVP_sha256();
    case Algorithm::rs384:
    case Algorithm::ps384:
    case Algorithm::es384:
      return EVP_sha384();
    case Algorithm::rs512:
    case Algorithm::ps512:
    case Algorithm::es512:
      return EVP_sha512();
    case Algorithm::eddsa:
      break;
  }
  return nullptr;
}

bool set_padding(EVP_PKEY_CTX* context, Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::ps256:
    case Algorithm::ps384:
    case Algorithm::ps512:
      return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
    default:
      return true;
  }
}

const char* group_name(KeyFamily curve) {
  switch (curve) {
    case KeyFamily::p256:
      return "P-256";
    case KeyFamily::p384:
      return "P-384";
    case KeyFamily::p521:
      return "P-521";
    default:
      return nullptr;
  }
}

std::size_t coordinate_size(KeyFamily family) {
  switch (family) {
    case KeyFamily::rsa:
      return 0;
    case KeyFamily::p256:
    case KeyFamily::ed25519:
      return 32;
    case KeyFamily::p384:
      return 48;
    case KeyFamily::p521:
      return 66;
  }
  return 0;
}

Result<std::shared_ptr<const KeyParts>> prepare(KeyFamily family, OwnedKey key) {
  auto parts = std::make_shared<KeyParts>();
  parts->family = family;
  parts->key = std::move(key);
  for (const Row& row : rows) {
    if (row.family != family || row.algorithm == Algorithm::eddsa) continue;
    OwnedDigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* settings = nullptr;
    if (!context ||
        EVP_DigestVerifyInit(context.get(), &settings, hash_of(row.algorithm), nullptr,
                             parts->key.get()) != 1 ||
        !set_padding(settings, row.algorithm)) {
      return failed(Fault::internal, "this OpenSSL cannot verify " + std::string(row.name));
    }
    parts->prepared[static_cast<std::size_t>(row.algorithm)] = std::move(context);
  }
  return std::shared_ptr<const KeyParts>(std::move(parts));
}

Result<PublicKey> PublicKey::rsa(std::string_view modulus, std::string_view exponent) {
  constexpr std::size_t bytes_max = 2048;  // before any arithmetic; the exact limits come after
  if (modulus.size() > bytes_max || exponent.size() > bytes_max) {
    return bad_key("an RSA number of more than 2048 bytes");
  }
  const ErrorQueueGuard guard;
  const OwnedNumber n = number(modulus);
  const OwnedNumber e = number(exponent);
  if (!n || !e) return failed(Fault::internal, "no memory for a number");
  TRY(check_rsa(n.get(), e.get()));
  const OwnedParamBuild build(OSSL_PARAM_BLD_new());
  if (!build || OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return failed(Fault::internal, "no memory for a key");
  }
  TRY(OwnedKey key, key_from("RSA", build.get()));
  TRY(auto parts, prepare(KeyFamily::rsa, std::move(key)));
  return PublicKey(std::move(parts));
}

Result<PublicKey> PublicKey::ec(KeyFamily curve, std::string_view x, std::string_view y) {
  const char* group = group_name(curve);
  if (group == nullptr) return bad_key("not a curve with two coordinates");
  const std::size_t size = coordinate_size(curve);
  if (x.size() != size || y.size() != size) {
    return bad_key(std::string(group) + " coordinates have " + std::to_string(size) + " bytes");
  }
  const ErrorQueueGuard guard;
  std::string point("\x04");  // SEC 1, 2.3.3: not compressed
  point.append(x).append(y);
  const OwnedParamBuild build(OSSL_PARAM_BLD_new());
  if (!build ||
      OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return failed(Fault::internal, "no memory for a key");
  }
  auto key = key_from("EC", build.get());
  if (!key) return bad_key("the point is not on " + std::string(group));
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key->get(), nullptr));
  if (!context || EVP_PKEY_public_check(context.get()) != 1) {
    return bad_key("the point is not on " + std::string(group));
  }
  TRY(auto parts, prepare(curve, std::move(*key)));
  return PublicKey(std::move(parts));
}

Result<PublicKey> PublicKey::ed25519(std::string_view x) {
  if (x.size() != coordinate_size(KeyFamily::ed25519)) return bad_key("Ed25519 keys have 32 bytes");
  TRY(check_ed25519_point(x));
  const ErrorQueueGuard guard;
  OwnedKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(x), x.size()));
  if (!key) return bad_key("not an Ed25519 key");
  TRY(auto parts, prepare(KeyFamily::ed25519, std::move(key)));
  return PublicKey(std::move(parts));
}

KeyFamily PublicKey::family() const {
  return parts_->family;
}

bool PublicKey::same_as(const PublicKey& other) const {
  const ErrorQueueGuard guard;
  return family() == other.family() && EVP_PKEY_eq(parts_->key.get(), other.parts_->key.get()) == 1;
}

}  // namespace crypto

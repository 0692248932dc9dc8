#include "auth/mint.h"

#include "base/base64.h"
#include "json/write.h"

namespace auth {

Result<std::string> mint_with_header(const crypto::PrivateKey& key, crypto::Algorithm algorithm,
                                     std::string_view header, std::string_view claims) {
  std::string token = base::base64url_encode(header) + "." + base::base64url_encode(claims);
  TRY(const std::string signature, key.sign(algorithm, token));
  return token + "." + base::base64url_encode(signature);
}

Result<std::string> mint(const crypto::PrivateKey& key, crypto::Algorithm algorithm,
                         std::string_view key_id, std::string_view claims) {
  json::Writer header;
  header.begin_object();
  header.name("alg").string(crypto::name_of(algorithm));
  header.name("typ").string("JWT");
  if (!key_id.empty()) header.name("kid").string(key_id);
  header.end_object();
  return mint_with_header(key, algorithm, header.take(), claims);
}

std::string public_jwk(const crypto::PrivateKey& key, crypto::Algorithm algorithm,
                       std::string_view key_id) {
  const crypto::PublicNumbers& numbers = key.public_numbers();
  const crypto::KeyFamily family = key.family();
  json::Writer jwk;
  const auto bytes = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) jwk.name(name).string(base::base64url_encode(value));
  };
  jwk.begin_object();
  if (family == crypto::KeyFamily::rsa) {
    jwk.name("kty").string("RSA");
  } else {
    jwk.name("kty").string(family == crypto::KeyFamily::ed25519 ? "OKP" : "EC");
    jwk.name("crv").string(crypto::name_of(family));
  }
  bytes("n", numbers.n);
  bytes("e", numbers.e);
  bytes("x", numbers.x);
  bytes("y", numbers.y);
  jwk.name("use").string("sig");
  jwk.name("alg").string(crypto::name_of(algorithm));
  if (!key_id.empty()) jwk.name("kid").string(key_id);
  jwk.end_object();
  return jwk.take();
}

std::string public_key_set(const crypto::PrivateKey& key, crypto::Algorithm algorithm,
                           std::string_view key_id) {
  return R"({"keys":[)" + public_jwk(key, algorithm, key_id) + "]}";
}

}  // namespace auth

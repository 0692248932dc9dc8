#include "auth/mint.h"

#include <array>

#include "base/base64.h"
#include "json/value.h"
#include "json/write.h"

namespace auth {
namespace {

crypto::Algorithm usual_algorithm(crypto::KeyFamily family) {
  switch (family) {
    case crypto::KeyFamily::rsa:
      return crypto::Algorithm::rs256;
    case crypto::KeyFamily::p256:
      return crypto::Algorithm::es256;
    case crypto::KeyFamily::p384:
      return crypto::Algorithm::es384;
    case crypto::KeyFamily::p521:
      return crypto::Algorithm::es512;
    case crypto::KeyFamily::ed25519:
      break;
  }
  return crypto::Algorithm::eddsa;
}

Result<crypto::KeyFamily> family_of(json::Value jwk) {
  const std::string_view type = jwk.find_string("kty").value_or("");
  const std::string_view curve = jwk.find_string("crv").value_or("");
  if (type == "RSA") return crypto::KeyFamily::rsa;
  for (const auto family : {crypto::KeyFamily::p256, crypto::KeyFamily::p384,
                            crypto::KeyFamily::p521, crypto::KeyFamily::ed25519}) {
    const std::string_view wanted = family == crypto::KeyFamily::ed25519 ? "OKP" : "EC";
    if (type == wanted && curve == crypto::name_of(family)) return family;
  }
  return failed(Fault::bad_request, "a JWK of a kind that signs no tokens");
}

Result<crypto::PrivateNumbers> numbers_of(json::Value jwk) {
  crypto::PrivateNumbers numbers;
  const std::array<std::pair<const char*, std::string*>, 10> members{{
      {"n", &numbers.open.n},
      {"e", &numbers.open.e},
      {"x", &numbers.open.x},
      {"y", &numbers.open.y},
      {"d", &numbers.d},
      {"p", &numbers.p},
      {"q", &numbers.q},
      {"dp", &numbers.dp},
      {"dq", &numbers.dq},
      {"qi", &numbers.qi},
  }};
  for (const auto& [name, place] : members) {
    if (!jwk.find(name)) continue;
    auto bytes = base::base64url_decode(jwk.find_string(name).value_or("="));
    if (!bytes) {
      return failed(Fault::bad_request, std::string("'") + name + "' of the JWK is not base64url");
    }
    *place = std::move(*bytes);
  }
  return numbers;
}

Result<SigningKey> read_private_jwk(std::string_view text) {
  auto document = json::Document::parse(std::string(text));
  if (!document) return failed(Fault::bad_request, "neither PEM nor a JWK in JSON");
  const json::Value jwk = document->root();
  if (jwk.find("keys")) return failed(Fault::bad_request, "a key set; give one private key of it");
  TRY(const crypto::KeyFamily family, family_of(jwk));
  if (!jwk.find("d")) return failed(Fault::bad_request, "a public key: it cannot sign");
  TRY(const crypto::PrivateNumbers numbers, numbers_of(jwk));
  TRY(crypto::PrivateKey key, crypto::PrivateKey::from_numbers(family, numbers));
  crypto::Algorithm algorithm = usual_algorithm(family);
  if (const auto name = jwk.find_string("alg")) {
    const auto named = crypto::algorithm_named(*name);
    if (!named || !crypto::fits(*named, family)) {
      return failed(Fault::bad_request, "the 'alg' of the JWK is not for its key");
    }
    algorithm = *named;
  }
  return SigningKey{std::move(key), algorithm, std::string(jwk.find_string("kid").value_or(""))};
}

}  // namespace

Result<SigningKey> read_signing_key(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return failed(Fault::bad_request, "there is no key in it");
  if (text[start] == '{') return read_private_jwk(text);
  TRY(crypto::PrivateKey key, crypto::PrivateKey::from_pem(text));
  const crypto::Algorithm algorithm = usual_algorithm(key.family());
  return SigningKey{std::move(key), algorithm, ""};
}

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

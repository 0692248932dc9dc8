#include "auth/jwks.h"

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "json/value.h"
#include "json/write.h"

namespace auth {
namespace {

constexpr std::size_t document_depth_max = 16;
constexpr std::size_t document_members_max = 20'000;

tl::unexpected<Error> unusable(std::string why) {
  return failed(Fault::bad_request, std::move(why));
}

// Text of the document in a message of ours: quoted, so that it cannot pretend to be anything else.
std::string shown(std::string_view text) {
  constexpr std::size_t shown_max = 64;
  return json::quoted(text.substr(0, shown_max));
}

Result<std::string> bytes_of(json::Value jwk, std::string_view name) {
  const auto text = jwk.find_string(name);
  if (!text) return unusable("it has no text '" + std::string(name) + "'");
  auto bytes = base::base64url_decode(*text);
  if (!bytes) return unusable("its '" + std::string(name) + "' is not base64url without padding");
  return std::move(*bytes);
}

Result<crypto::PublicKey> rsa_key(json::Value jwk) {
  TRY(const std::string n, bytes_of(jwk, "n"));
  TRY(const std::string e, bytes_of(jwk, "e"));
  return crypto::PublicKey::rsa(n, e);
}

Result<crypto::PublicKey> ec_key(json::Value jwk) {
  const std::string_view curve = jwk.find_string("crv").value_or("");
  for (const auto family :
       {crypto::KeyFamily::p256, crypto::KeyFamily::p384, crypto::KeyFamily::p521}) {
    if (curve != crypto::name_of(family)) continue;
    TRY(const std::string x, bytes_of(jwk, "x"));
    TRY(const std::string y, bytes_of(jwk, "y"));
    return crypto::PublicKey::ec(family, x, y);
  }
  return unusable("its curve " + shown(curve) + " is not supported");
}

Result<crypto::PublicKey> okp_key(json::Value jwk) {
  const std::string_view curve = jwk.find_string("crv").value_or("");
  if (curve != crypto::name_of(crypto::KeyFamily::ed25519)) {
    return unusable("its curve " + shown(curve) + " is not supported");
  }
  TRY(const std::string x, bytes_of(jwk, "x"));
  return crypto::PublicKey::ed25519(x);
}

Result<crypto::PublicKey> public_key(json::Value jwk) {
  const auto type = jwk.find_string("kty");
  if (!type) return unusable("it has no 'kty'");
  if (*type == "RSA") return rsa_key(jwk);
  if (*type == "EC") return ec_key(jwk);
  if (*type == "OKP") return okp_key(jwk);
  if (*type == "oct") return unusable("it is a shared secret, which has no place in a public set");
  return unusable("its type " + shown(*type) + " is not supported");
}

// A private key that was published is no longer anybody's own.
Result<> check_public(json::Value jwk) {
  constexpr std::array<std::string_view, 8> names{"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
  for (const std::string_view name : names) {
    if (jwk.find(name) && jwk.find_string("kty") != "oct") {
      return unusable("it holds the private member '" + std::string(name) + "'");
    }
  }
  return {};
}

// RFC 7517, 4.2 and 4.3: the key is for signatures and for verifying them, as far as it says.
Result<> check_use(json::Value jwk) {
  if (const auto use = jwk.find("use"); use && use->as_string() != "sig") {
    return unusable("its 'use' is not \"sig\"");
  }
  const auto operations = jwk.find("key_ops");
  if (!operations) return {};
  for (const json::Value operation : operations->elements()) {
    if (operation.as_string() == "verify") return {};
  }
  return unusable("its 'key_ops' do not include \"verify\"");
}

Result<std::optional<std::string>> key_id(json::Value jwk) {
  if (!jwk.find("kid")) return std::optional<std::string>();
  const auto id = jwk.find_string("kid");
  if (!id) return unusable("its 'kid' is not a string");
  return std::optional<std::string>(*id);
}

// RFC 7517, 4.4. An algorithm that is not known here is not read as "any".
Result<std::optional<crypto::Algorithm>> key_algorithm(json::Value jwk, crypto::KeyFamily family) {
  const auto name = jwk.find("alg");
  if (!name) return std::optional<crypto::Algorithm>();
  const auto algorithm = crypto::algorithm_named(name->as_string().value_or(""));
  if (!algorithm) {
    return unusable("its 'alg' " + shown(name->as_string().value_or("")) + " is not supported");
  }
  if (!crypto::fits(*algorithm, family)) {
    return unusable("its 'alg' " + shown(crypto::name_of(*algorithm)) + " is not for " +
                    std::string(crypto::name_of(family)) + " keys");
  }
  return algorithm;
}

// "keys[2] \"rsa-1\"", as messages call a key.
std::string name_in_messages(std::size_t index, json::Value jwk) {
  std::string name = "keys[" + std::to_string(index) + "]";
  if (const auto id = jwk.find_string("kid")) name += " " + shown(*id);
  return name;
}

}  // namespace

Result<KeySet::Key> read_public_jwk(json::Value jwk) {
  if (!jwk.is_object()) return unusable("it is not an object");
  TRY(check_public(jwk));
  TRY(check_use(jwk));
  TRY(auto id, key_id(jwk));
  TRY(crypto::PublicKey key, public_key(jwk));
  TRY(const auto algorithm, key_algorithm(jwk, key.family()));
  return KeySet::Key{std::move(id), algorithm, std::move(key)};
}

void KeySet::add(Key key, std::string_view name) {
  for (const Key& other : keys_) {
    if (!key.id || key.id != other.id) continue;
    if (key.algorithm == other.algorithm && key.key.same_as(other.key)) {
      warnings_.push_back(std::string(name) + ": skipped, the same key is in the set already");
      return;
    }
    warnings_.push_back(std::string(name) +
                        ": another key has the same 'kid'; tokens that fit both are refused");
  }
  keys_.push_back(std::move(key));
}

Result<KeySet> KeySet::parse(std::string_view text) {
  if (text.size() > key_set_size_max) {
    return failed(Fault::too_large, "a key set of more than 256 KiB");
  }
  json::Limits limits;
  limits.depth_max = document_depth_max;
  limits.members_max = document_members_max;
  TRY(const json::Document document, json::Document::parse(std::string(text), limits));
  const auto list = document.root().find("keys");
  if (!list || !list->is_array()) return unusable("no JWK set: the list 'keys' is missing");
  if (list->size() > key_set_keys_max) {
    return failed(Fault::too_large, "a key set of more than 100 keys");
  }

  KeySet set;
  set.digest_ = crypto::sha256(text);
  std::size_t index = 0;
  for (const json::Value jwk : list->elements()) {
    const std::string name = name_in_messages(index++, jwk);
    auto key = read_public_jwk(jwk);
    if (key) {
      set.add(std::move(*key), name);
    } else {
      set.warnings_.push_back(name + ": skipped, " + key.error().why());
    }
  }
  if (set.keys_.empty() && !set.warnings_.empty()) {
    return unusable("no key of the set can be used: " + set.warnings_.front());
  }
  return set;
}

tl::expected<const KeySet::Key*, TokenFault> KeySet::choose(const std::optional<std::string>& id,
                                                            crypto::Algorithm algorithm) const {
  const Key* chosen = nullptr;
  bool any_named = false;
  for (const Key& key : keys_) {
    if (id && key.id != id) continue;
    any_named = true;
    if (!key.accepts(algorithm)) continue;
    if (chosen != nullptr) return tl::unexpected(TokenFault::key_ambiguous);
    chosen = &key;
  }
  if (!any_named) return tl::unexpected(TokenFault::key_unknown);
  if (chosen == nullptr) return tl::unexpected(TokenFault::algorithm_not_accepted);
  return chosen;
}

}  // namespace auth

// Tokens from bytes: whatever is accepted was signed here by the key that its issuer, key id and
// algorithm name, and an independent look at its claims agrees; the cache says the same.
//
// A third part of "=ed", "=ec" or "=rsa" (which no token can have) stands for the signature by that
// key and is put in before the token is judged. So inputs mean the same in every run though the
// keys are made at its start, and a mutation need not break the signature: the mutator below
// changes header or claims as JSON and leaves them signed.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "auth/detail_issuer.h"
#include "auth/token_cache.h"
#include "base/base64.h"
#include "json/write.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

namespace {

using crypto::Algorithm;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Signer {
  std::string_view id;  // key id, and the mark behind the '='
  std::string issuer;
  Algorithm algorithm;
  crypto::PrivateKey key;
};

const std::array<Signer, 3>& signers() {
  static const std::array<Signer, 3> all{
      Signer{"ed", "https://a.test", Algorithm::eddsa,
             crypto::PrivateKey::generate(crypto::KeyFamily::ed25519).value()},
      Signer{"ec", "https://a.test", Algorithm::es256,
             crypto::PrivateKey::generate(crypto::KeyFamily::p256).value()},
      Signer{"rsa", "https://b.test", Algorithm::ps256,
             crypto::PrivateKey::generate(crypto::KeyFamily::rsa).value()}};
  return all;
}

auth::Trust make_trust() {
  std::vector<auth::Provider> providers;
  for (const char* issuer : {"https://a.test", "https://b.test"}) {
    std::string keys;
    for (const Signer& one : signers()) {
      if (one.issuer != issuer) continue;
      keys += (keys.empty() ? "" : ",") + auth::public_jwk(one.key, one.algorithm, one.id);
    }
    auth::Provider provider;
    provider.issuer = issuer;
    provider.audiences = {"gateway", "other"};
    provider.keys = std::make_shared<const auth::KeySet>(
        auth::KeySet::parse("{\"keys\":[" + keys + "]}").value());
    providers.push_back(std::move(provider));
  }
  return auth::Trust(std::move(providers));
}

struct Parts {
  std::string header, claims;    // decoded
  std::string_view signed_text;  // both, as written
  std::string_view signature;
};

std::optional<Parts> parts_of(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  auto header = base::base64url_decode(token.substr(0, first));
  auto claims = base::base64url_decode(token.substr(first + 1, last - first - 1));
  if (!header || !claims) return std::nullopt;
  return Parts{*std::move(header), *std::move(claims), token.substr(0, last),
               token.substr(last + 1)};
}

const Signer* marked(std::string_view signature) {
  for (const Signer& one : signers()) {
    if (signature.starts_with('=') && signature.substr(1) == one.id) return &one;
  }
  return nullptr;
}

std::optional<Algorithm> algorithm_of(const json::Document& header) {
  return crypto::algorithm_named(header.root().find_string("alg").value_or(""));
}

// The token with the signature that its mark stands for.
std::string signed_token(const Parts& parts, const Signer& signer) {
  Algorithm algorithm = signer.algorithm;
  if (const auto header = json::Document::parse(parts.header)) {
    const auto wanted = algorithm_of(*header);
    if (wanted && crypto::fits(*wanted, signer.key.family())) algorithm = *wanted;
  }
  const std::string signature = signer.key.sign(algorithm, parts.signed_text).value();
  return std::string(parts.signed_text) + "." + base::base64url_encode(signature);
}

bool is_for_us(json::Value audience) {
  const auto is_ours = [](json::Value one) {
    return one.as_string() == "gateway" || one.as_string() == "other";
  };
  bool found = is_ours(audience);
  for (const json::Value one : audience.elements()) found = found || is_ours(one);
  return found;
}

// An independent look at what an accepted token must say, one minute of leeway included.
void check(const Parts& parts, const Signer& signer, const auth::Claims& claims) {
  const auto header = json::Document::parse(parts.header);
  const auto said = json::Document::parse(parts.claims);
  require(header && said);
  require(algorithm_of(*header) == signer.algorithm);
  const auto id = header->root().find("kid");
  require(!id || id->as_string() == signer.id);
  for (const char* name : {"crit", "b64", "zip", "enc"}) require(!header->root().find(name));
  const json::Value root = said->root();
  require(root.find_string("iss") == signer.issuer && claims.issuer() == signer.issuer);
  require(is_for_us(root.find("aud").value()));
  const auto now = static_cast<double>(auth::issuer_clock.count());
  const auto expires = root.find("exp").value().as_double();
  require(expires && std::isfinite(*expires) && *expires + 60 > now);
  if (const auto begins = root.find("nbf")) require(begins->as_double().value() - 60 <= now);
  if (const auto subject = root.find("sub")) {
    require(!subject->as_string().value().empty() && claims.subject() == *subject->as_string());
  }
  require(!root.find("cnf") && claims.good_until() > auth::test_time());
}

// ---------------------------------------------------------------------------------------------
// the mutator

// A small generator: the mutation depends on the seed alone.
class Dice {
 public:
  explicit Dice(unsigned seed) : state_(seed * 2654435761U + 1) {}
  std::size_t below(std::size_t count) {
    state_ = state_ * 1664525U + 1013904223U;
    return (state_ >> 8U) % count;
  }

 private:
  std::uint32_t state_;
};

constexpr std::string_view header_names[] = {"alg", "kid", "typ", "crit",
                                             "b64", "zip", "jwk", "jku"};
constexpr std::string_view claim_names[] = {"iss", "aud", "sub", "exp",
                                            "nbf", "iat", "cnf", "scope"};
constexpr std::string_view values[] = {R"("EdDSA")",
                                       R"("ES256")",
                                       R"("PS256")",
                                       R"("RS256")",
                                       R"("HS256")",
                                       R"("none")",
                                       R"("ed")",
                                       R"("ec")",
                                       R"("rsa")",
                                       R"("JWT")",
                                       R"("at+jwt")",
                                       R"("https://a.test")",
                                       R"("https://b.test")",
                                       R"("gateway")",
                                       R"(["gateway"])",
                                       R"(["x","other"])",
                                       R"([])",
                                       R"("")",
                                       "null",
                                       "true",
                                       "{}",
                                       "0",
                                       "-1",
                                       "1799999941",
                                       "1799999940",
                                       "1800000060",
                                       "1800000061",
                                       "1800003600",
                                       "1.8e9",
                                       "1e400",
                                       "9007199254740993",
                                       R"("1800003600")",
                                       R"("alice")"};

// The object with one member set, added a second time, or left out.
std::string edited(const std::string& text, std::span<const std::string_view> names, Dice& dice) {
  const auto document = json::Document::parse(text);
  if (!document || !document->root().is_object()) return "{}";
  const std::string_view chosen = names[dice.below(names.size())];
  const std::size_t how = dice.below(8);
  json::Writer writer;
  writer.begin_object();
  for (const auto [name, value] : document->root().members()) {
    if (name != chosen || how == 0) writer.name(name).value(value);
  }
  if (how != 1) writer.name(chosen).raw(values[dice.below(std::size(values))]);
  return writer.end_object().take();
}

std::string mutated(std::string text, std::size_t size_max) {
  const std::size_t size = text.size();
  text.resize(std::max(size, size_max));
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

std::string fresh_claims(const Signer& signer) {
  return R"({"iss":")" + signer.issuer + R"(","aud":"gateway","sub":"alice","exp":1800003600})";
}

std::string mutation_of(std::string_view input, std::size_t size_max, Dice& dice) {
  std::optional<Parts> parts = parts_of(input);
  const Signer* signer = parts ? marked(parts->signature) : nullptr;
  if (signer == nullptr || dice.below(16) == 0) signer = &signers()[dice.below(3)];
  if (!parts || dice.below(64) == 0) {
    parts = Parts{R"({"alg":")" + std::string(crypto::name_of(signer->algorithm)) + R"("})",
                  fresh_claims(*signer),
                  {},
                  {}};
  }
  switch (dice.below(8)) {
    case 0:
      parts->header = mutated(parts->header, size_max / 4);
      break;
    case 1:
    case 2:
      parts->claims = mutated(parts->claims, size_max / 2);
      break;
    case 3:
    case 4:
      parts->header = edited(parts->header, header_names, dice);
      break;
    default:
      parts->claims = edited(parts->claims, claim_names, dice);
  }
  return base::base64url_encode(parts->header) + "." + base::base64url_encode(parts->claims) +
         ".=" + std::string(signer->id);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  Dice dice(seed);
  if (dice.below(8) == 0) return LLVMFuzzerMutate(data, size, size_max);  // as it stands
  const std::string text = mutation_of({reinterpret_cast<const char*>(data), size}, size_max, dice);
  if (text.size() > size_max) return LLVMFuzzerMutate(data, size, size_max);
  std::ranges::copy(text, data);
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auth::Trust trust = make_trust();
  static auth::TokenCache cache;
  std::string token(reinterpret_cast<const char*>(data), size);
  const std::string input = token;
  const std::optional<Parts> parts = parts_of(input);
  const Signer* signer = parts ? marked(parts->signature) : nullptr;
  if (signer != nullptr) token = signed_token(*parts, *signer);

  const auth::Verdict verdict = auth::verify(token, trust, auth::test_time());
  if (verdict) {
    require(signer != nullptr);
    check(*parts, *signer, **verdict);
  }
  for (int i = 0; i < 2; ++i) {
    require(cache.verdict(token, trust, auth::test_time()).has_value() == verdict.has_value());
  }
  return 0;
}

#include "policy/jwt_signer.h"

#include <algorithm>

#include "cel/convert.h"

namespace policy {

std::vector<std::string> spellings(SigningAlgorithm) {
  return {"RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"};
}

void describe(schema::Object<JwtSignSettings>& o) {
  o.doc("A token that the gateway signs for the backend. `iat` and `exp` are always in it.");
  o.field("signingKey", &JwtSignSettings::signing_key,
          "The private key: PKCS#8 in PEM, or a private JWK.")
      .required();
  o.field("alg", &JwtSignSettings::algorithm,
          "How it signs. Not given: what the JWK says, else the usual one for the key.");
  o.field("kid", &JwtSignSettings::key_id,
          "The key's name, for the token's header. Not given: what the JWK says, if anything.");
  o.field("claims", &JwtSignSettings::claims,
          "Claims by name, each a CEL expression: `sub: jwt.sub`, `aud: '\"backend\"'`.");
  o.field("ttl", &JwtSignSettings::ttl, "How long a token is good. A token is used for most of it.")
      .check([](std::chrono::milliseconds ttl) -> std::string {
        const bool fits = ttl >= std::chrono::seconds(10) && ttl <= std::chrono::hours(24);
        return fits ? "" : "must be from 10s to 24h";
      });
  o.field("location", &JwtSignSettings::location,
          "Where the token goes. Not given: in `Authorization`, after `Bearer `.");
}

JwtSigner::JwtSigner(auth::SigningKey key, Claims claims, const JwtSignSettings& settings,
                     const cel::Environment& environment)
    : key_(std::move(key)),
      claims_(std::move(claims)),
      ttl_(std::chrono::duration_cast<std::chrono::seconds>(settings.ttl)),
      place_(settings.location ? settings.location->location() : auth::Location::bearer()),
      environment_(environment) {}

Result<std::string> JwtSigner::claims_of(Exchange& exchange) const {
  json::Writer writer;
  writer.begin_object();
  cel::Context& context = exchange.rules(environment_);
  context.set_phase(cel::Phase::request_head);
  for (const auto& [name, program] : claims_) {
    const cel::Value value = program.evaluate(context);
    if (value.is_error()) {
      return failed(Fault::forbidden, "jwtSign: claim `" + name + "`: " + cel::error_text(value));
    }
    writer.name(name);
    Result<> written = cel::to_json(value, context.evaluation().arena(), writer);
    if (!written) return tl::unexpected(std::move(written).error());
  }
  writer.end_object();
  return writer.take();
}

std::shared_ptr<const auth::Credentials> JwtSigner::find(const std::string& claims,
                                                         WallTime now) const {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(claims);
  if (found == index_.end()) return nullptr;
  const Kept& kept = *found->second;
  if (now >= kept.from && now < kept.until) return kept.credentials;
  order_.erase(found->second);
  index_.erase(found);
  return nullptr;
}

void JwtSigner::keep(Kept kept) const {
  const std::lock_guard lock(mutex_);
  if (const auto known = index_.find(kept.claims); known != index_.end()) {
    order_.erase(known->second);
    index_.erase(known);
  }
  if (order_.size() >= kept_max) {
    index_.erase(order_.front().claims);
    order_.pop_front();
  }
  order_.push_back(std::move(kept));
  index_.emplace(order_.back().claims, std::prev(order_.end()));
}

Result<std::shared_ptr<const auth::Credentials>> JwtSigner::credentials(
    Exchange& exchange, const auth::Credentials& fixed) const {
  TRY(std::string claims, claims_of(exchange));
  if (auto kept = find(claims, exchange.time)) return kept;
  const auto now =
      std::chrono::floor<std::chrono::seconds>(exchange.time.time_since_epoch()).count();
  std::string all = claims;
  all.pop_back();
  if (all.size() > 1) all += ',';
  all += "\"iat\":" + std::to_string(now) + ",\"exp\":" + std::to_string(now + ttl_.count()) + "}";
  TRY(std::string token, auth::mint(key_.key, key_.algorithm, key_.id, all));
  auth::Credentials made = fixed;
  if (Result<> added = made.add(place_, std::move(token)); !added) {
    return tl::unexpected(std::move(added).error());
  }
  auto shared = std::make_shared<const auth::Credentials>(std::move(made));
  // The backend's clock may be ahead, and the request takes its time.
  const auto used = ttl_ - std::min<std::chrono::seconds>(ttl_ / 5, std::chrono::seconds(30));
  keep(Kept{std::move(claims), shared, exchange.time, exchange.time + used});
  return shared;
}

std::optional<auth::SigningKey> load_signing_key(const SecretSettings& settings,
                                                 const std::optional<SigningAlgorithm>& algorithm,
                                                 BuildContext& context) {
  const std::optional<std::string> text = read_secret(settings, "signingKey", context);
  if (!text) return std::nullopt;
  Result<auth::SigningKey> key = auth::read_signing_key(*text);
  if (!key) {
    context.fail("signingKey: " + key.error().why());
    return std::nullopt;
  }
  if (algorithm) {
    const auto index = static_cast<std::size_t>(*algorithm);
    const std::string name = spellings(SigningAlgorithm()).at(index);
    const auto named = crypto::algorithm_named(name);
    if (!named || !crypto::fits(*named, key->key.family())) {
      context.fail("the key of `signingKey` cannot sign with " + name);
      return std::nullopt;
    }
    key->algorithm = *named;
  }
  return std::move(*key);
}

std::unique_ptr<const JwtSigner> make_jwt_signer(const JwtSignSettings& settings,
                                                 BuildContext& context) {
  auto key = load_signing_key(settings.signing_key, settings.algorithm, context);
  if (key && settings.key_id) key->id = *settings.key_id;
  JwtSigner::Claims claims;
  cel::CompileOptions options;
  options.phase = cel::Phase::request_head;
  options.is_rule = false;
  for (const auto& [name, expression] : settings.claims) {
    if (name == "iat" || name == "exp") {
      context.fail("the claim `" + name + "` is the gateway's own: use `ttl`");
      continue;
    }
    cel::Compiled compiled = cel::compile(*expression, context.environment(), options);
    for (const cel::Problem& problem : compiled.problems) {
      context.say(problem, expression, "claims." + name);
    }
    if (compiled.ok()) claims.emplace_back(name, std::move(*compiled.program));
  }
  if (!key || claims.size() != settings.claims.size()) return nullptr;
  return std::make_unique<JwtSigner>(std::move(*key), std::move(claims), settings,
                                     context.environment());
}

}  // namespace policy

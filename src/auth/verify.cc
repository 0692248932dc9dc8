#include "auth/verify.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "base/base64.h"

namespace auth {
namespace {

using Seconds = std::chrono::duration<double>;
using Check = std::optional<TokenFault>;  // what is wrong, if anything

constexpr std::size_t claims_depth_max = 64;
constexpr std::size_t claims_members_max = 10'000;
// The end of the year 9999. A later time was counted in other units, or is there to overflow.
constexpr double time_max = 253'402'300'799.0;

json::Limits claims_limits() {
  json::Limits limits;
  limits.depth_max = claims_depth_max;
  limits.members_max = claims_members_max;
  return limits;
}

// Each field with its length in front, so that no two lists of fields look alike.
void append(std::string& text, std::string_view field) {
  text += std::to_string(field.size());
  text += ':';
  text += field;
}

void append(std::string& text, const std::vector<std::string>& fields) {
  append(text, std::to_string(fields.size()));
  for (const std::string& field : fields) append(text, field);
}

crypto::Sha256 digest_of(const std::vector<Provider>& providers) {
  std::string text;
  for (const Provider& provider : providers) {
    append(text, "issuer");
    append(text, provider.issuer);
    append(text, provider.audiences);
    append(text, provider.required_claims);
    append(text, provider.types);
    append(text, std::to_string(provider.leeway.count()));
    append(text, provider.age_max ? std::to_string(provider.age_max->count()) : "");
    append(text, provider.takes_proofs ? "proofs" : "");
    append(text, std::to_string(provider.algorithms.size()));
    for (const auto algorithm : provider.algorithms) append(text, crypto::name_of(algorithm));
    append(text, provider.keys ? crypto::view_of(provider.keys->digest()) : "");
    append(text, provider.secret ? crypto::view_of(provider.secret->digest()) : "");
    append(text, provider.revoked ? crypto::view_of(provider.revoked->digest()) : "");
  }
  return crypto::sha256(text);
}

Seconds since_epoch(WallTime time) {
  return time.time_since_epoch();
}

// The point in time, or the end of what the clock can show.
WallTime wall_time(Seconds since) {
  constexpr auto last = std::chrono::duration_cast<Seconds>(WallTime::max().time_since_epoch());
  if (since >= last) return WallTime::max();
  return WallTime(std::chrono::duration_cast<WallTime::duration>(since));
}

tl::expected<const Provider*, TokenFault> provider_of(json::Value claims, const Trust& trust) {
  const auto issuer = claims.find_string("iss");
  if (!issuer || issuer->empty()) return tl::unexpected(TokenFault::issuer_missing);
  const auto found = std::ranges::find(trust.providers, *issuer, &Provider::issuer);
  if (found == trust.providers.end()) return tl::unexpected(TokenFault::issuer_unknown);
  return &*found;
}

// RFC 8725, 3.11: a JWT made for another use has its own `typ`.
bool is_type_accepted(const UnverifiedToken& token, const Provider& provider) {
  const std::optional<std::string>& type = token.type();
  if (provider.types.empty()) return !type || *type == "jwt" || *type == "at+jwt";
  return type && std::ranges::find(provider.types, *type) != provider.types.end();
}

using Signer = std::variant<const crypto::PublicKey*, const SharedSecret*>;

// What must have signed the token: the shared secret of an issuer that has one, else a public key.
tl::expected<Signer, TokenFault> signer_of(const UnverifiedToken& token, const Provider& provider) {
  if (provider.secret) {
    if (token.mac() != provider.secret->hash()) {
      return tl::unexpected(TokenFault::algorithm_not_accepted);
    }
    return provider.secret.get();
  }
  if (!token.algorithm()) return tl::unexpected(TokenFault::algorithm_not_accepted);
  if (!provider.algorithms.empty() &&
      std::ranges::find(provider.algorithms, *token.algorithm()) == provider.algorithms.end()) {
    return tl::unexpected(TokenFault::algorithm_not_accepted);
  }
  if (!provider.keys) return tl::unexpected(TokenFault::keys_missing);
  const auto key = provider.keys->choose(token.key_id(), *token.algorithm());
  if (!key) return tl::unexpected(key.error());
  return &(*key)->key;
}

// RFC 7519, 2: a NumericDate is a JSON number of seconds, fractions allowed.
tl::expected<std::optional<Seconds>, TokenFault> time_claim(json::Value claims,
                                                            std::string_view name) {
  const auto value = claims.find(name);
  if (!value) return std::nullopt;
  const auto number = value->as_double();
  if (!number || !std::isfinite(*number) || *number < 0 || *number > time_max) {
    return tl::unexpected(TokenFault::time_malformed);
  }
  return Seconds(*number);
}

// When the token is good, leeway included.
struct Period {
  std::optional<Seconds> from, until;
  std::optional<Seconds> young_until;
};

// RFC 7519, 4.1.4 to 4.1.6. Unless the age counts, `iat` says nothing about validity, but has to be
// a time.
tl::expected<Period, TokenFault> period_of(json::Value claims, const Provider& provider) {
  const auto expires = time_claim(claims, "exp");
  const auto begins = time_claim(claims, "nbf");
  const auto issued = time_claim(claims, "iat");
  if (!expires || !begins || !issued) return tl::unexpected(TokenFault::time_malformed);
  const std::chrono::seconds leeway = provider.leeway;
  Period period{*begins, *expires, std::nullopt};
  if (period.from && period.until && *period.from > *period.until) {
    return tl::unexpected(TokenFault::time_malformed);
  }
  if (period.from) *period.from -= leeway;
  if (period.until) *period.until += leeway;
  if (!provider.age_max) return period;
  if (!*issued) return tl::unexpected(TokenFault::claim_missing);
  // One that says it was issued later would stay young for as long as it likes.
  period.from = std::max(period.from.value_or(Seconds(0)), **issued - leeway);
  period.young_until = **issued + *provider.age_max + leeway;
  return period;
}

Check check_period(const Period& period, WallTime now) {
  if (period.until && since_epoch(now) >= *period.until) return TokenFault::expired;
  if (period.from && since_epoch(now) < *period.from) return TokenFault::not_yet_valid;
  if (period.young_until && since_epoch(now) >= *period.young_until) return TokenFault::too_old;
  return std::nullopt;
}

// RFC 7519, 4.1.3: a string, or a list of strings.
Check check_audience(json::Value claims, const Provider& provider) {
  const auto is_ours = [&](std::string_view audience) {
    return std::ranges::find(provider.audiences, audience) != provider.audiences.end();
  };
  const auto audience = claims.find("aud");
  if (!audience) {
    if (provider.audiences.empty()) return std::nullopt;
    return TokenFault::audience_missing;
  }
  bool matches = provider.audiences.empty();
  if (const auto text = audience->as_string()) {
    matches = matches || is_ours(*text);
  } else if (!audience->is_array()) {
    return TokenFault::audience_malformed;
  }
  for (const json::Value one : audience->elements()) {
    const auto text = one.as_string();
    if (!text) return TokenFault::audience_malformed;
    matches = matches || is_ours(*text);
  }
  if (!matches) return TokenFault::audience_wrong;
  return std::nullopt;
}

// A subject that is no string would compare unequal to every rule's text and could be mistaken for
// another one when written down; an empty one would make strangers one caller.
Check check_subject(json::Value claims) {
  if (claims.find("sub") && claims.find_string("sub").value_or("").empty()) {
    return TokenFault::subject_malformed;
  }
  return std::nullopt;
}

// The `jkt` of a confirmation (RFC 7800, 3.1; RFC 9449, 6.1): 32 bytes of SHA-256. Nothing for
// every other confirmation, and for one that holds more than this.
std::optional<std::string> thumbprint_of(json::Value confirmation) {
  const auto text = confirmation.find_string("jkt");
  if (!text || confirmation.size() != 1) return std::nullopt;
  const auto bytes = base::base64url_decode(*text);
  if (!bytes || bytes->size() != std::tuple_size_v<crypto::Sha256>) return std::nullopt;
  return std::string(*text);
}

Check check_claims(json::Value claims, const Provider& provider, WallTime now) {
  if (const Check wrong = check_audience(claims, provider)) return wrong;
  if (const Check wrong = check_subject(claims)) return wrong;
  for (const std::string& name : provider.required_claims) {
    const auto claim = claims.find(name);
    if (!claim || claim->is_null()) return TokenFault::claim_missing;
  }
  // RFC 7800, 3: the caller has to prove that it holds a key. Where that proof is not understood,
  // the token must not pass as one that anybody may carry.
  if (const auto confirmation = claims.find("cnf")) {
    if (!provider.takes_proofs || !thumbprint_of(*confirmation)) return TokenFault::proof_missing;
  }
  if (provider.revoked && provider.revoked->contains(claims, now)) return TokenFault::revoked;
  return std::nullopt;
}

// Signature left out: with ECDSA anybody can write a second one for the same text.
std::string identity_of(std::string_view issuer, const std::optional<std::string>& subject,
                        std::string_view signed_text) {
  std::string text;
  append(text, issuer);
  append(text, subject ? "subject" : "token");
  append(text, subject ? *subject : signed_text);
  return "jwt:" + base::base64url_encode(crypto::view_of(crypto::sha256(text)));
}

}  // namespace

Trust::Trust(std::vector<Provider> providers_given)
    : providers(std::move(providers_given)), digest(digest_of(providers)) {}

Verdict verify(const UnverifiedToken& token, const Trust& trust, WallTime now) {
  auto document = json::Document::parse(token.payload_, claims_limits());
  if (!document || !document->root().is_object()) {
    return tl::unexpected(TokenFault::claims_not_json);
  }
  const json::Value said = document->root();

  const auto provider = provider_of(said, trust);
  if (!provider) return tl::unexpected(provider.error());
  if (!is_type_accepted(token, **provider)) return tl::unexpected(TokenFault::type_wrong);
  const auto signer = signer_of(token, **provider);
  if (!signer) return tl::unexpected(signer.error());
  const auto times = period_of(said, **provider);
  if (!times) return tl::unexpected(times.error());
  const Period& period = *times;
  if (const Check wrong = check_period(period, now)) return tl::unexpected(*wrong);
  const bool is_signed = std::visit([&](const auto* by) { return token.signed_by(*by); }, *signer);
  if (!is_signed) return tl::unexpected(TokenFault::signature_wrong);
  if (const Check wrong = check_claims(said, **provider, now)) return tl::unexpected(*wrong);

  // make_shared cannot reach the private constructor.
  std::shared_ptr<Claims> claims(new Claims(std::move(*document)));
  claims->issuer_ = (*provider)->issuer;
  if (const auto subject = claims->root().find_string("sub")) claims->subject_.emplace(*subject);
  if (period.until) claims->good_until_ = wall_time(*period.until);
  if (period.young_until) {
    claims->good_until_ = std::min(claims->good_until_, wall_time(*period.young_until));
  }
  if (period.from) claims->good_from_ = wall_time(*period.from);
  if (const auto confirmation = claims->root().find("cnf")) {
    claims->key_thumbprint_ = thumbprint_of(*confirmation);
  }
  claims->identity_ = identity_of(claims->issuer_, claims->subject_, token.signed_text_);
  return std::shared_ptr<const Claims>(std::move(claims));
}

const Provider* UnverifiedToken::claimed_provider(const Trust& trust) const {
  const auto document = json::Document::parse(payload_, claims_limits());
  if (!document || !document->root().is_object()) return nullptr;
  const auto provider = provider_of(document->root(), trust);
  return provider ? *provider : nullptr;
}

Verdict verify(std::string_view text, const Trust& trust, WallTime now) {
  const auto token = UnverifiedToken::parse(text);
  if (!token) return tl::unexpected(token.error());
  return verify(*token, trust, now);
}

}  // namespace auth

#include "auth/verify.h"

#include <algorithm>
#include <cmath>

#include "base/base64.h"

namespace auth {
namespace {

using Seconds = std::chrono::duration<double>;
using Check = std::optional<TokenFault>;  // what is wrong, if anything

constexpr std::size_t claims_depth_max = 64;
constexpr std::size_t claims_members_max = 10'000;
// The end of the year 9999. A later time was counted in other units, or is there to overflow.
constexpr double time_max = 253'402'300'799.0;

// Each field with its length in front, so that no two lists of fields look alike.
void append(std::string& text, std::string_view field) {
  text += std::to_string(field.size());
  text += ':';
  text += field;
}

crypto::Sha256 digest_of(const std::vector<Provider>& providers, std::chrono::seconds leeway) {
  std::string text;
  append(text, std::to_string(leeway.count()));
  for (const Provider& provider : providers) {
    append(text, "issuer");
    append(text, provider.issuer);
    append(text, std::to_string(provider.audiences.size()));
    for (const std::string& audience : provider.audiences) append(text, audience);
    append(text, std::to_string(provider.required_claims.size()));
    for (const std::string& claim : provider.required_claims) append(text, claim);
    append(text, std::to_string(provider.algorithms.size()));
    for (const auto algorithm : provider.algorithms) append(text, crypto::name_of(algorithm));
    append(text, provider.keys ? crypto::view_of(provider.keys->digest()) : "");
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

tl::expected<const KeySet::Key*, TokenFault> key_of(const UnverifiedToken& token,
                                                    const Provider& provider) {
  if (!provider.algorithms.empty() &&
      std::ranges::find(provider.algorithms, token.algorithm()) == provider.algorithms.end()) {
    return tl::unexpected(TokenFault::algorithm_not_accepted);
  }
  if (!provider.keys) return tl::unexpected(TokenFault::key_unknown);
  return provider.keys->choose(token.key_id(), token.algorithm());
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
};

// RFC 7519, 4.1.4 to 4.1.6. `iat` says nothing about validity, but has to be a time.
tl::expected<Period, TokenFault> period_of(json::Value claims, std::chrono::seconds leeway) {
  const auto expires = time_claim(claims, "exp");
  const auto begins = time_claim(claims, "nbf");
  if (!expires || !begins || !time_claim(claims, "iat")) {
    return tl::unexpected(TokenFault::time_malformed);
  }
  Period period{*begins, *expires};
  if (period.from && period.until && *period.from > *period.until) {
    return tl::unexpected(TokenFault::time_malformed);
  }
  if (period.from) *period.from -= leeway;
  if (period.until) *period.until += leeway;
  return period;
}

Check check_period(const Period& period, WallTime now) {
  if (period.until && since_epoch(now) >= *period.until) return TokenFault::expired;
  if (period.from && since_epoch(now) < *period.from) return TokenFault::not_yet_valid;
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

Check check_claims(json::Value claims, const Provider& provider) {
  if (const Check wrong = check_audience(claims, provider)) return wrong;
  if (const Check wrong = check_subject(claims)) return wrong;
  for (const std::string& name : provider.required_claims) {
    const auto claim = claims.find(name);
    if (!claim || claim->is_null()) return TokenFault::claim_missing;
  }
  // RFC 7800, 3: the caller has to prove that it holds a key. As long as no proof is understood
  // here, such a token must not pass as one that anybody may carry.
  if (claims.find("cnf")) return TokenFault::proof_missing;
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

Trust::Trust(std::vector<Provider> providers_given, std::chrono::seconds leeway_given)
    : providers(std::move(providers_given)),
      leeway(leeway_given),
      digest(digest_of(providers, leeway)) {}

Verdict verify(const UnverifiedToken& token, const Trust& trust, WallTime now) {
  json::Limits limits;
  limits.depth_max = claims_depth_max;
  limits.members_max = claims_members_max;
  auto document = json::Document::parse(token.payload_, limits);
  if (!document || !document->root().is_object()) {
    return tl::unexpected(TokenFault::claims_not_json);
  }
  const json::Value said = document->root();

  const auto provider = provider_of(said, trust);
  if (!provider) return tl::unexpected(provider.error());
  const auto key = key_of(token, **provider);
  if (!key) return tl::unexpected(key.error());
  const auto times = period_of(said, trust.leeway);
  if (!times) return tl::unexpected(times.error());
  const Period& period = *times;
  if (const Check wrong = check_period(period, now)) return tl::unexpected(*wrong);
  if (!token.signed_by((*key)->key)) return tl::unexpected(TokenFault::signature_wrong);
  if (const Check wrong = check_claims(said, **provider)) return tl::unexpected(*wrong);

  // make_shared cannot reach the private constructor.
  std::shared_ptr<Claims> claims(new Claims(std::move(*document)));
  claims->issuer_ = (*provider)->issuer;
  if (const auto subject = claims->root().find_string("sub")) claims->subject_.emplace(*subject);
  if (period.until) claims->good_until_ = wall_time(*period.until);
  if (period.from) claims->good_from_ = wall_time(*period.from);
  claims->identity_ = identity_of(claims->issuer_, claims->subject_, token.signed_text_);
  return std::shared_ptr<const Claims>(std::move(claims));
}

Verdict verify(std::string_view text, const Trust& trust, WallTime now) {
  const auto token = UnverifiedToken::parse(text);
  if (!token) return tl::unexpected(token.error());
  return verify(*token, trust, now);
}

}  // namespace auth

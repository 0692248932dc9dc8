#include "policy/token_check.h"

#include <filesystem>
#include <set>

#include "auth/bearer.h"
#include "base/text.h"
#include "base/uri.h"
#include "policy/lockout.h"

namespace policy {

void describe(schema::Object<JwksSettings>& o) {
  o.field("file", &JwksSettings::file,
          "Path of a JWK set, relative to the working directory; read again when it changes.");
  o.field("url", &JwksSettings::url,
          "Address of a JWK set, http or https. It is fetched in the background and again when it "
          "is no longer fresh, or when a token has a key that is not in it.");
  o.field("keepFor", &JwksSettings::keep_for,
          "How long fetched keys are used while their address does not answer; after that, tokens "
          "of the issuer get 503.");
  o.scalar_form(&JwksSettings::text, "The JWK set itself.");
  o.check([](const JwksSettings& s) -> std::string {
    if (s.file.has_value() + s.url.has_value() + s.text.has_value() != 1) {
      return "give the key set: one of `file`, `url`, or the JWK set as a string";
    }
    if (s.keep_for < std::chrono::seconds(1)) return "`keepFor` is at least a second";
    if (!s.url) return "";
    const Result<Uri> uri = Uri::parse(*s.url);
    return uri ? "" : "`url`: " + uri.error().why();
  });
}

void describe(schema::Object<JwtProviderSettings>& o) {
  o.field("issuer", &JwtProviderSettings::issuer, "Exactly the `iss` of its tokens.").required();
  o.field("audiences", &JwtProviderSettings::audiences,
          "One of these must be in `aud`; without any, `aud` is not looked at.");
  o.field("jwks", &JwtProviderSettings::jwks, "The issuer's keys.");
  o.field("symmetricKey", &JwtProviderSettings::symmetric_key, "Instead of `jwks`: a shared key.");
  o.exactly_one_of({"jwks", "symmetricKey"});
  o.field("jwtValidationOptions", &JwtProviderSettings::validation, "What a token must have.");
  o.field("revocation", &JwtProviderSettings::revocation,
          "Tokens and callers that are refused although their tokens are good.");
}

std::vector<std::string> spellings(JwtMode) {
  return {"strict", "optional", "permissive"};
}

auth::KeySource JwksSettings::source() const {
  using Kind = auth::KeySource::Kind;
  if (file) return {Kind::file, *file};
  if (!url) return {Kind::text, text.value_or("")};
  auth::KeySource source(Kind::url, *url);
  source.keep_for = keep_for;
  return source;
}

namespace {

// A proof is for us. Sent on, it would be somebody else's to use.
void take_proofs(Exchange& exchange) {
  if (exchange.request().headers.has("dpop")) exchange.change_request().headers.remove("dpop");
}

}  // namespace

TokenCheck::Finding TokenCheck::judge(Exchange& exchange) const {
  if (!place_.is_bearer()) return judge_elsewhere(exchange);
  const http::Headers& headers = exchange.request().headers;
  const auto first = headers.find("authorization");
  if (first && headers.count("authorization") == 1) {
    const auto* claims = exchange.last_token->find(*first, trust_, exchange.time);
    // Which scheme it came with matters only for some; those take the long way.
    const bool is_bearer = base::starts_with_ignoring_case(*first, "bearer");
    if (claims != nullptr && is_bearer && !proofs_.concerns(**claims)) {
      take_proofs(exchange);
      return accept(exchange, *claims);
    }
  }
  return judge(exchange, headers.all("authorization"));
}

TokenCheck::Finding TokenCheck::judge_also(Exchange& exchange) const {
  const auto& claims = exchange.principal().claims();
  if (claims == nullptr || place_.read(exchange).kind != auth::Credential::Kind::none) {
    return judge(exchange);
  }
  // A copy: the verdict may change what is remembered.
  const std::string credentials(exchange.last_token->credentials_of(claims));
  if (credentials.empty()) {
    return wrong(exchange, auth::Credential(), "the token is not at hand any more");
  }
  const std::string_view value = credentials;
  return judge(exchange, std::span(&value, 1));
}

TokenCheck::Finding TokenCheck::judge(Exchange& exchange,
                                      std::span<const std::string_view> values) const {
  const Finding finding = judge_credentials(exchange, values);
  if (finding.kind != Finding::Kind::waiting) take_proofs(exchange);
  return finding;
}

TokenCheck::Finding TokenCheck::judge_credentials(Exchange& exchange,
                                                  std::span<const std::string_view> values) const {
  const auth::Bearer bearer = auth::read_bearer(values, proofs_.schemes());
  switch (bearer.kind) {
    case auth::Bearer::Kind::none:
      return absent();
    case auth::Bearer::Kind::other_scheme:
      // Another scheme's credential is for a policy to judge or for nobody: it is never passed on.
      place_.withhold(exchange, auth::Credential());
      return absent();
    case auth::Bearer::Kind::malformed:
      return guessed(exchange, auth::Credential(), "malformed");
    case auth::Bearer::Kind::token:
      break;
  }
  auth::Verdict verdict = exchange.tokens->verdict(bearer.token, trust_, exchange.time, values[0],
                                                   *exchange.last_token);
  if (!verdict) {
    if (const auto later = lacking_key(exchange, bearer.token, values[0], verdict)) return *later;
  }
  Finding finding;
  if (!verdict) {
    finding = bad(exchange, auth::Credential(), verdict.error());
  } else if (const auto fault = proofs_.judge(exchange, **verdict, bearer)) {
    finding = wrong(exchange, auth::Credential(), auth::name_of(*fault));
    finding.proof = fault;
  } else {
    return accept(exchange, *verdict);
  }
  finding.is_dpop = bearer.is_dpop || proofs_.is_required();
  return finding;
}

auth::Challenge TokenCheck::Finding::challenge() const {
  if (proof) return ProofCheck::challenge(*proof);
  auth::Challenge challenge;
  if (is_dpop) {
    challenge.scheme = "DPoP";
    challenge.algs = auth::proof_algorithms();
  }
  if (kind == Kind::bad_token) {
    challenge.error = "invalid_token";
    challenge.error_description = "the access token is not accepted";
  }
  return challenge;
}

TokenCheck::Finding TokenCheck::judge_elsewhere(Exchange& exchange) const {
  const Finding finding = judge_found(exchange);
  if (finding.kind != Finding::Kind::waiting) take_proofs(exchange);
  return finding;
}

TokenCheck::Finding TokenCheck::judge_found(Exchange& exchange) const {
  const auth::Credential found = place_.read(exchange);
  switch (found.kind) {
    case auth::Credential::Kind::none:
      return absent();
    case auth::Credential::Kind::other_scheme:
      place_.withhold(exchange, found);
      return absent();
    case auth::Credential::Kind::malformed:
      return guessed(exchange, found, "malformed");
    case auth::Credential::Kind::found:
      break;
  }
  // As if it had come the usual way: whoever wants it again looks for it under that name.
  const std::string credentials = "Bearer " + found.value;
  auth::Verdict verdict = exchange.tokens->verdict(found.value, trust_, exchange.time, credentials,
                                                   *exchange.last_token);
  if (!verdict) {
    if (const auto later = lacking_key(exchange, found.value, credentials, verdict)) return *later;
  }
  if (!verdict) return bad(exchange, found, verdict.error());
  auth::Bearer bearer;
  bearer.kind = auth::Bearer::Kind::token;
  bearer.token = found.value;
  if (const auto fault = proofs_.judge(exchange, **verdict, bearer)) {
    Finding finding = wrong(exchange, found, auth::name_of(*fault));
    finding.proof = fault;
    return finding;
  }
  place_.remove(exchange, found);
  exchange.identify(auth::Principal(*verdict));
  return {};
}

// A token that lacks nothing but its key may be good with the keys of now, and then that is the
// verdict, or with those of the next moment.
std::optional<TokenCheck::Finding> TokenCheck::lacking_key(Exchange& exchange,
                                                           std::string_view token,
                                                           std::string_view credentials,
                                                           auth::Verdict& verdict) const {
  const auto lacks_key = [&] {
    return !verdict && (verdict.error() == auth::TokenFault::keys_missing ||
                        verdict.error() == auth::TokenFault::key_unknown);
  };
  const auto index = lacks_key() ? fetched_provider_of(token) : std::nullopt;
  if (!index) return std::nullopt;
  const auth::KeySource& source = *sources_[*index];
  const std::uint64_t seen = keys_->fetches(source);
  if (keys_->find(source) != trust_.providers[*index].keys) {
    verdict = exchange.tokens->verdict(token, trust_of_now(), exchange.time, credentials,
                                       *exchange.last_token);
  }
  if (!lacks_key()) return std::nullopt;
  Finding finding;
  finding.kind = Finding::Kind::waiting;
  finding.why = auth::name_of(verdict.error());
  if (!keys_->may_refetch(source, exchange.began)) return settle(exchange, finding);
  finding.missing = &source;
  finding.seen = seen;
  return finding;
}

// What is to be said when there is nothing more to wait for.
TokenCheck::Finding TokenCheck::settle(Exchange& exchange, const Finding& finding) const {
  if (finding.kind != Finding::Kind::waiting) return finding;
  auth::Credential found;
  if (place_.is_expression()) found = place_.read(exchange);
  if (finding.why != auth::name_of(auth::TokenFault::keys_missing)) {
    return guessed(exchange, found, finding.why);
  }
  place_.remove(exchange, found);
  Finding settled;
  settled.kind = Finding::Kind::no_keys;
  settled.why = finding.why;
  return settled;
}

Task<TokenCheck::Finding> TokenCheck::judge_later(Exchange& exchange) const {
  Finding finding = judge(exchange);
  if (finding.kind == Finding::Kind::waiting) {
    co_await keys_->refetch(*finding.missing, finding.seen);
    finding = judge(exchange);
  }
  finding = settle(exchange, finding);
  take_proofs(exchange);
  co_return finding;
}

Task<TokenCheck::Finding> TokenCheck::judge_also_later(Exchange& exchange) const {
  Finding finding = judge_also(exchange);
  if (finding.kind == Finding::Kind::waiting) {
    co_await keys_->refetch(*finding.missing, finding.seen);
    finding = judge_also(exchange);
  }
  finding = settle(exchange, finding);
  take_proofs(exchange);
  co_return finding;
}

// The provider that would judge the token, if its keys are fetched.
std::optional<std::size_t> TokenCheck::fetched_provider_of(std::string_view token) const {
  const auto parsed = auth::UnverifiedToken::parse(token);
  const auth::Provider* claimed = parsed ? parsed->claimed_provider(trust_) : nullptr;
  if (claimed == nullptr) return std::nullopt;
  const auto index = static_cast<std::size_t>(claimed - trust_.providers.data());
  return sources_[index] ? std::optional(index) : std::nullopt;
}

auth::Trust TokenCheck::trust_of_now() const {
  std::vector<auth::Provider> providers = trust_.providers;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    if (sources_[i]) providers[i].keys = keys_->find(*sources_[i]);
  }
  return auth::Trust(std::move(providers));
}

http::Response refuse_without_keys(Exchange& exchange, const TokenCheck::Finding& finding) {
  exchange.record.reason = Reason::jwt_auth;
  exchange.record.error = std::string(finding.why);
  http::Response response(503, "text/plain; charset=utf-8",
                          "authentication is not possible at the moment");
  response.headers.set("retry-after", "5");
  return response;
}

TokenCheck::Finding TokenCheck::accept(Exchange& exchange,
                                       const std::shared_ptr<const auth::Claims>& claims) {
  exchange.change_request().headers.remove("authorization");
  exchange.identify(auth::Principal(claims));
  return {};
}

TokenCheck::Finding TokenCheck::refusal(Finding::Kind kind, std::string_view why) const {
  Finding finding;
  finding.kind = kind;
  finding.why = why;
  finding.is_dpop = proofs_.is_required();
  return finding;
}

TokenCheck::Finding TokenCheck::absent() const {
  if (mode_ != JwtMode::strict) return {};
  return refusal(Finding::Kind::no_token, "no token");
}

// Who has a token that its issuer signed is not guessing, whatever else is wrong with it: an agent
// that goes on with an expired one must not shut out the others of its address.
TokenCheck::Finding TokenCheck::bad(Exchange& exchange, const auth::Credential& found,
                                    auth::TokenFault fault) const {
  using Fault = auth::TokenFault;
  const bool is_guess = fault <= Fault::signature_wrong && fault != Fault::keys_missing &&
                        fault != Fault::issuer_missing && fault != Fault::issuer_unknown;
  if (is_guess) return guessed(exchange, found, auth::name_of(fault));
  return wrong(exchange, found, auth::name_of(fault));
}

// Tokens are judged also for an address that has shown too many wrong ones: a good one cannot be
// guessed, and behind a proxy all callers have one address. Only what is said of wrong ones
// changes.
TokenCheck::Finding TokenCheck::guessed(Exchange& exchange, const auth::Credential& found,
                                        std::string_view why) const {
  const bool is_locked = locked_for(exchange).has_value();
  if (mode_ == JwtMode::permissive) {
    note_doubt(exchange);
  } else {
    note_failure(exchange);
  }
  Finding finding = wrong(exchange, found, why);
  if (is_locked && finding.kind == Finding::Kind::bad_token) {
    finding.kind = Finding::Kind::locked_out;
  }
  return finding;
}

// What is no token of ours may be a credential for another policy, as an API key is.
TokenCheck::Finding TokenCheck::wrong(Exchange& exchange, const auth::Credential& found,
                                      std::string_view why) const {
  place_.withhold(exchange, found);
  if (mode_ == JwtMode::permissive) return {};
  return refusal(Finding::Kind::bad_token, why);
}

namespace {

std::shared_ptr<const auth::KeySet> load_keys(const JwtProviderSettings& settings,
                                              BuildContext& context) {
  const JwksSettings jwks = settings.jwks.value_or(JwksSettings());
  const auto keys = context.keys().load(jwks.source());
  if (jwks.file) context.watch(*jwks.file);
  if (!keys) {
    const bool is_relative = jwks.file && !jwks.file->starts_with('/');
    context.fail(
        "key set of issuer `" + settings.issuer + "`: " + keys.error().why() +
        (is_relative ? " (looked up in " + std::filesystem::current_path().string() + ")" : ""));
    return nullptr;
  }
  if (jwks.url) {
    context.follow(jwks.source());
    warn_of_clear_text("the key set is fetched", *jwks.url, context);
  } else {
    for (const std::string& warning : (*keys)->warnings()) {
      context.warn("key set of issuer `" + settings.issuer + "`: " + warning);
    }
  }
  return *keys;
}

auth::Provider make_provider(const JwtProviderSettings& settings, BuildContext& context) {
  auth::Provider provider;
  provider.issuer = settings.issuer;
  provider.audiences = settings.audiences;
  apply(settings.validation, provider);
  if (settings.symmetric_key) {
    if (!provider.algorithms.empty()) {
      context.fail("issuer `" + settings.issuer +
                   "`: `algorithms` are of signatures; that of a `symmetricKey` stands with it");
    }
    apply(*settings.symmetric_key, provider, context);
  } else {
    provider.keys = load_keys(settings, context);
  }
  if (settings.revocation) apply(*settings.revocation, provider, context);
  return provider;
}

}  // namespace

TokenCheck make_token_check(JwtMode mode, const std::vector<JwtProviderSettings>& settings,
                            BuildContext& context, const DpopSettings& dpop,
                            const std::optional<LocationSettings>& location) {
  check_origins(dpop, context);
  TokenCheck::Issuers made_of;
  std::set<std::string> issuers;
  for (const JwtProviderSettings& provider : settings) {
    if (!issuers.insert(provider.issuer).second) {
      context.fail("issuer `" + provider.issuer + "` is named twice");
    }
    if (provider.audiences.empty()) {
      context.warn("issuer `" + provider.issuer +
                   "` has no audiences: tokens it made for anybody else are "
                   "accepted, too");
    }
    made_of.providers.push_back(make_provider(provider, context));
    made_of.providers.back().takes_proofs = dpop.mode != DpopMode::off;
    made_of.sources.emplace_back();
    if (provider.jwks && provider.jwks->url) made_of.sources.back() = provider.jwks->source();
  }
  return TokenCheck(mode, std::move(made_of), ProofCheck(dpop, context.keys().proofs()),
                    make_place(location, auth::Location::bearer(), context), context.keys());
}

}  // namespace policy

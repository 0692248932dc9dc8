#include "policy/jwt_auth.h"

#include <filesystem>
#include <set>

#include "auth/bearer.h"
#include "auth/verify.h"

namespace policy {

void describe(schema::Object<JwksSettings>& o) {
  o.field("file", &JwksSettings::file,
          "Path of a JWK set, relative to the working directory; read again when it changes.");
  o.not_supported("url", "Address of a JWK set.");
  o.scalar_form(&JwksSettings::text, "The JWK set itself.");
  o.check([](const JwksSettings& s) -> std::string {
    return s.file || s.text ? "" : "give the key set: `file`, or the JWK set as a string";
  });
}

void describe(schema::Object<JwtValidationSettings>& o) {
  o.field("requiredClaims", &JwtValidationSettings::required_claims,
          "Claims that must be there. `exp` and `nbf` are honoured wherever they are.");
}

void describe(schema::Object<JwtProviderSettings>& o) {
  o.field("issuer", &JwtProviderSettings::issuer, "Exactly the `iss` of its tokens.").required();
  o.field("audiences", &JwtProviderSettings::audiences,
          "One of these must be in `aud`; without any, `aud` is not looked at.");
  o.field("jwks", &JwtProviderSettings::jwks, "The issuer's keys.").required();
  o.field("jwtValidationOptions", &JwtProviderSettings::validation, "What a token must have.");
}

void describe(schema::Object<JwtAuthSettings>& o) {
  o.doc("Verifies a caller's JWT; its claims are `jwt` in rules.");
  o.field("mode", &JwtAuthSettings::mode,
          "`strict`: a valid token or 401. `optional`: no token is anonymous, a bad one is 401. "
          "`permissive`: a bad one is anonymous, too.");
  o.field("issuer", &JwtAuthSettings::issuer, "Exactly the `iss` of accepted tokens.");
  o.field("audiences", &JwtAuthSettings::audiences,
          "One of these must be in `aud`; without any, `aud` is not looked at.");
  o.field("jwks", &JwtAuthSettings::jwks, "The issuer's keys.");
  o.field("jwtValidationOptions", &JwtAuthSettings::validation, "What a token must have.");
  o.field("providers", &JwtAuthSettings::providers,
          "Several issuers, instead of `issuer` and `jwks`.");
  o.not_supported("location", "Where the token is, if not in Authorization.");
  o.check([](const JwtAuthSettings& s) -> std::string {
    if (!s.providers.empty() && (!s.issuer.empty() || s.jwks || !s.audiences.empty())) {
      return "give either `providers` or `issuer`, `audiences` and `jwks`";
    }
    if (!s.providers.empty()) return "";
    if (s.issuer.empty()) return "`issuer` is required";
    return s.jwks ? "" : "`jwks` is required";
  });
}

namespace {

class JwtAuth final : public Policy {
 public:
  JwtAuth(JwtMode mode, std::vector<auth::Provider> providers)
      : mode_(mode), trust_(std::move(providers)) {}

  Verdict decide(Exchange& exchange) const override {
    const http::Headers& headers = exchange.request().headers;
    const auto first = headers.find("authorization");
    if (first && headers.count("authorization") == 1) {
      const auto* claims = exchange.last_token->find(*first, trust_, exchange.time);
      if (claims != nullptr) return accept(exchange, *claims);
    }
    const std::vector<std::string_view> values = headers.all("authorization");
    const auth::Bearer bearer = auth::read_bearer(values);
    switch (bearer.kind) {
      case auth::Bearer::Kind::none:
        return absent(exchange);
      case auth::Bearer::Kind::other_scheme:
        // Another scheme's credential is for us to judge or for nobody: it is never passed on.
        exchange.change_request().headers.remove("authorization");
        return absent(exchange);
      case auth::Bearer::Kind::malformed:
        return wrong(exchange, "malformed");
      case auth::Bearer::Kind::token:
        break;
    }
    const auth::Verdict verdict = exchange.tokens->verdict(bearer.token, trust_, exchange.time,
                                                           values[0], *exchange.last_token);
    if (!verdict) return wrong(exchange, auth::name_of(verdict.error()));
    return accept(exchange, *verdict);
  }

 private:
  static Verdict accept(Exchange& exchange, const std::shared_ptr<const auth::Claims>& claims) {
    exchange.change_request().headers.remove("authorization");
    exchange.identify(auth::Principal(claims));
    return pass;
  }

  Verdict absent(Exchange& exchange) const {
    if (mode_ != JwtMode::strict) return pass;
    return refuse(exchange, "no token", "authentication failure: no bearer token found", {});
  }

  Verdict wrong(Exchange& exchange, std::string_view why) const {
    exchange.change_request().headers.remove("authorization");
    if (mode_ == JwtMode::permissive) return pass;
    // One outward shape for every fault: the reason is in the log, where an attacker cannot read
    // it.
    auth::Challenge challenge;
    challenge.error = "invalid_token";
    challenge.error_description = "the access token is not accepted";
    return refuse(exchange, why, "authentication failure: the token is not accepted", challenge);
  }

  static Verdict refuse(Exchange& exchange, std::string_view why, std::string text,
                        const auth::Challenge& challenge) {
    exchange.record.reason = Reason::jwt_auth;
    exchange.record.error = std::string(why);
    http::Response response(401, "text/plain; charset=utf-8", std::move(text));
    response.headers.set("www-authenticate", auth::write_challenge(challenge));
    return response;
  }

  JwtMode mode_;
  auth::Trust trust_;
};

std::optional<auth::Provider> make_provider(const JwtProviderSettings& settings,
                                            BuildContext& context) {
  const auto keys = context.keys().load(settings.jwks.source());
  if (settings.jwks.file) context.watch(*settings.jwks.file);
  if (!keys) {
    const bool is_relative = settings.jwks.file && !settings.jwks.file->starts_with('/');
    context.fail(
        "key set of issuer `" + settings.issuer + "`: " + keys.error().why() +
        (is_relative ? " (looked up in " + std::filesystem::current_path().string() + ")" : ""));
    return std::nullopt;
  }
  for (const std::string& warning : (*keys)->warnings()) {
    context.warn("key set of issuer `" + settings.issuer + "`: " + warning);
  }
  auth::Provider provider;
  provider.issuer = settings.issuer;
  provider.audiences = settings.audiences;
  provider.required_claims = settings.validation.required_claims;
  provider.keys = *keys;
  return provider;
}

}  // namespace

std::vector<std::string> spellings(JwtMode) {
  return {"strict", "optional", "permissive"};
}

auth::KeySource JwksSettings::source() const {
  using Kind = auth::KeySource::Kind;
  return file ? auth::KeySource(Kind::file, *file) : auth::KeySource(Kind::text, text.value_or(""));
}

std::vector<JwtProviderSettings> JwtAuthSettings::all_providers() const {
  if (!providers.empty()) return providers;
  JwtProviderSettings only;
  only.issuer = issuer;
  only.audiences = audiences;
  only.jwks = jwks.value_or(JwksSettings());
  only.validation = validation;
  return {only};
}

std::unique_ptr<const Policy> make_jwt_auth(const JwtAuthSettings& settings,
                                            BuildContext& context) {
  std::vector<auth::Provider> providers;
  std::set<std::string> issuers;
  for (const JwtProviderSettings& provider : settings.all_providers()) {
    if (!issuers.insert(provider.issuer).second) {
      context.fail("issuer `" + provider.issuer + "` is named twice");
    }
    if (provider.audiences.empty()) {
      context.warn("issuer `" + provider.issuer +
                   "` has no audiences: tokens it made for anybody else are "
                   "accepted, too");
    }
    if (auto made = make_provider(provider, context)) providers.push_back(std::move(*made));
  }
  if (settings.mode != JwtMode::strict) {
    context.warn(
        settings.mode == JwtMode::optional
            ? "jwtAuth mode is `optional` (the default): callers without a token are let in as "
              "anonymous; set `mode: strict` to refuse them"
            : "jwtAuth mode is `permissive`: callers without a valid token are let in as "
              "anonymous");
  }
  return std::make_unique<JwtAuth>(settings.mode, std::move(providers));
}

}  // namespace policy

#include "policy/token_check.h"

#include <filesystem>
#include <set>

#include "auth/bearer.h"

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

std::vector<std::string> spellings(JwtMode) {
  return {"strict", "optional", "permissive"};
}

auth::KeySource JwksSettings::source() const {
  using Kind = auth::KeySource::Kind;
  return file ? auth::KeySource(Kind::file, *file) : auth::KeySource(Kind::text, text.value_or(""));
}

TokenCheck::Finding TokenCheck::judge(Exchange& exchange) const {
  const http::Headers& headers = exchange.request().headers;
  const auto first = headers.find("authorization");
  if (first && headers.count("authorization") == 1) {
    const auto* claims = exchange.last_token->find(*first, trust_, exchange.time);
    if (claims != nullptr) return accept(exchange, *claims);
  }
  return judge(exchange, headers.all("authorization"));
}

TokenCheck::Finding TokenCheck::judge_also(Exchange& exchange) const {
  const auto& claims = exchange.principal().claims();
  if (claims == nullptr || exchange.request().headers.has("authorization")) return judge(exchange);
  // A copy: the verdict may change what is remembered.
  const std::string credentials(exchange.last_token->credentials_of(claims));
  if (credentials.empty()) return wrong(exchange, "the token is not at hand any more");
  const std::string_view value = credentials;
  return judge(exchange, std::span(&value, 1));
}

TokenCheck::Finding TokenCheck::judge(Exchange& exchange,
                                      std::span<const std::string_view> values) const {
  const auth::Bearer bearer = auth::read_bearer(values);
  switch (bearer.kind) {
    case auth::Bearer::Kind::none:
      return absent();
    case auth::Bearer::Kind::other_scheme:
      // Another scheme's credential is for us to judge or for nobody: it is never passed on.
      exchange.change_request().headers.remove("authorization");
      return absent();
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

TokenCheck::Finding TokenCheck::accept(Exchange& exchange,
                                       const std::shared_ptr<const auth::Claims>& claims) {
  exchange.change_request().headers.remove("authorization");
  exchange.identify(auth::Principal(claims));
  return {};
}

TokenCheck::Finding TokenCheck::absent() const {
  if (mode_ != JwtMode::strict) return {};
  return {Finding::Kind::no_token, "no token"};
}

TokenCheck::Finding TokenCheck::wrong(Exchange& exchange, std::string_view why) const {
  exchange.change_request().headers.remove("authorization");
  if (mode_ == JwtMode::permissive) return {};
  return {Finding::Kind::bad_token, why};
}

namespace {

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

TokenCheck make_token_check(JwtMode mode, const std::vector<JwtProviderSettings>& settings,
                            BuildContext& context) {
  std::vector<auth::Provider> providers;
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
    if (auto made = make_provider(provider, context)) providers.push_back(std::move(*made));
  }
  return TokenCheck(mode, std::move(providers));
}

}  // namespace policy

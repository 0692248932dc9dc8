#include "policy/jwt_auth.h"

#include "auth/bearer.h"
#include "policy/lockout.h"

namespace policy {

void describe(schema::Object<JwtAuthSettings>& o) {
  o.doc("Verifies a caller's JWT; its claims are `jwt` in rules.");
  o.field("mode", &JwtAuthSettings::mode,
          "`strict`: a valid token or 401. `optional`: no token is anonymous, a bad one is 401. "
          "`permissive`: a bad one is anonymous, too.");
  o.field("issuer", &JwtAuthSettings::issuer, "Exactly the `iss` of accepted tokens.");
  o.field("audiences", &JwtAuthSettings::audiences,
          "One of these must be in `aud`; without any, `aud` is not looked at.");
  o.field("jwks", &JwtAuthSettings::jwks, "The issuer's keys.");
  o.field("symmetricKey", &JwtAuthSettings::symmetric_key, "Instead of `jwks`: a shared key.");
  o.at_most_one_of({"jwks", "symmetricKey"});
  o.field("jwtValidationOptions", &JwtAuthSettings::validation, "What a token must have.");
  o.field("revocation", &JwtAuthSettings::revocation,
          "Tokens and callers that are refused although their tokens are good.");
  o.field("dpop", &JwtAuthSettings::dpop, "Tokens that are bound to a key of their caller.");
  o.field("providers", &JwtAuthSettings::providers,
          "Several issuers, instead of `issuer` and `jwks`.");
  o.field("location", &JwtAuthSettings::location,
          "Where the token is. Not given: in `Authorization`, after `Bearer `.");
  o.check([](const JwtAuthSettings& s) -> std::string {
    const bool has_issuer = !s.issuer.empty() || s.jwks || !s.audiences.empty() ||
                            s.symmetric_key || s.revocation ||
                            s.validation != JwtValidationSettings();
    if (!s.providers.empty() && has_issuer) {
      return "give either `providers` or `issuer`, `audiences` and `jwks`";
    }
    if (!s.providers.empty()) return "";
    if (s.issuer.empty()) return "`issuer` is required";
    return s.jwks || s.symmetric_key ? "" : "`jwks` is required";
  });
}

namespace {

class JwtAuth final : public Policy {
 public:
  explicit JwtAuth(TokenCheck check) : check_(std::move(check)) {}

  Verdict decide(Exchange& exchange) const override {
    return answer(exchange, check_.judge(exchange));
  }

  Task<Verdict> on_request(Exchange& exchange) const override {
    const TokenCheck::Finding finding = co_await check_.judge_later(exchange);
    co_return answer(exchange, finding);
  }

  void on_response(Exchange& exchange, http::Response& response) const override {
    offer_nonce(exchange, response);
  }

 private:
  static Verdict answer(Exchange& exchange, const TokenCheck::Finding& finding) {
    switch (finding.kind) {
      case TokenCheck::Finding::Kind::locked_out:
        if (auto locked = locked_out(exchange)) return std::move(*locked);
        break;
      case TokenCheck::Finding::Kind::passed:
        return pass;
      case TokenCheck::Finding::Kind::waiting:
        return undecided;
      case TokenCheck::Finding::Kind::no_keys:
        return refuse_without_keys(exchange, finding);
      case TokenCheck::Finding::Kind::no_token:
      case TokenCheck::Finding::Kind::bad_token:
        break;
    }
    return refuse(exchange, finding);
  }

  static Verdict refuse(Exchange& exchange, const TokenCheck::Finding& finding) {
    exchange.record.reason = Reason::jwt_auth;
    exchange.record.error = std::string(finding.why);
    std::string text = "authentication failure: no bearer token found";
    if (finding.kind == TokenCheck::Finding::Kind::bad_token) {
      text = "authentication failure: the token is not accepted";
    }
    http::Response response(401, "text/plain; charset=utf-8", std::move(text));
    response.headers.set("www-authenticate", auth::write_challenge(finding.challenge()));
    return response;
  }

  TokenCheck check_;
};

}  // namespace

std::vector<JwtProviderSettings> JwtAuthSettings::all_providers() const {
  if (!providers.empty()) return providers;
  JwtProviderSettings only;
  only.issuer = issuer;
  only.audiences = audiences;
  only.jwks = jwks;
  only.symmetric_key = symmetric_key;
  only.validation = validation;
  only.revocation = revocation;
  return {only};
}

std::unique_ptr<const Policy> make_jwt_auth(const JwtAuthSettings& settings,
                                            BuildContext& context) {
  TokenCheck check = make_token_check(settings.mode, settings.all_providers(), context,
                                      settings.dpop, settings.location);
  if (settings.mode != JwtMode::strict) {
    context.warn(
        settings.mode == JwtMode::optional
            ? "jwtAuth mode is `optional` (the default): callers without a token are let in as "
              "anonymous; set `mode: strict` to refuse them"
            : "jwtAuth mode is `permissive`: callers without a valid token are let in as "
              "anonymous");
  }
  return std::make_unique<JwtAuth>(std::move(check));
}

}  // namespace policy

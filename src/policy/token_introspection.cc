#include "policy/token_introspection.h"

#include <algorithm>

#include "auth/bearer.h"
#include "auth/introspection.h"
#include "auth/scope.h"
#include "base/uri.h"
#include "policy/lockout.h"

namespace policy {

std::vector<std::string> spellings(ClientAuth) {
  return {"basic", "post"};
}

void describe(schema::Object<IntrospectionCacheSettings>& o) {
  o.field("maxEntries", &IntrospectionCacheSettings::entries,
          "How many answers each thread remembers; 0 for none.");
  o.field("ttl", &IntrospectionCacheSettings::ttl,
          "How long an active token is remembered, never beyond its expiry. A token that is "
          "revoked may be accepted so long.");
  o.field("inactiveTtl", &IntrospectionCacheSettings::inactive_ttl,
          "How long a token that is not active is remembered.");
}

void describe(schema::Object<TokenIntrospectionSettings>& o) {
  using Settings = TokenIntrospectionSettings;
  o.doc(
      "Knows callers by tokens that their issuer is asked about (RFC 7662); what it says of a "
      "token "
      "is `jwt` in rules.");
  o.field("mode", &Settings::mode,
          "`strict`: an active token or 401. `optional`: no token is anonymous, a bad one is 401. "
          "`permissive`: a bad one is anonymous, too.");
  o.field("url", &Settings::url, "Address of the issuer's introspection endpoint.").required();
  o.field("clientId", &Settings::client_id, "Who the gateway is to the issuer.");
  o.field("clientSecret", &Settings::client_secret, "How it proves that.");
  o.field("clientAuth", &Settings::client_auth,
          "`basic`: in the Authorization header. `post`: in the form.");
  o.field("issuer", &Settings::issuer, "Exactly the `iss` of accepted tokens.");
  o.field("audiences", &Settings::audiences,
          "One of these must be in `aud`; without any, `aud` is not looked at.");
  o.field("requiredScopes", &Settings::required_scopes,
          "Scopes that every request needs; without them 403 `insufficient_scope`.");
  o.field("location", &Settings::location,
          "Where the token is. Not given: in `Authorization`, after `Bearer `.");
  o.field("cache", &Settings::cache, "How answers are remembered.");
  o.check([](const Settings& s) -> std::string {
    const Result<Uri> uri = Uri::parse(s.url);
    if (!uri) return "`url`: " + uri.error().why();
    for (const std::string& scope : s.required_scopes) {
      if (!auth::is_scope(scope)) return "`" + scope + "` is no scope";
    }
    return s.client_secret && s.client_id.empty() ? "`clientSecret` needs `clientId`" : "";
  });
}

namespace {

using Kind = auth::Credential::Kind;

// Anything that can stand in a header: its meaning is the issuer's.
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= auth::token_size_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

class TokenIntrospection final : public Policy {
 public:
  TokenIntrospection(const TokenIntrospectionSettings& settings, CredentialPlace place,
                     std::shared_ptr<const auth::Introspector> introspector)
      : mode_(settings.mode),
        scopes_(settings.required_scopes),
        place_(std::move(place)),
        introspector_(std::move(introspector)) {}

  Verdict decide(Exchange& exchange) const override {
    const auth::Credential found = place_.read(exchange);
    if (found.kind == Kind::none || found.kind == Kind::other_scheme) {
      return absent(exchange, found);
    }
    if (found.kind == Kind::malformed || !is_token(found.value)) {
      return wrong(exchange, found, "malformed");
    }
    const auth::Verdict* known =
        exchange.introspections->find(*introspector_, found.value, exchange.time);
    if (known != nullptr) return judge(exchange, found, *known);
    if (auto locked = locked_out(exchange)) return std::move(*locked);
    return undecided;
  }

  Task<Verdict> on_request(Exchange& exchange) const override {
    const auth::Credential found = place_.read(exchange);
    std::string token = found.value;
    const auto answer = co_await exchange.introspections->ask(introspector_, std::move(token));
    if (answer) co_return judge(exchange, found, *answer);
    co_return unavailable(exchange, found, answer.error());
  }

 private:
  Verdict judge(Exchange& exchange, const auth::Credential& found,
                const auth::Verdict& verdict) const {
    if (!verdict) return wrong(exchange, found, auth::name_of(verdict.error()));
    place_.remove(exchange, found);
    exchange.identify(auth::Principal(*verdict));
    exchange.keep_opaque(*verdict, found.value);
    if (auth::are_granted(**verdict, scopes_)) return pass;
    auth::Challenge challenge;
    challenge.error = "insufficient_scope";
    const std::string wanted = joined_scopes();
    challenge.scope = wanted;
    return refuse(exchange, "a required scope is missing", 403, challenge);
  }

  std::string joined_scopes() const {
    std::string text;
    for (const std::string& scope : scopes_) text += (text.empty() ? "" : " ") + scope;
    return text;
  }

  // Another scheme's credential is for a policy to judge or for nobody: it is never passed on.
  Verdict absent(Exchange& exchange, const auth::Credential& found) const {
    if (found.kind == Kind::other_scheme) place_.withhold(exchange, found);
    if (mode_ != JwtMode::strict) return pass;
    return refuse(exchange, "no token", 401, {});
  }

  Verdict wrong(Exchange& exchange, const auth::Credential& found, std::string_view why) const {
    note_failure(exchange);
    place_.withhold(exchange, found);
    if (mode_ == JwtMode::permissive) return pass;
    auth::Challenge challenge;
    challenge.error = "invalid_token";
    challenge.error_description = "the access token is not accepted";
    return refuse(exchange, why, 401, challenge);
  }

  static Verdict refuse(Exchange& exchange, std::string_view why, int status,
                        const auth::Challenge& challenge) {
    exchange.record.reason = Reason::jwt_auth;
    exchange.record.error = std::string(why);
    std::string text = "authentication failure: the token is not accepted";
    if (challenge.error.empty()) text = "authentication failure: no bearer token found";
    if (status == 403) text = "the token does not have the scopes that are needed";
    http::Response response(status, "text/plain; charset=utf-8", std::move(text));
    response.headers.set("www-authenticate", auth::write_challenge(challenge));
    return response;
  }

  // Nobody knows what the token is: it is not refused, and never passes.
  Verdict unavailable(Exchange& exchange, const auth::Credential& found, const Error& error) const {
    place_.remove(exchange, found);
    exchange.record.reason = Reason::jwt_auth;
    exchange.record.error = "token introspection: " + error.why();
    http::Response response(503, "text/plain; charset=utf-8",
                            "authentication is not possible at the moment");
    response.headers.set("retry-after", "5");
    return response;
  }

  JwtMode mode_;
  std::vector<std::string> scopes_;
  CredentialPlace place_;
  std::shared_ptr<const auth::Introspector> introspector_;
};

}  // namespace

std::unique_ptr<const Policy> make_token_introspection(const TokenIntrospectionSettings& settings,
                                                       BuildContext& context) {
  Result<Uri> uri = Uri::parse(settings.url);
  if (!uri) return nullptr;  // said when the file was read
  warn_of_clear_text("tokens are sent to their issuer", settings.url, context);
  auth::IntrospectionSettings made(std::move(*uri));
  made.client_id = settings.client_id;
  if (settings.client_secret) {
    auto secret = read_secret(*settings.client_secret, "clientSecret", context);
    if (!secret) return nullptr;
    made.client_secret = std::move(*secret);
  }
  made.posts_secret = settings.client_auth == ClientAuth::post;
  made.issuer = settings.issuer.value_or("");
  made.audiences = settings.audiences;
  made.active_for = settings.cache.ttl;
  made.inactive_for = settings.cache.inactive_ttl;
  made.entries_max = settings.cache.entries;
  if (settings.mode != JwtMode::strict) {
    context.warn("tokenIntrospection lets callers without a token in as anonymous");
  }
  return std::make_unique<TokenIntrospection>(
      settings, make_place(settings.location, auth::Location::bearer(), context),
      std::make_shared<const auth::Introspector>(std::move(made)));
}

}  // namespace policy

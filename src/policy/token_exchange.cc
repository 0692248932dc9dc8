#include "policy/token_exchange.h"

#include <algorithm>
#include <array>

#include "auth/bearer.h"
#include "auth/scope.h"
#include "auth/token_exchange.h"
#include "base/text.h"
#include "cel/program.h"
#include "policy/backend_auth.h"
#include "policy/jwt_signer.h"

namespace policy {

std::vector<std::string> spellings(ExchangeGrant) {
  return {"tokenExchange", "jwtBearer"};
}
std::vector<std::string> spellings(TokenClientMethod) {
  return {"clientSecretBasic", "clientSecretPost", "privateKeyJwt"};
}

namespace {

using Held = BackendAuth::Held;
using Parameters = std::vector<std::pair<std::string, cel::Program>>;

// What the gateway itself says in a question.
constexpr std::array<std::string_view, 14> reserved_parameters = {"grant_type",
                                                                  "subject_token",
                                                                  "subject_token_type",
                                                                  "actor_token",
                                                                  "actor_token_type",
                                                                  "assertion",
                                                                  "audience",
                                                                  "resource",
                                                                  "scope",
                                                                  "requested_token_type",
                                                                  "client_id",
                                                                  "client_secret",
                                                                  "client_assertion",
                                                                  "client_assertion_type"};

// An absolute URI without a fragment (RFC 3986, 4.3), as RFC 8693 and RFC 8707 want them.
bool is_absolute_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) return false;
  const std::string_view scheme = text.substr(0, colon);
  const auto is_scheme = [](char c) {
    return base::is_alnum(c) || c == '+' || c == '-' || c == '.';
  };
  const auto is_plain = [](char c) { return c > ' ' && c <= '~' && c != '#'; };
  return !base::is_digit(scheme.front()) && std::all_of(scheme.begin(), scheme.end(), is_scheme) &&
         std::all_of(text.begin(), text.end(), is_plain);
}

std::string check_token_type(const std::string& type) {
  return is_absolute_uri(type) ? "" : "expected a token type, which is an absolute URI";
}

// The whole address: `host` alone means http, as agentgateway has it.
Result<Uri> address_of(const TokenExchangeSettings& settings) {
  const bool has_scheme = settings.host.find("://") != std::string::npos;
  const std::string origin = has_scheme ? settings.host : "http://" + settings.host;
  TRY(Uri uri, Uri::parse(origin));
  if (settings.path.empty()) return uri;
  if (uri.target() != "/" || origin.ends_with('/')) {
    return failed(Fault::bad_request, "the path stands in `host` and in `path`");
  }
  if (!settings.path.starts_with('/')) return failed(Fault::bad_request, "`path` begins with `/`");
  return Uri::parse(origin + settings.path);
}

std::string fault_of_grant(const TokenExchangeSettings& s) {
  if (s.grant == ExchangeGrant::token_exchange) return "";
  if (s.actor) return "`actorToken` is for `grantType: tokenExchange`";
  return s.requested_type ? "`requestedTokenType` is for `grantType: tokenExchange`" : "";
}

std::string fault_of_words(const TokenExchangeSettings& s) {
  for (const std::string& scope : s.scopes) {
    if (!auth::is_scope(scope)) return "`" + scope + "` is no scope";
  }
  for (const std::string& resource : s.resources) {
    if (!is_absolute_uri(resource)) return "`" + resource + "` is no absolute URI";
  }
  for (const auto& [name, expression] : s.more) {
    const std::string lower = base::to_lower(name);
    const auto& all = reserved_parameters;
    if (name.empty() || std::find(all.begin(), all.end(), lower) != all.end()) {
      return "`additionalParams`: `" + name + "` is the gateway's own";
    }
  }
  return "";
}

}  // namespace

void describe(schema::Object<SubjectTokenSettings>& o) {
  o.field("source", &SubjectTokenSettings::source,
          "Where the request has the token. Not given: it is the caller's own, after it was "
          "verified. What stands elsewhere is judged by the authorization server alone.");
  o.field("tokenType", &SubjectTokenSettings::type, "What kind of token it is.")
      .check(check_token_type);
}

void describe(schema::Object<ActorTokenSettings>& o) {
  o.doc("Who acts for the caller (RFC 8693, 1.1).");
  o.field("source", &ActorTokenSettings::source, "Where the request has the token.").required();
  o.field("tokenType", &ActorTokenSettings::type, "What kind of token it is.")
      .check(check_token_type);
  o.not_supported("enforceMayAct", "Whether the gateway itself looks at `may_act`.");
}

void describe(schema::Object<TokenClientSettings>& o) {
  using Settings = TokenClientSettings;
  o.doc("Who the gateway is to the authorization server, and how it proves that.");
  o.field("clientId", &Settings::client_id, "Its name.").required();
  o.field("method", &Settings::method,
          "`clientSecretBasic`: the secret in the Authorization header. `clientSecretPost`: in the "
          "form. `privateKeyJwt`: a signed assertion.");
  o.field("clientSecret", &Settings::client_secret, "The secret.");
  o.field("signingKey", &Settings::signing_key,
          "The private key of `privateKeyJwt`: PKCS#8 in PEM, or a private JWK.");
  o.field("alg", &Settings::algorithm,
          "How it signs. Not given: what the JWK says, else the usual one for the key.");
  o.field("kid", &Settings::key_id, "The key's name, for the assertion's header.");
  o.field("assertionAudience", &Settings::assertion_audience,
          "Who the assertion is for: the authorization server's issuer or token endpoint.");
  o.not_supported("certificate", "A certificate of the key.");
  o.not_supported("certificateHeader", "How the assertion names it.");
  o.check([](const Settings& s) -> std::string {
    const bool signs = s.method == TokenClientMethod::private_key_jwt;
    if (signs && (!s.signing_key || !s.assertion_audience)) {
      return "`privateKeyJwt` needs `signingKey` and `assertionAudience`";
    }
    if (signs && s.client_secret) return "`privateKeyJwt` has no `clientSecret`";
    const bool has_more = s.signing_key || s.algorithm || s.key_id || s.assertion_audience;
    if (!signs && has_more) {
      return "`signingKey`, `alg`, `kid` and `assertionAudience` are for `privateKeyJwt`";
    }
    const bool is_basic = s.method == TokenClientMethod::basic;
    return is_basic && !s.client_secret ? "`clientSecretBasic` needs `clientSecret`" : "";
  });
}

void describe(schema::Object<ExchangeCacheSettings>& o) {
  o.field("maxEntries", &ExchangeCacheSettings::entries,
          "How many tokens are remembered; 0 for none.");
  o.field("defaultTtl", &ExchangeCacheSettings::default_ttl,
          "How long a token is good of which the authorization server does not say it.")
      .check([](std::chrono::milliseconds ttl) -> std::string {
        const bool fits = ttl >= std::chrono::seconds(1) && ttl <= std::chrono::hours(24);
        return fits ? "" : "must be from 1s to 24h";
      });
}

void describe(schema::Object<TokenExchangeSettings>& o) {
  using Settings = TokenExchangeSettings;
  o.doc(
      "A token that an authorization server gives for the caller's (RFC 8693; RFC 7523 with "
      "`jwtBearer`), remembered until it is nearly over.");
  o.field("host", &Settings::host,
          "The authorization server: `host:port`, or with its scheme, `https://host`.")
      .required();
  o.field("path", &Settings::path, "Path of its token endpoint. Not given: `/`.");
  o.field("grantType", &Settings::grant,
          "`tokenExchange`: RFC 8693. `jwtBearer`: RFC 7523, the token is the assertion.");
  o.field("subjectToken", &Settings::subject, "Whose token it is to be.");
  o.field("actorToken", &Settings::actor, "Who acts for the caller.");
  o.field("audiences", &Settings::audiences, "Who the token is for, by the server's own names.");
  o.field("scopes", &Settings::scopes, "What it is to be good for.");
  o.field("resources", &Settings::resources, "Who it is for, as addresses (RFC 8707).");
  o.field("requestedTokenType", &Settings::requested_type,
          "What kind of token it must be. Not given: an access token or a JWT.")
      .check([](const std::optional<std::string>& type) { return check_token_type(*type); });
  o.field("clientAuth", &Settings::client, "How the gateway proves who it is. Not given: not.");
  o.field("additionalParams", &Settings::more,
          "More parameters of the question by name, each a CEL expression that gives a string.");
  o.field("authorizationLocation", &Settings::location,
          "Where the new token goes. Not given: in `Authorization`, after `Bearer `.");
  o.field("cache", &Settings::cache, "How tokens are remembered.");
  for (const char* other : {"service", "backend"}) {
    o.not_supported(other, "The authorization server by name.");
  }
  o.not_supported("policies", "How it is reached.");
  o.check("host", [](const Settings& s) -> std::string {
    const Result<Uri> uri = address_of(s);
    return uri ? "" : uri.error().why();
  });
  o.check(fault_of_grant);
  o.check(fault_of_words);
}

namespace {

// The tokens of a request, and the question they make.
class Question {
 public:
  Question(std::optional<CredentialPlace> subject, std::optional<CredentialPlace> actor,
           Parameters more, const cel::Environment& environment)
      : subject_(std::move(subject)),
        actor_(std::move(actor)),
        more_(std::move(more)),
        environment_(environment) {}

  // Fault::forbidden if the request has no such token, or more than one: there is nobody to speak
  // for. Whatever it has is for the authorization server, and no backend sees it.
  Result<auth::TokenQuestion> of(Exchange& exchange) const {
    auth::TokenQuestion question;
    TRY(question.subject, subject_ ? token_at(*subject_, exchange) : token_of_caller(exchange));
    if (actor_) {
      TRY(question.actor, token_at(*actor_, exchange));
    }
    for (const auto& [name, program] : more_) {
      TRY(std::string value, parameter(name, program, exchange));
      question.more.emplace_back(name, std::move(value));
    }
    return question;
  }

 private:
  static Error nobody(const char* why) {
    return {Fault::forbidden, std::string("oauthTokenExchange: ") + why};
  }

  static Result<std::string> token_of_caller(const Exchange& exchange) {
    const std::string_view shown = exchange.credentials_of_caller();
    const auto bearer = auth::read_bearer(std::span(&shown, 1), auth::Schemes::bearer_and_dpop);
    if (shown.empty() || bearer.kind != auth::Bearer::Kind::token) {
      return tl::unexpected(nobody("the caller has no verified token"));
    }
    return std::string(bearer.token);
  }

  static Result<std::string> token_at(const CredentialPlace& place, Exchange& exchange) {
    const auth::Credential found = place.read(exchange);
    // A policy that judged it has taken it from there.
    if (found.kind == auth::Credential::Kind::none && place.is_bearer()) {
      return token_of_caller(exchange);
    }
    if (found.kind != auth::Credential::Kind::found || found.value.empty() ||
        found.value.size() > auth::token_size_max) {
      return tl::unexpected(nobody("no token, or not exactly one, where it should be"));
    }
    place.withhold(exchange, found);
    return found.value;
  }

  Result<std::string> parameter(const std::string& name, const cel::Program& program,
                                Exchange& exchange) const {
    cel::Context& context = exchange.rules(environment_);
    context.set_phase(cel::Phase::request_head);
    const cel::Value value = program.evaluate(context);
    if (!value.is(cel::Kind::string)) {
      return tl::unexpected(nobody("a parameter is no string: ").within("`" + name + "`"));
    }
    return std::string(value.as_string());
  }

  std::optional<CredentialPlace> subject_;  // not given: the caller's own
  std::optional<CredentialPlace> actor_;
  Parameters more_;
  const cel::Environment& environment_;
};

class ExchangedToken final : public BackendAuth {
 public:
  ExchangedToken(Question question, std::shared_ptr<const auth::TokenExchanger> exchanger)
      : question_(std::move(question)), exchanger_(std::move(exchanger)) {}

  bool differs_by_token() const override { return true; }
  std::optional<Result<Held>> credentials(Exchange& exchange) const override {
    const auto question = question_.of(exchange);
    if (!question) return tl::unexpected(question.error());
    return exchanger_->find(exchanger_->key_of(*question), exchange.time);
  }

  Task<Result<Held>> fetch(Exchange& exchange) const override {
    CO_TRY(auth::TokenQuestion question, question_.of(exchange));
    co_return co_await exchange.token_exchanges->ask(exchanger_, std::move(question));
  }

 private:
  Question question_;
  std::shared_ptr<const auth::TokenExchanger> exchanger_;
};

std::optional<auth::TokenClient> client_of(const TokenClientSettings& settings,
                                           BuildContext& context) {
  using Method = auth::TokenClient::Method;
  constexpr std::array<Method, 3> methods = {Method::basic, Method::post, Method::private_key_jwt};
  auth::TokenClient client;
  client.method = methods.at(static_cast<std::size_t>(settings.method));
  client.id = settings.client_id;
  client.audience = settings.assertion_audience.value_or("");
  if (settings.client_secret) {
    auto secret = read_secret(*settings.client_secret, "clientSecret", context);
    if (!secret) return std::nullopt;
    client.secret = std::move(*secret);
  }
  if (!settings.signing_key) return client;
  auto key = load_signing_key(*settings.signing_key, settings.algorithm, context);
  if (!key) return std::nullopt;
  if (settings.key_id) key->id = *settings.key_id;
  client.key = std::make_shared<const auth::SigningKey>(std::move(*key));
  return client;
}

std::optional<CredentialPlace> place_of(const std::optional<LocationSettings>& source,
                                        BuildContext& context) {
  if (!source) return std::nullopt;
  return make_place(source, auth::Location::bearer(), context);
}

Parameters compile(const TokenExchangeSettings& settings, BuildContext& context) {
  Parameters parameters;
  cel::CompileOptions options;
  options.phase = cel::Phase::request_head;
  options.is_rule = false;
  for (const auto& [name, expression] : settings.more) {
    cel::Compiled compiled = cel::compile(*expression, context.environment(), options);
    for (const cel::Problem& problem : compiled.problems) {
      context.say(problem, expression, "oauthTokenExchange.additionalParams." + name);
    }
    if (!compiled.ok()) continue;
    if (compiled.type != "string" && compiled.type != "dyn") {
      context.fail("`additionalParams`: `" + name + "` must be a string, not " + compiled.type);
    }
    parameters.emplace_back(name, std::move(*compiled.program));
  }
  return parameters;
}

std::string joined(const std::vector<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

}  // namespace

std::unique_ptr<const BackendAuth> make_token_exchange(const TokenExchangeSettings& settings,
                                                       auth::Credentials fixed,
                                                       BuildContext& context) {
  Result<Uri> uri = address_of(settings);
  if (!uri) return nullptr;  // said when the file was read
  warn_of_clear_text("tokens of callers are sent to the authorization server", uri->text(),
                     context);
  auth::TokenExchangeSettings made(std::move(*uri));
  if (settings.grant == ExchangeGrant::jwt_bearer) {
    made.grant = auth::TokenExchangeSettings::Grant::jwt_bearer;
  }
  if (settings.client) {
    auto client = client_of(*settings.client, context);
    if (!client) return nullptr;
    made.client = std::move(*client);
  }
  made.subject_type = settings.subject.type;
  if (settings.actor) made.actor_type = settings.actor->type;
  made.requested_type = settings.requested_type.value_or("");
  made.audiences = settings.audiences;
  made.resources = settings.resources;
  made.scope = joined(settings.scopes);
  if (settings.location) made.place = settings.location->location();
  made.fixed = std::move(fixed);
  made.entries_max = settings.cache.entries;
  made.default_ttl = std::chrono::duration_cast<std::chrono::seconds>(settings.cache.default_ttl);
  std::optional<LocationSettings> actor;
  if (settings.actor) actor = settings.actor->source;
  Parameters more = compile(settings, context);
  if (more.size() != settings.more.size()) return nullptr;
  Question question(place_of(settings.subject.source, context), place_of(actor, context),
                    std::move(more), context.environment());
  return std::make_unique<ExchangedToken>(
      std::move(question), std::make_shared<const auth::TokenExchanger>(std::move(made)));
}

}  // namespace policy

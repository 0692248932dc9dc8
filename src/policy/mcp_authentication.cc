#include "policy/mcp_authentication.h"

#include <algorithm>

#include "auth/scope.h"
#include "base/uri.h"
#include "policy/identity_provider.h"
#include "policy/lockout.h"
#include "policy/protected_resource.h"

namespace policy {

void describe(schema::Object<NoSettings>& o) {
  o.doc("Has no settings: `{}`.");
}

void describe(schema::Object<IdentityProviderSettings>& o) {
  using Settings = IdentityProviderSettings;
  o.field("auth0", &Settings::auth0, "Auth0.");
  o.field("keycloak", &Settings::keycloak, "Keycloak.");
  o.field("okta", &Settings::okta, "Okta.");
  o.field("descope", &Settings::descope, "Descope.");
  o.field("authentik", &Settings::authentik, "authentik.");
  o.field("entra", &Settings::entra, "Microsoft Entra ID.");
  o.exactly_one_of({"auth0", "keycloak", "okta", "descope", "authentik", "entra"});
}

void describe(schema::Object<McpAuthenticationSettings>& o) {
  using Settings = McpAuthenticationSettings;
  o.doc(
      "The route is an OAuth 2.1 protected resource: tokens are verified, and clients are told "
      "where to get one.");
  o.field("issuer", &Settings::issuer, "Exactly the `iss` of accepted tokens.").required();
  o.field("audiences", &Settings::audiences,
          "One of these must be in `aud`; without any, `aud` is not looked at.");
  o.field("provider", &Settings::provider,
          "An authorization server that does not do all that MCP clients expect: the gateway "
          "stands for it and adapts its metadata.");
  o.field("resourceMetadata", &Settings::resource_metadata,
          "What the metadata document says (RFC 9728, 2), in camelCase or as it is there. "
          "`resource` is the address that clients use.");
  o.field("jwks", &Settings::jwks,
          "The issuer's keys. Not given: fetched from where such an issuer has them.");
  o.field("mode", &Settings::mode,
          "`strict`: a valid token or 401. `optional`: no token is anonymous, a bad one is 401. "
          "`permissive`: a bad one is anonymous, too.");
  o.field("authorizationLocation", &Settings::location,
          "Where the token is. Not given: in `Authorization`, after `Bearer `.");
  o.field("jwtValidationOptions", &Settings::validation, "What a token must have.");
  o.field("revocation", &Settings::revocation,
          "Tokens and callers that are refused although their tokens are good.");
  o.field("dpop", &Settings::dpop, "Tokens that are bound to a key of their caller.");
  o.field("requiredScopes", &Settings::required_scopes,
          "Scopes that every request needs; without them 403 `insufficient_scope`.");
  o.field("toolScopes", &Settings::tool_scopes,
          "Scopes that calls of a tool need besides, by the tool's name.");
  o.field("allowedHosts", &Settings::allowed_hosts,
          "Hosts, perhaps with a port, that may stand in the address of the resource if "
          "`resourceMetadata.resource` is not given.");
  o.field("clientId", &Settings::client_id,
          "A client that stands for all: clients that want to register get it, where `provider` "
          "is given.");
  o.field("clientSecret", &Settings::client_secret,
          "Its secret, added to token requests that pass here (`entra` only).")
      .secret();
  o.check([](const Settings& s) -> std::string {
    if (s.client_secret && !(s.provider && s.provider->entra && s.client_id)) {
      return "`clientSecret` is for `provider: {entra: {}}` with a `clientId`";
    }
    if (s.client_id && !s.provider) return "`clientId` needs a `provider`";
    if (s.jwks || IdentityProvider::make(s)) return "";
    return "`jwks` is required: the issuer's keys are at no address that can be told from its name";
  });
}

const yaml::Node* McpAuthenticationSettings::metadata(std::string_view camel_case,
                                                      std::string_view snake_case) const {
  for (const auto& [name, value] : resource_metadata) {
    if (name == camel_case || name == snake_case) return &value.node;
  }
  return nullptr;
}

JwtProviderSettings McpAuthenticationSettings::as_provider() const {
  JwtProviderSettings made;
  made.issuer = issuer;
  made.audiences = audiences;
  made.validation = validation;
  made.revocation = revocation;
  made.jwks = jwks;
  if (jwks) return made;
  if (const auto at = IdentityProvider::make(*this)) {
    made.jwks = JwksSettings();
    made.jwks->url = at->jwks_address().text();
  }
  return made;
}

std::optional<std::string> McpAuthenticationSettings::resource() const {
  const yaml::Node* node = metadata("resource", "resource");
  if (node == nullptr || !node->is_scalar() || node->core() != yaml::Core::string) {
    return std::nullopt;
  }
  return node->text;
}

std::vector<std::string> McpAuthenticationSettings::scopes_supported() const {
  std::vector<std::string> scopes;
  const yaml::Node* node = metadata("scopesSupported", "scopes_supported");
  if (node == nullptr) return scopes;
  for (const yaml::Node& item : node->items) {
    if (item.text != "offline_access") scopes.push_back(item.text);
  }
  return scopes;
}

namespace {

class McpAuthentication final : public Policy {
 public:
  McpAuthentication(TokenCheck check, ProtectedResource resource)
      : check_(std::move(check)), resource_(std::move(resource)) {}

  Verdict decide(Exchange& exchange) const override {
    return answer(exchange, check_.judge_also(exchange));
  }

  Task<Verdict> on_request(Exchange& exchange) const override {
    const TokenCheck::Finding finding = co_await check_.judge_also_later(exchange);
    co_return answer(exchange, finding);
  }

  void on_response(Exchange& exchange, http::Response& response) const override {
    offer_nonce(exchange, response);
  }

  const ProtectedResource* protected_resource() const override { return &resource_; }

 private:
  Verdict answer(Exchange& exchange, const TokenCheck::Finding& finding) const {
    switch (finding.kind) {
      case TokenCheck::Finding::Kind::waiting:
        return undecided;
      case TokenCheck::Finding::Kind::no_keys:
        return refuse_without_keys(exchange, finding);
      case TokenCheck::Finding::Kind::no_token:
        note(exchange, finding.why);
        return resource_.refuse_missing(exchange, finding.challenge());
      case TokenCheck::Finding::Kind::bad_token:
        note(exchange, finding.why);
        return resource_.refuse_bad(exchange, finding.challenge());
      case TokenCheck::Finding::Kind::locked_out:
        if (auto locked = locked_out(exchange)) return std::move(*locked);
        return resource_.refuse_bad(exchange, finding.challenge());
      case TokenCheck::Finding::Kind::passed:
        break;
    }
    if (resource_.may_enter(exchange)) return pass;
    note(exchange, "a required scope is missing");
    // Whoever has no token at all needs one first.
    if (exchange.principal().claims() == nullptr) {
      return resource_.refuse_missing(exchange, finding.challenge());
    }
    return resource_.refuse_scope(exchange, {});
  }

  static void note(Exchange& exchange, std::string_view why) {
    exchange.record.reason = Reason::jwt_auth;
    exchange.record.error = std::string(why);
  }

  TokenCheck check_;
  ProtectedResource resource_;
};

void check_scopes(const std::vector<std::string>& scopes, BuildContext& context) {
  for (const std::string& scope : scopes) {
    if (!auth::is_scope(scope)) context.fail("`" + scope + "` is no scope");
  }
}

void check_resource(const McpAuthenticationSettings& settings, BuildContext& context) {
  const yaml::Node* node = settings.metadata("resource", "resource");
  if (node == nullptr) {
    if (settings.allowed_hosts.empty() && context.hosts().empty()) {
      context.warn(
          "only clients on this machine are told where to get a token: say what address "
          "clients use in `resourceMetadata.resource`, or list their hosts in "
          "`allowedHosts`");
    }
    return;
  }
  const auto resource = settings.resource();
  const auto uri = resource ? Uri::parse(*resource) : tl::unexpected(Error(Fault::bad_request, ""));
  if (!uri) context.fail("`resourceMetadata.resource` is no http or https address");
}

void check_metadata(const McpAuthenticationSettings& settings, BuildContext& context) {
  check_resource(settings, context);
  const yaml::Node* scopes = settings.metadata("scopesSupported", "scopes_supported");
  if (scopes != nullptr && !scopes->is_sequence()) {
    context.fail("`resourceMetadata.scopesSupported` is a list");
  }
  check_scopes(settings.scopes_supported(), context);
  if (scopes != nullptr && settings.scopes_supported().size() != scopes->items.size()) {
    context.warn("`offline_access` is left out of the metadata: it is no scope of a resource");
  }
  const yaml::Node* methods =
      settings.metadata("bearerMethodsSupported", "bearer_methods_supported");
  if (methods == nullptr) return;
  const bool are_ours = std::all_of(methods->items.begin(), methods->items.end(),
                                    [](const yaml::Node& item) { return item.text == "header"; });
  if (!are_ours) {
    context.warn(
        "the metadata will say that tokens are taken from the header only, because they "
        "are: tokens in bodies and queries end up in logs");
  }
}

void check_provider(const McpAuthenticationSettings& settings, BuildContext& context) {
  if (!settings.provider) return;
  const auto provider = IdentityProvider::make(settings);
  if (!provider) context.fail("`issuer`: " + provider.error().why());
  const bool registers = provider && (settings.client_id || provider->registration_address());
  if (provider && !registers && (settings.provider->entra || settings.provider->authentik)) {
    context.warn(
        "this provider registers no clients: give the `clientId` of one that it knows, or "
        "clients that know none cannot log in");
  }
}

}  // namespace

std::unique_ptr<const Policy> make_mcp_authentication(const McpAuthenticationSettings& settings,
                                                      BuildContext& context) {
  check_provider(settings, context);
  check_metadata(settings, context);
  check_scopes(settings.required_scopes, context);
  for (const auto& [tool, scopes] : settings.tool_scopes) check_scopes(scopes, context);
  TokenCheck check = make_token_check(settings.mode, {settings.as_provider()}, context,
                                      settings.dpop, settings.location);
  if (settings.mode != JwtMode::strict) {
    context.warn(
        "callers without a token are let in as anonymous, and clients are never told to "
        "get one; `mode: strict` is the default");
  }
  ProtectedResource resource(settings, context.hosts());
  return std::make_unique<McpAuthentication>(std::move(check), std::move(resource));
}

}  // namespace policy

#include "policy/identity_provider.h"

#include <vector>

#include "json/write.h"
#include "policy/mcp_authentication.h"
#include "policy/protected_resource.h"

namespace policy {
namespace {

using Kind = IdentityProvider::Kind;

Kind kind_of(const std::optional<IdentityProviderSettings>& settings) {
  if (!settings) return Kind::plain;
  if (settings->auth0) return Kind::auth0;
  if (settings->keycloak) return Kind::keycloak;
  if (settings->okta) return Kind::okta;
  if (settings->descope) return Kind::descope;
  if (settings->authentik) return Kind::authentik;
  return Kind::entra;
}

// The address without a slash at its end.
std::string trimmed(const Uri& uri) {
  std::string text = uri.text();
  while (text.ends_with('/')) text.pop_back();
  return text;
}

std::vector<std::string> segments_of(const Uri& uri) {
  std::vector<std::string> segments;
  std::string_view path = uri.path();
  while (!path.empty()) {
    path.remove_prefix(1);  // a path is segments that each begin with a slash
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

// Descope's issuers for agents: /v1/apps/agentic/PROJECT/SERVER.
bool is_agentic(const std::vector<std::string>& segments) {
  return segments.size() >= 5 && segments[0] == "v1" && segments[1] == "apps" &&
         segments[2] == "agentic";
}

std::optional<Uri> uri_of(const std::string& text) {
  auto uri = Uri::parse(text);
  if (!uri) return std::nullopt;
  return std::move(*uri);
}

// One name=value of a form, as it was written.
struct Pair {
  std::string_view text;
  std::string name;
  std::string value;
};

std::string form_decode(std::string_view text) {
  std::string spaced(text);
  for (char& c : spaced) {
    if (c == '+') c = ' ';
  }
  return percent_decode(spaced).value_or(std::string());
}

std::vector<Pair> read_form(std::string_view form) {
  std::vector<Pair> pairs;
  while (!form.empty()) {
    const std::size_t end = std::min(form.find('&'), form.size());
    const std::string_view text = form.substr(0, end);
    form.remove_prefix(std::min(end + 1, form.size()));
    if (text.empty()) continue;
    const std::size_t equals = std::min(text.find('='), text.size());
    const std::string_view value = text.substr(std::min(equals + 1, text.size()));
    pairs.push_back(Pair{text, form_decode(text.substr(0, equals)), form_decode(value)});
  }
  return pairs;
}

std::string without_resource(const std::vector<Pair>& pairs) {
  std::string form;
  for (const Pair& pair : pairs) {
    if (pair.name == "resource") continue;
    if (!form.empty()) form += '&';
    form += pair.text;
  }
  return form;
}

// The value of a name that is there exactly once.
std::optional<std::string> only_value(const std::vector<Pair>& pairs, std::string_view name) {
  std::optional<std::string> found;
  for (const Pair& pair : pairs) {
    if (pair.name != name) continue;
    if (found) return std::nullopt;
    found = pair.value;
  }
  return found;
}

}  // namespace

Result<IdentityProvider> IdentityProvider::make(const McpAuthenticationSettings& settings) {
  TRY(const Uri issuer, Uri::parse(settings.issuer));
  IdentityProvider made;
  made.kind_ = kind_of(settings.provider);
  if (!settings.audiences.empty()) made.audience_ = settings.audiences.front();
  made.client_id_ = settings.client_id;
  made.client_secret_ = settings.client_secret.value_or("");
  TRY(made.locate(issuer));
  if (!made.metadata_ || !made.jwks_) return failed(Fault::bad_request, "the issuer is no address");
  return made;
}

Result<> IdentityProvider::locate(const Uri& issuer) {
  const std::string base = trimmed(issuer);
  const std::string discovery = base + "/.well-known/openid-configuration";
  metadata_ = uri_of(discovery);
  switch (kind_) {
    case Kind::plain:
    case Kind::auth0:
      metadata_ = uri_of(well_known(issuer, authorization_server_name));
      jwks_ = uri_of(base + "/.well-known/jwks.json");
      break;
    case Kind::keycloak:
      jwks_ = uri_of(base + "/protocol/openid-connect/certs");
      registration_ = uri_of(base + "/clients-registrations/openid-connect");
      break;
    case Kind::okta:
      jwks_ = uri_of(base + "/v1/keys");
      registration_ = uri_of(issuer.origin() + "/oauth2/v1/clients");
      break;
    case Kind::descope: {
      const std::vector<std::string> segments = segments_of(issuer);
      jwks_ = uri_of(base + "/.well-known/jwks.json");
      if (!is_agentic(segments)) break;
      jwks_ = uri_of(issuer.origin() + "/" + segments[3] + "/.well-known/jwks.json");
      registration_ = uri_of(issuer.origin() + "/v1/mgmt/mcp/client/" + segments[3] + "/" +
                             segments[4] + "/register");
      break;
    }
    case Kind::authentik:
      jwks_ = uri_of(base + "/jwks/");
      break;
    case Kind::entra:
      return locate_entra(issuer);
  }
  return {};
}

// Tokens of the first version have another issuer than the server that users are sent to.
Result<> IdentityProvider::locate_entra(const Uri& issuer) {
  const std::vector<std::string> segments = segments_of(issuer);
  if (segments.empty()) {
    return failed(Fault::bad_request,
                  "an issuer of Entra has its tenant in its path, as in "
                  "https://login.microsoftonline.com/TENANT/v2.0");
  }
  const bool is_first = issuer.authority().host() == "sts.windows.net";
  const std::string origin = is_first ? "https://login.microsoftonline.com" : issuer.origin();
  const std::string tenant = origin + "/" + segments[0];
  metadata_ = uri_of(tenant + "/v2.0/.well-known/openid-configuration");
  jwks_ = uri_of(tenant + "/discovery/v2.0/keys");
  authorize_ = uri_of(tenant + "/oauth2/v2.0/authorize");
  token_ = uri_of(tenant + "/oauth2/v2.0/token");
  return {};
}

Result<std::string> IdentityProvider::adapt(json::Value metadata, const std::string& issuer,
                                            const std::string& base) const {
  if (!metadata.is_object()) {
    return failed(Fault::upstream_failed, "the authorization server's metadata is no object");
  }
  if (!is_adapted()) return std::string(metadata.raw());
  const auto authorize = metadata.find_string("authorization_endpoint");
  if (!authorize || !metadata.find_string("token_endpoint")) {
    return failed(Fault::upstream_failed, "the authorization server's metadata lacks an endpoint");
  }
  json::Writer writer;
  writer.begin_object();
  writer.name("issuer").string(issuer);
  for (const auto& [name, value] : metadata.members()) {
    // The server's own name would not be the gateway's in answers that carry it (RFC 9207).
    if (name == "issuer" || name == "registration_endpoint" ||
        name == "authorization_response_iss_parameter_supported") {
      continue;
    }
    writer.name(name);
    if (const auto instead = adapted_endpoint(name, *authorize, base)) {
      writer.string(*instead);
    } else {
      writer.value(value);
    }
  }
  if (client_id_ || registration_) {
    writer.name("registration_endpoint").string(base + "/client-registration");
  } else if (const auto own = metadata.find_string("registration_endpoint")) {
    writer.name("registration_endpoint").string(*own);
  }
  // It does PKCE without saying so, and clients refuse a server that does not say so.
  if (is_entra() && !metadata.find("code_challenge_methods_supported")) {
    writer.name("code_challenge_methods_supported").begin_array().string("S256").end_array();
  }
  writer.end_object();
  return writer.take();
}

// What stands for an endpoint of the metadata; nothing if it stays as it is.
std::optional<std::string> IdentityProvider::adapted_endpoint(std::string_view name,
                                                              std::string_view authorize,
                                                              const std::string& base) const {
  if (is_entra() && name == "authorization_endpoint") return base + "/authorize";
  if (is_entra() && name == "token_endpoint") return base + "/token";
  const bool wants_audience = kind_ == Kind::auth0 || kind_ == Kind::okta;
  if (name != "authorization_endpoint" || !wants_audience || audience_.empty()) return std::nullopt;
  const char mark = authorize.find('?') == std::string_view::npos ? '?' : '&';
  return std::string(authorize) + mark + "audience=" + percent_encode(audience_);
}

std::string IdentityProvider::registered(json::Value request) const {
  json::Writer writer;
  writer.begin_object();
  writer.name("client_id").string(*client_id_);
  writer.name("token_endpoint_auth_method").string("none");
  writer.name("grant_types").begin_array().string("authorization_code").end_array();
  writer.name("response_types").begin_array().string("code").end_array();
  const auto uris = request.find("redirect_uris");
  writer.name("redirect_uris");
  if (uris && uris->is_array()) {
    writer.value(*uris);
  } else {
    writer.begin_array().end_array();
  }
  writer.end_object();
  return writer.take();
}

std::string IdentityProvider::authorize_address(std::string_view query) const {
  const std::string kept = without_resource(read_form(query));
  return authorize_->text() + (kept.empty() ? "" : "?" + kept);
}

std::string IdentityProvider::token_form(std::string_view form, bool has_authorization) const {
  const std::vector<Pair> pairs = read_form(form);
  std::string kept = without_resource(pairs);
  // Whoever asks here is not known yet: with the secret, other grants would give anybody a token
  // of the application itself.
  const auto grant = only_value(pairs, "grant_type");
  const bool is_for_user = grant == "authorization_code" || grant == "refresh_token";
  const bool is_the_client = client_id_ && only_value(pairs, "client_id") == *client_id_;
  bool has_secret = has_authorization;
  for (const Pair& pair : pairs) has_secret = has_secret || pair.name == "client_secret";
  if (is_for_user && is_the_client && !has_secret && !client_secret_.empty()) {
    kept += "&client_secret=" + percent_encode(client_secret_);
  }
  return kept;
}

}  // namespace policy

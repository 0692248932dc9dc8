#include "policy/protected_resource.h"

#include <algorithm>

#include "auth/scope.h"
#include "json/write.h"
#include "policy/mcp_authentication.h"

namespace policy {
namespace {

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

std::string snake_case(std::string_view camel_case) {
  std::string snake;
  for (const char c : camel_case) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper && !snake.empty()) snake += '_';
    snake += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return snake;
}

std::string list_of(const std::vector<std::string>& items) {
  json::Writer writer;
  writer.begin_array();
  for (const std::string& item : items) writer.string(item);
  writer.end_array();
  return writer.take();
}

bool is_in(const std::string& item, const std::vector<std::string>& list) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

std::string name_of(const Uri& identifier) {
  return identifier.target() == "/" ? identifier.origin() : identifier.text();
}

std::string well_known(const Uri& identifier, std::string_view name) {
  std::string address = identifier.origin() + "/.well-known/" + std::string(name);
  if (identifier.target() != "/") address += identifier.target();
  return address;
}

std::optional<std::string_view> after_well_known(std::string_view path, std::string_view name) {
  constexpr std::string_view prefix = "/.well-known/";
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (!path.starts_with(name)) return std::nullopt;
  path.remove_prefix(name.size());
  if (!path.empty() && path[0] != '/') return std::nullopt;
  return path;
}

ProtectedResource::ProtectedResource(const McpAuthenticationSettings& settings,
                                     std::vector<std::string> hosts)
    : hosts_(std::move(hosts)), issuer_(settings.issuer), scopes_(settings.required_scopes) {
  if (auto provider = IdentityProvider::make(settings)) provider_ = std::move(*provider);
  for (const std::string& host : settings.allowed_hosts) hosts_.push_back(host);
  for (const auto& [tool, scopes] : settings.tool_scopes) tool_scopes_[tool] = scopes;
  if (const auto resource = settings.resource()) {
    if (auto uri = Uri::parse(*resource)) configured_ = std::move(*uri);
  }
  std::vector<std::string> scopes = settings.scopes_supported();
  if (scopes.empty()) {
    scopes = scopes_;
    for (const auto& [tool, more] : tool_scopes_) {
      std::copy_if(more.begin(), more.end(), std::back_inserter(scopes),
                   [&](const std::string& scope) { return !is_in(scope, scopes); });
    }
  }
  if (!scopes.empty()) members_.emplace_back("scopes_supported", list_of(scopes));
  for (const auto& [name, value] : settings.resource_metadata) {
    const std::string member = snake_case(name);
    // Those we answer for ourselves.
    if (member == "resource" || member == "scopes_supported" ||
        member == "bearer_methods_supported") {
      continue;
    }
    json::Writer writer;
    schema::write_node(value.node, writer);
    members_.emplace_back(member, writer.take());
  }
}

std::optional<Uri> ProtectedResource::identifier(const Exchange& exchange,
                                                 std::string_view path) const {
  if (configured_) return configured_;
  const http::Request& request = exchange.request();
  const std::string host(request.host());
  const bool is_ours = is_in(host, hosts_) || is_in(request.authority, hosts_) ||
                       (exchange.peer.is_loopback && is_this_machine(host));
  if (!is_ours) return std::nullopt;
  auto uri = Uri::parse(request.scheme + "://" + request.authority + std::string(path));
  if (!uri) return std::nullopt;
  return std::move(*uri);
}

bool ProtectedResource::is_at(std::string_view path) const {
  return configured_ && configured_->path() == path;
}

std::string ProtectedResource::metadata(const Uri& identifier) const {
  const auto has = [this](std::string_view name) {
    return std::any_of(members_.begin(), members_.end(),
                       [&](const auto& member) { return member.first == name; });
  };
  json::Writer writer;
  writer.begin_object();
  writer.name("resource").string(name_of(identifier));
  if (!has("authorization_servers")) {
    const std::string server = provider_ && provider_->is_adapted() ? name_of(identifier) : issuer_;
    writer.name("authorization_servers").begin_array().string(server).end_array();
  }
  // Tokens in queries and forms end up in logs, and are not read (OAuth 2.1, 5.1).
  writer.name("bearer_methods_supported").begin_array().string("header").end_array();
  for (const auto& [name, value] : members_) writer.name(name).raw(value);
  writer.end_object();
  return writer.take();
}

std::string ProtectedResource::metadata_address(const Exchange& exchange) const {
  const auto resource = identifier(exchange, exchange.request().path());
  return resource ? well_known(*resource, protected_resource_name) : std::string();
}

std::string ProtectedResource::scopes_for(std::string_view tool) const {
  std::string words;
  const auto add = [&](const std::vector<std::string>& scopes) {
    for (const std::string& scope : scopes) words += (words.empty() ? "" : " ") + scope;
  };
  add(scopes_);
  const auto found = tool_scopes_.find(tool);
  if (found != tool_scopes_.end()) add(found->second);
  return words;
}

http::Response ProtectedResource::refuse(const Exchange& exchange, int status,
                                         auth::Challenge challenge, std::string_view tool) const {
  const std::string address = metadata_address(exchange);
  const std::string scopes = scopes_for(tool);
  challenge.resource_metadata = address;
  challenge.scope = scopes;
  json::Writer body;
  body.begin_object();
  body.name("error").string(challenge.error.empty() ? "unauthorized" : challenge.error);
  body.name("error_description").string(challenge.error_description);
  if (!scopes.empty()) body.name("scope").string(scopes);
  body.end_object();
  // A request that brought no credentials is told of no error (RFC 6750, 3.1).
  if (challenge.error.empty()) challenge.error_description = {};
  http::Response response(status, "application/json", body.take());
  response.headers.set("www-authenticate", auth::write_challenge(challenge));
  return response;
}

http::Response ProtectedResource::refuse_missing(const Exchange& exchange,
                                                 auth::Challenge challenge) const {
  challenge.error = {};
  challenge.error_description = "JWT token required";
  return refuse(exchange, 401, challenge, {});
}

http::Response ProtectedResource::refuse_bad(const Exchange& exchange,
                                             const auth::Challenge& challenge) const {
  return refuse(exchange, 401, challenge, {});
}

http::Response ProtectedResource::refuse_scope(const Exchange& exchange,
                                               std::string_view tool) const {
  auth::Challenge challenge;
  challenge.error = "insufficient_scope";
  challenge.error_description = "the access token lacks a scope";
  return refuse(exchange, 403, challenge, tool);
}

void ProtectedResource::complete(const Exchange& exchange, http::Response& response) const {
  const auto said = response.headers.find("www-authenticate");
  const std::string address = metadata_address(exchange);
  if (!said || !(said->starts_with("Bearer") || said->starts_with("DPoP")) || address.empty())
    return;
  std::string value(*said);
  value += value.find(' ') == std::string::npos ? " " : ", ";
  response.headers.set("www-authenticate", value + "resource_metadata=\"" + address + "\"");
}

bool ProtectedResource::may_enter(const Exchange& exchange) const {
  if (scopes_.empty()) return true;
  const auto& claims = exchange.principal().claims();
  return claims != nullptr && auth::are_granted(*claims, scopes_);
}

bool ProtectedResource::may_call(const Exchange& exchange, std::string_view tool) const {
  if (tool_scopes_.empty()) return true;
  const auto found = tool_scopes_.find(tool);
  if (found == tool_scopes_.end()) return true;
  const auto& claims = exchange.principal().claims();
  return claims != nullptr && auth::are_granted(*claims, found->second);
}

}  // namespace policy

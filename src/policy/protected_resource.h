#pragma once
// A route as an OAuth 2.0 protected resource (RFC 9728): where its metadata is, what that says, and
// what a refusal tells the client, so that it can find the authorization server by itself. Made
// from the settings of mcpAuthentication; immutable.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/bearer.h"
#include "base/uri.h"
#include "http/message.h"
#include "policy/exchange.h"
#include "policy/identity_provider.h"

namespace policy {

struct McpAuthenticationSettings;

class ProtectedResource {
 public:
  // `hosts` are names under which the route is served, in lower case; wildcards are of no use here.
  ProtectedResource(const McpAuthenticationSettings& settings, std::vector<std::string> hosts);

  // What clients call this resource: as configured, or made of the address that this request was
  // sent to if that host is one of ours. Nothing otherwise: an address from a Host header that
  // anybody can write must not come back as the place where tokens go.
  std::optional<Uri> identifier(const Exchange& exchange, std::string_view path) const;
  // Whether a configured identifier has that path: a proxy in front may have mapped it to another.
  bool is_at(std::string_view path) const;

  // The metadata document of that resource (RFC 9728, 2).
  std::string metadata(const Uri& identifier) const;

  // The authorization server; nothing if the issuer is no address that can be asked.
  const std::optional<IdentityProvider>& provider() const { return provider_; }

  // Answers to a request without a token, with a bad one, and with one that lacks scopes
  // (RFC 6750, 3; RFC 9728, 5.1), as the challenge says. `tool` is the one that was called, or
  // empty.
  http::Response refuse_missing(const Exchange& exchange, auth::Challenge challenge) const;
  http::Response refuse_bad(const Exchange& exchange, const auth::Challenge& challenge) const;
  http::Response refuse_scope(const Exchange& exchange, std::string_view tool) const;
  // Says in a 401 of the listener's, too, where this resource's metadata is.
  void complete(const Exchange& exchange, http::Response& response) const;

  // Whether the caller has the scopes that every request needs.
  bool may_enter(const Exchange& exchange) const;
  // Whether the caller has the scopes that calls of this tool need besides.
  bool may_call(const Exchange& exchange, std::string_view tool) const;

 private:
  http::Response refuse(const Exchange& exchange, int status, auth::Challenge challenge,
                        std::string_view tool) const;
  std::string metadata_address(const Exchange& exchange) const;
  std::string scopes_for(std::string_view tool) const;

  std::optional<Uri> configured_;
  std::vector<std::string> hosts_;
  std::string issuer_;
  std::optional<IdentityProvider> provider_;
  std::vector<std::pair<std::string, std::string>> members_;  // further ones, JSON values
  std::vector<std::string> scopes_;
  std::map<std::string, std::vector<std::string>, std::less<>> tool_scopes_;
};

// An identifier as its issuer writes it: a path that is only "/" is none.
std::string name_of(const Uri& identifier);

// The well-known address of a resource's or issuer's document: inserted before its path
// (RFC 9728, 3.1; RFC 8414, 3.1).
std::string well_known(const Uri& identifier, std::string_view name);
// What follows the well-known prefix in `path`: "" at the root form, else a path; nothing if it has
// another prefix.
std::optional<std::string_view> after_well_known(std::string_view path, std::string_view name);

inline constexpr std::string_view protected_resource_name = "oauth-protected-resource";
inline constexpr std::string_view authorization_server_name = "oauth-authorization-server";

}  // namespace policy

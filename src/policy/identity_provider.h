#pragma once
// The authorization server of a protected resource as clients see it through the gateway. Most MCP
// clients expect one that publishes RFC 8414 metadata, registers clients (RFC 7591) from any page
// and takes the `resource` of a token request (RFC 8707); many do not. An adapter says where such a
// server keeps what, and makes of its metadata what clients can use. No input or output here.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/uri.h"
#include "json/value.h"

namespace policy {

struct McpAuthenticationSettings;

class IdentityProvider {
 public:
  enum class Kind { plain, auth0, keycloak, okta, descope, authentik, entra };

  // Fault::bad_request if the issuer is no address, or not one that such a provider has.
  static Result<IdentityProvider> make(const McpAuthenticationSettings& settings);

  // Whether the gateway stands for the server: it is the issuer in metadata then.
  bool is_adapted() const { return kind_ != Kind::plain; }
  bool is_entra() const { return kind_ == Kind::entra; }

  const Uri& metadata_address() const { return *metadata_; }
  const Uri& jwks_address() const { return *jwks_; }
  // Where registrations are passed on; nothing if the server has no such place.
  const std::optional<Uri>& registration_address() const { return registration_; }
  // The client that stands for all; registrations are answered with it and not passed on.
  const std::optional<std::string>& client_id() const { return client_id_; }

  // The server's metadata as clients of the gateway need it: `issuer` is the gateway's name of it,
  // `base` the address of this document. Fault::upstream_failed if it lacks what it must have.
  Result<std::string> adapt(json::Value metadata, const std::string& issuer,
                            const std::string& base) const;

  // The answer to a registration where one client stands for all (RFC 7591, 3.2.1).
  std::string registered(json::Value request) const;

  // Entra refuses `resource`: where its users are sent with a query, without that.
  std::string authorize_address(std::string_view query) const;
  const Uri& token_address() const { return *token_; }
  // A token request without `resource`; with the secret of the one client if it is that client's,
  // on behalf of a user, and has none of its own.
  std::string token_form(std::string_view form, bool has_authorization) const;

 private:
  IdentityProvider() = default;
  std::optional<std::string> adapted_endpoint(std::string_view name, std::string_view authorize,
                                              const std::string& base) const;
  Result<> locate(const Uri& issuer);
  Result<> locate_entra(const Uri& issuer);

  Kind kind_ = Kind::plain;
  std::optional<Uri> metadata_;
  std::optional<Uri> jwks_;
  std::optional<Uri> registration_;
  std::optional<Uri> authorize_;  // Entra's
  std::optional<Uri> token_;
  std::string audience_;  // the first; empty if there is none
  std::optional<std::string> client_id_;
  std::string client_secret_;
};

}  // namespace policy

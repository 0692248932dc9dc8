#pragma once
// What a route's backend is told about who is asking (agentgateway's `backendAuth`): a fixed
// key, a token that the gateway signs or gets from an authorization server, or the caller's own.
// Without it a backend gets no credential at all. It is no link of the chain: whoever sends a
// request asks for the credentials.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/credentials.h"
#include "policy/build.h"
#include "policy/credential.h"
#include "policy/exchange.h"
#include "policy/secret.h"
#include "policy/token_exchange.h"
#include "schema/schema.h"

namespace policy {

struct BackendKeySettings {
  std::optional<SecretSettings> value;
  std::optional<std::string> text;  // the same as the value's
  std::optional<std::string> file;  // likewise
  std::optional<PlaceSettings> location;
  bool operator==(const BackendKeySettings&) const = default;

  SecretSettings secret() const;
};
void describe(schema::Object<BackendKeySettings>& o);

struct BackendCredentialSettings {
  SecretSettings key;
  std::optional<PlaceSettings> location;
  bool operator==(const BackendCredentialSettings&) const = default;
};
void describe(schema::Object<BackendCredentialSettings>& o);

struct PassthroughSettings {
  std::optional<PlaceSettings> location;
  bool operator==(const PassthroughSettings&) const = default;
};
void describe(schema::Object<PassthroughSettings>& o);

struct JwtSignSettings {
  SecretSettings signing_key;
  std::optional<SigningAlgorithm> algorithm;
  std::optional<std::string> key_id;
  std::map<std::string, schema::Located<std::string>> claims;  // name and expression
  std::chrono::milliseconds ttl = std::chrono::minutes(5);
  std::optional<PlaceSettings> location;
  bool operator==(const JwtSignSettings&) const = default;
};
void describe(schema::Object<JwtSignSettings>& o);

struct BackendAuthSettings {
  std::optional<PassthroughSettings> passthrough;
  std::optional<BackendKeySettings> key;
  std::optional<JwtSignSettings> jwt_sign;
  std::optional<TokenExchangeSettings> token_exchange;
  std::vector<BackendCredentialSettings> credentials;
  bool operator==(const BackendAuthSettings&) const = default;
};
void describe(schema::Object<BackendAuthSettings>& o);

class BackendAuth {
 public:
  BackendAuth() = default;
  BackendAuth(const BackendAuth&) = delete;
  BackendAuth& operator=(const BackendAuth&) = delete;
  virtual ~BackendAuth() = default;

  using Held = std::shared_ptr<const auth::Credentials>;
  // Whether two tokens of one caller may mean different rights at the backend. Their requests share
  // no session with it, then.
  virtual bool differs_by_token() const { return false; }
  // For a request of that caller. Null: none. An error if there should be some and are none; then
  // nothing is to be sent. Nothing at all if they have to be waited for: then fetch() is asked.
  virtual std::optional<Result<Held>> credentials(Exchange& exchange) const = 0;
  // Asked only after credentials() had nothing to say. Ends in time.
  virtual Task<Result<Held>> fetch(Exchange& exchange) const;
};

// Null if the settings are wrong, which was said.
std::unique_ptr<const BackendAuth> make_backend_auth(const BackendAuthSettings& settings,
                                                     BuildContext& context);

}  // namespace policy

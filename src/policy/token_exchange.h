#pragma once
// Settings and policy of `oauthTokenExchange`: the backend gets a token that an authorization
// server gives for the caller's (RFC 8693, RFC 7523). If there is none, nothing is sent at all: the
// caller's own token never takes its place.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/credentials.h"
#include "policy/build.h"
#include "policy/credential.h"
#include "policy/secret.h"
#include "schema/schema.h"

namespace policy {

class BackendAuth;

enum class SigningAlgorithm { rs256, rs384, rs512, ps256, es256, es384, eddsa };
std::vector<std::string> spellings(SigningAlgorithm);

enum class ExchangeGrant { token_exchange, jwt_bearer };
std::vector<std::string> spellings(ExchangeGrant);

inline constexpr const char* access_token_type = "urn:ietf:params:oauth:token-type:access_token";

struct SubjectTokenSettings {
  std::optional<LocationSettings> source;
  std::string type = access_token_type;
  bool operator==(const SubjectTokenSettings&) const = default;
};
void describe(schema::Object<SubjectTokenSettings>& o);

struct ActorTokenSettings {
  LocationSettings source;
  std::string type = access_token_type;
  bool operator==(const ActorTokenSettings&) const = default;
};
void describe(schema::Object<ActorTokenSettings>& o);

enum class TokenClientMethod { basic, post, private_key_jwt };
std::vector<std::string> spellings(TokenClientMethod);

struct TokenClientSettings {
  std::string client_id;
  TokenClientMethod method = TokenClientMethod::basic;
  std::optional<SecretSettings> client_secret;
  std::optional<SecretSettings> signing_key;
  std::optional<SigningAlgorithm> algorithm;
  std::optional<std::string> key_id;
  std::optional<std::string> assertion_audience;
  bool operator==(const TokenClientSettings&) const = default;
};
void describe(schema::Object<TokenClientSettings>& o);

struct ExchangeCacheSettings {
  std::size_t entries = 8192;
  std::chrono::milliseconds default_ttl = std::chrono::seconds(300);
  bool operator==(const ExchangeCacheSettings&) const = default;
};
void describe(schema::Object<ExchangeCacheSettings>& o);

struct TokenExchangeSettings {
  std::string host;
  std::string path;
  ExchangeGrant grant = ExchangeGrant::token_exchange;
  SubjectTokenSettings subject;
  std::optional<ActorTokenSettings> actor;
  std::vector<std::string> audiences;
  std::vector<std::string> scopes;
  std::vector<std::string> resources;
  std::optional<std::string> requested_type;
  std::optional<TokenClientSettings> client;
  std::map<std::string, schema::Located<std::string>> more;  // name and expression
  std::optional<PlaceSettings> location;
  ExchangeCacheSettings cache;
  bool operator==(const TokenExchangeSettings&) const = default;
};
void describe(schema::Object<TokenExchangeSettings>& o);

// `fixed` goes beside every token. Null if the settings are wrong, which was said.
std::unique_ptr<const BackendAuth> make_token_exchange(const TokenExchangeSettings& settings,
                                                       auth::Credentials fixed,
                                                       BuildContext& context);

}  // namespace policy

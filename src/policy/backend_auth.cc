#include "policy/backend_auth.h"

#include <stdexcept>

#include "auth/bearer.h"
#include "base/text.h"
#include "policy/jwt_signer.h"

namespace policy {

using Held = BackendAuth::Held;

void describe(schema::Object<BackendKeySettings>& o) {
  o.doc("A fixed key: a string, `{file}`, or `{value, location}`.");
  o.field("value", &BackendKeySettings::value, "The key.");
  o.field("file", &BackendKeySettings::file, "Path of a file that holds the key.");
  o.field("location", &BackendKeySettings::location,
          "Where it goes. Not given: in `Authorization`, after `Bearer `.");
  o.scalar_form(&BackendKeySettings::text, "The key itself.").secret();
  o.check([](const BackendKeySettings& s) -> std::string {
    const int count = (s.value ? 1 : 0) + (s.file ? 1 : 0) + (s.text ? 1 : 0);
    return count == 1 ? "" : "give the key: a string, or one of `value` and `file`";
  });
}

void describe(schema::Object<BackendCredentialSettings>& o) {
  o.field("key", &BackendCredentialSettings::key, "The credential.").required();
  o.field("location", &BackendCredentialSettings::location,
          "Where it goes. Not given: in `Authorization`, after `Bearer `.");
}

void describe(schema::Object<PassthroughSettings>& o) {
  o.field("location", &PassthroughSettings::location,
          "Where the token goes. Not given: in `Authorization`, after `Bearer `.");
}

void describe(schema::Object<BackendAuthSettings>& o) {
  o.doc("The credentials that the backend gets. Without this it gets none.");
  o.field("passthrough", &BackendAuthSettings::passthrough,
          "The caller's own token, after it was verified. Only for a backend that the token is "
          "meant for.");
  o.field("key", &BackendAuthSettings::key, "A fixed key.");
  o.field("jwtSign", &BackendAuthSettings::jwt_sign, "A token that the gateway signs.");
  o.field("credentials", &BackendAuthSettings::credentials, "More fixed credentials.");
  o.field("oauthTokenExchange", &BackendAuthSettings::token_exchange,
          "A token that an authorization server gives for the caller's.");
  for (const char* other : {"gcp", "aws", "azure", "copilot", "crossAppAccess"}) {
    o.not_supported(other, "Credentials from elsewhere.");
  }
  o.at_most_one_of({"passthrough", "key", "jwtSign", "oauthTokenExchange"});
  o.check([](const BackendAuthSettings& s) -> std::string {
    const bool is_empty =
        !s.passthrough && !s.key && !s.jwt_sign && !s.token_exchange && s.credentials.empty();
    return is_empty ? "give one of `passthrough`, `key`, `jwtSign`, `oauthTokenExchange` and "
                      "`credentials`"
                    : "";
  });
}

SecretSettings BackendKeySettings::secret() const {
  if (value) return *value;
  SecretSettings made;
  made.text = text;
  made.file = file;
  return made;
}

namespace {

auth::Location place_of(const std::optional<PlaceSettings>& location) {
  return location ? location->location() : auth::Location::bearer();
}

void add(auth::Credentials& credentials, const SecretSettings& secret,
         const std::optional<PlaceSettings>& location, BuildContext& context) {
  const std::optional<std::string> text = read_secret(secret, "key", context);
  if (!text) return;
  const Result<> added = credentials.add(place_of(location), *text);
  if (!added) context.fail(added.error().why());
}

// The same for everybody.
class FixedKeys final : public BackendAuth {
 public:
  explicit FixedKeys(auth::Credentials fixed)
      : fixed_(std::make_shared<const auth::Credentials>(std::move(fixed))) {}
  std::optional<Result<Held>> credentials(Exchange&) const override { return fixed_; }

 private:
  Held fixed_;
};

// The caller's own token, as it was accepted last on its connection.
class Passthrough final : public BackendAuth {
 public:
  Passthrough(auth::Credentials fixed, auth::Location place)
      : fixed_(std::move(fixed)), place_(std::move(place)) {}

  bool differs_by_token() const override { return true; }
  std::optional<Result<Held>> credentials(Exchange& exchange) const override {
    return of_caller(exchange);
  }

 private:
  Result<Held> of_caller(Exchange& exchange) const {
    auth::Credentials all = fixed_;
    if (!exchange.principal().claims()) {
      all.add_nothing(place_);
    } else {
      const std::string_view shown = exchange.credentials_of_caller();
      const auth::Bearer bearer = auth::read_bearer(std::span(&shown, 1));
      if (bearer.kind != auth::Bearer::Kind::token) {
        return failed(Fault::internal, "the caller's token is not at hand any more");
      }
      if (Result<> added = all.add(place_, std::string(bearer.token)); !added) {
        return tl::unexpected(std::move(added).error());
      }
    }
    return std::make_shared<const auth::Credentials>(std::move(all));
  }

  auth::Credentials fixed_;
  auth::Location place_;
};

class SignedToken final : public BackendAuth {
 public:
  SignedToken(auth::Credentials fixed, std::unique_ptr<const JwtSigner> signer)
      : fixed_(std::move(fixed)), signer_(std::move(signer)) {}
  std::optional<Result<Held>> credentials(Exchange& exchange) const override {
    return signer_->credentials(exchange, fixed_);
  }

 private:
  auth::Credentials fixed_;
  std::unique_ptr<const JwtSigner> signer_;
};

}  // namespace

Task<Result<Held>> BackendAuth::fetch(Exchange& exchange) const {
  (void)exchange;
  // Who makes others wait and has nothing for them then is a bug; nothing is sent for it.
  throw std::logic_error("credentials were promised and never come");
  co_return Held();
}

std::unique_ptr<const BackendAuth> make_backend_auth(const BackendAuthSettings& settings,
                                                     BuildContext& context) {
  auth::Credentials fixed;
  if (settings.key) add(fixed, settings.key->secret(), settings.key->location, context);
  for (const BackendCredentialSettings& one : settings.credentials) {
    add(fixed, one.key, one.location, context);
  }
  if (settings.passthrough) {
    return std::make_unique<Passthrough>(std::move(fixed),
                                         place_of(settings.passthrough->location));
  }
  if (settings.token_exchange) {
    return make_token_exchange(*settings.token_exchange, std::move(fixed), context);
  }
  if (!settings.jwt_sign) return std::make_unique<FixedKeys>(std::move(fixed));
  auto signer = make_jwt_signer(*settings.jwt_sign, context);
  if (!signer) return nullptr;
  return std::make_unique<SignedToken>(std::move(fixed), std::move(signer));
}

}  // namespace policy

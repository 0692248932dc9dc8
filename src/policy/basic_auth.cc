#include "policy/basic_auth.h"

#include <algorithm>

#include "auth/htpasswd.h"
#include "base/base64.h"
#include "policy/lockout.h"

namespace policy {

std::vector<std::string> spellings(BasicAuthMode) {
  return {"strict", "optional"};
}

void describe(schema::Object<HtpasswdSettings>& o) {
  o.field("file", &HtpasswdSettings::file,
          "Path of an htpasswd file, relative to the working directory; read again when it "
          "changes.");
  o.scalar_form(&HtpasswdSettings::text, "The lines themselves.").secret();
  o.check([](const HtpasswdSettings& s) -> std::string {
    return s.file || s.text ? "" : "give the users: `file`, or the lines as a string";
  });
}

void describe(schema::Object<BasicAuthSettings>& o) {
  o.doc("Knows callers by name and password; the name is `basicAuth.username` in rules.");
  o.field("mode", &BasicAuthSettings::mode,
          "`strict`: a right password or 401. `optional`: none is anonymous, a wrong one is 401.");
  o.field("htpasswd", &BasicAuthSettings::htpasswd,
          "The users: `name:hash` a line, with bcrypt, {SHA} or $apr1$.")
      .required();
  o.field("realm", &BasicAuthSettings::realm, "What the caller is told it logs in to.")
      .check([](const std::string& realm) -> std::string {
        const bool fits = std::ranges::all_of(
            realm, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
        return fits ? "" : "expected printable ASCII without quotes and backslashes";
      });
  o.field("authorizationLocation", &BasicAuthSettings::location,
          "Where `base64(name:password)` is. Not given: in `Authorization`, after `Basic `.")
      .alias("location");
}

namespace {

using Kind = auth::Credential::Kind;

struct Login {
  std::string name;
  std::string password;
};

// RFC 7617, 2. The name has no colon, the password may have some.
std::optional<Login> read_login(const auth::Credential& found) {
  if (found.kind != Kind::found) return std::nullopt;
  const auto text = base::base64_decode(found.value, base::Padding::optional);
  const std::size_t colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return Login{text->substr(0, colon), text->substr(colon + 1)};
}

class BasicAuth final : public Policy {
 public:
  // `source` tells this list of users from others.
  BasicAuth(const BasicAuthSettings& settings, auth::Htpasswd users, CredentialPlace place,
            std::string source)
      : mode_(settings.mode),
        realm_(settings.realm),
        source_(std::move(source)),
        users_(std::move(users)),
        place_(std::move(place)) {}

  Verdict decide(Exchange& exchange) const override {
    const auth::Credential found = place_.read(exchange);
    if (found.kind == Kind::none || found.kind == Kind::other_scheme) {
      if (found.kind == Kind::other_scheme) place_.withhold(exchange, found);
      if (mode_ == BasicAuthMode::optional) return pass;
      return refuse(exchange, "no password");
    }
    const auto user = remembered(exchange, found);
    if (user) return accept(exchange, found, user);
    if (auto locked = locked_out(exchange)) return std::move(*locked);
    if (!read_login(found)) return wrong(exchange, "malformed");
    return undecided;
  }

  Task<Verdict> on_request(Exchange& exchange) const override {
    const auth::Credential found = place_.read(exchange);
    const std::optional<Login> login = read_login(found);
    if (!login) co_return wrong(exchange, "malformed");
    const crypto::PasswordHash* hash = users_.find(login->name);
    const bool is_known = hash != nullptr;
    // Nobody shall see from the time taken who is a user.
    if (!is_known) hash = users_.decoy(login->name);
    if (hash == nullptr || exchange.passwords == nullptr) co_return wrong(exchange, "no users");
    Task<Result<bool>> comparing = exchange.passwords->matches(*hash, login->password);
    const Result<bool> is_right = co_await std::move(comparing);
    if (!is_right) co_return busy(exchange, is_right.error());
    if (!*is_right || !is_known) co_return wrong(exchange, "wrong password or user");
    const auto user = std::make_shared<const auth::User>(login->name, source_);
    if (exchange.logins != nullptr) exchange.logins->put(key_of(found), user, exchange.began);
    co_return accept(exchange, found, user);
  }

 private:
  crypto::Sha256 key_of(const auth::Credential& found) const {
    const std::string those = std::string(crypto::view_of(users_.digest())) + source_ + '\n';
    return crypto::sha256(those, found.value);
  }

  std::shared_ptr<const auth::User> remembered(const Exchange& exchange,
                                               const auth::Credential& found) const {
    if (exchange.logins == nullptr || found.kind != Kind::found) return nullptr;
    return exchange.logins->find(key_of(found), exchange.began);
  }

  Verdict accept(Exchange& exchange, const auth::Credential& found,
                 const std::shared_ptr<const auth::User>& user) const {
    place_.remove(exchange, found);
    exchange.identify(auth::Principal(user));
    return pass;
  }

  Verdict wrong(Exchange& exchange, std::string_view why) const {
    note_failure(exchange);
    return refuse(exchange, why);
  }

  Verdict refuse(Exchange& exchange, std::string_view why) const {
    exchange.record.reason = Reason::basic_auth;
    exchange.record.error = std::string(why);
    http::Response response(401, "text/plain; charset=utf-8",
                            "basic authentication failure: no or wrong user name and password");
    response.headers.set("www-authenticate", "Basic realm=\"" + realm_ + "\", charset=\"UTF-8\"");
    return response;
  }

  static Verdict busy(Exchange& exchange, const Error& error) {
    exchange.record.reason = Reason::basic_auth;
    exchange.record.error = error.why();
    http::Response response(503, "text/plain; charset=utf-8", "too many logins at once");
    response.headers.set("retry-after", "1");
    return response;
  }

  BasicAuthMode mode_;
  std::string realm_;
  std::string source_;
  auth::Htpasswd users_;
  CredentialPlace place_;
};

Result<> check_list(std::string_view text) {
  TRY(auth::Htpasswd::parse(text));
  return {};
}

std::optional<auth::Htpasswd> load(const HtpasswdSettings& settings, BuildContext& context) {
  std::string text = settings.text.value_or("");
  if (settings.file) {
    const auto held = context.load_file(*settings.file, "htpasswd file", &check_list);
    if (!held) return std::nullopt;
    text = *held;
  }
  Result<auth::Htpasswd> users = auth::Htpasswd::parse(text);
  if (!users) {
    context.fail("htpasswd: " + users.error().why());
    return std::nullopt;
  }
  if (users->size() == 0) context.warn("htpasswd: no users: nobody can log in");
  return std::move(*users);
}

}  // namespace

std::unique_ptr<const Policy> make_basic_auth(const BasicAuthSettings& settings,
                                              BuildContext& context) {
  std::optional<auth::Htpasswd> users = load(settings.htpasswd, context);
  CredentialPlace place =
      make_place(settings.location, auth::Location::header("authorization", "Basic "), context);
  if (settings.mode == BasicAuthMode::optional) {
    context.warn(
        "basicAuth mode is `optional` (the default): callers without a password are let in as "
        "anonymous; set `mode: strict` to refuse them");
  }
  if (!users) return nullptr;
  const std::string source = settings.htpasswd.file.value_or("") + '\n' + settings.realm;
  return std::make_unique<BasicAuth>(settings, std::move(*users), std::move(place), source);
}

}  // namespace policy

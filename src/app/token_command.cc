#include "app/token_command.h"

#include <algorithm>
#include <ostream>

#include <unistd.h>

#include "app/configuration.h"
#include "app/key_keeper.h"
#include "app/token_words.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/text.h"
#include "http/fetch.h"
#include "net/loop.h"
#include "policy/jwt_auth.h"
#include "policy/mcp_authentication.h"
#include "runtime/attributes.h"

namespace app {
namespace {

int fail(std::ostream& err, const std::string& why, int status) {
  err << "agentgateway: " << why << '\n';
  return status;
}

// The parts of a token as JSON. Nobody has verified them: they are printed and never believed.
struct Said {
  json::Document header;
  json::Document claims;
};

Result<json::Document> read_part(std::string_view part, std::string_view what) {
  auto text = base::base64url_decode(part);
  if (!text) {
    return failed(Fault::bad_request,
                  "the " + std::string(what) + " is not base64url without padding");
  }
  auto document = json::Document::parse(std::move(*text));
  if (!document) return tl::unexpected(std::move(document).error().within(what));
  if (!document->root().is_object()) {
    return failed(Fault::bad_request, "the " + std::string(what) + " is no JSON object");
  }
  return document;
}

Result<Said> read_said(std::string_view token) {
  const auto parts = base::split(token, '.');
  if (parts.size() != 3) {
    return failed(Fault::bad_request, parts.size() == 5
                                          ? "an encrypted token (JWE): it cannot be read here"
                                          : "no JWT: it has not three parts separated by dots");
  }
  TRY(json::Document header, read_part(parts[0], "header"));
  TRY(json::Document claims, read_part(parts[1], "payload"));
  return Said{std::move(header), std::move(claims)};
}

void print_members(json::Value object, WallTime now, std::ostream& out) {
  std::size_t width = 4;
  for (const json::Member& member : object.members()) width = std::max(width, member.name.size());
  width = std::min<std::size_t>(width, 20);
  for (const json::Member& member : object.members()) {
    const std::string name = base::printable(member.name);
    out << "  " << name << std::string(width - std::min(width, name.size()) + 2, ' ')
        << words_of_claim(member.name, member.value, now) << '\n';
  }
}

// A policy of the configuration that judges tokens, and where it stands.
struct Place {
  std::string name;
  std::string_view key;
  schema::Place place;
  policy::JwtMode mode;
  std::vector<policy::JwtProviderSettings> providers;
  policy::DpopSettings dpop;
};

// The policies that were asked for, listener by listener.
class Places {
 public:
  explicit Places(const TokenOptions& wanted) : wanted_(wanted) {}

  std::vector<Place> of(const config::File& file) {
    for (const auto& bind : file.binds) {
      const std::string port = "port " + std::to_string(bind->port) + ", ";
      for (std::size_t i = 0; i < bind->listeners.size(); ++i) {
        const config::Listener& listener = *bind->listeners[i];
        const std::string name = listener.name.value_or("listener" + std::to_string(i));
        if (is_wanted(wanted_.listener, name)) add_listener(port + name, listener);
      }
    }
    if (file.mcp && is_wanted(wanted_.listener, "mcp") && is_wanted(wanted_.route, "mcp")) {
      add_route("port " + std::to_string((*file.mcp)->port) + ", mcp", (*file.mcp)->policies);
    }
    return std::move(places_);
  }

 private:
  static bool is_wanted(const std::optional<std::string>& filter, const std::string& name) {
    return !filter || *filter == name;
  }

  void add_listener(const std::string& name, const config::Listener& listener) {
    if (!wanted_.route) add(name, listener.policies.jwt_auth);
    for (std::size_t i = 0; i < listener.routes.size(); ++i) {
      const config::Route& route = *listener.routes[i];
      std::string route_name = route.name.value_or("route" + std::to_string(i));
      if (!is_wanted(wanted_.route, route_name)) continue;
      add_route(name + ", " + std::move(route_name), route.policies);
    }
  }

  void add_route(const std::string& name, const policy::RouteSettings& policies) {
    add(name, policies.jwt_auth);
    if (!policies.mcp_authentication) return;
    const policy::McpAuthenticationSettings& settings = **policies.mcp_authentication;
    places_.push_back(Place{name,
                            "mcpAuthentication",
                            policies.mcp_authentication->place,
                            settings.mode,
                            {settings.as_provider()},
                            settings.dpop});
  }

  void add(const std::string& name,
           const std::optional<schema::Located<policy::JwtAuthSettings>>& policy) {
    if (!policy) return;
    const policy::JwtAuthSettings& settings = **policy;
    places_.push_back(Place{name, "jwtAuth", policy->place, settings.mode, settings.all_providers(),
                            settings.dpop});
  }

  const TokenOptions& wanted_;
  std::vector<Place> places_;
};

// Fetches the key sets that stand at an address, as the gateway would. What cannot be fetched is
// logged, and missing then.
void fetch_keys(const std::vector<Place>& places, auth::KeyStore& keys) {
  std::vector<auth::KeySource> sources;
  for (const Place& place : places) {
    for (const policy::JwtProviderSettings& provider : place.providers) {
      if (provider.jwks && provider.jwks->url) sources.push_back(provider.jwks->source());
    }
  }
  if (sources.empty()) return;
  LogWriter writer(STDERR_FILENO);
  const SystemClock clock;
  net::Loop loop;
  KeyKeeper keeper(loop, keys, clock, Log(writer, LogFormat::text, LogLevel::warn),
                   std::make_shared<const net::TlsClient>());
  keeper.follow(sources);
  loop.turn(Instant::min());
  const Deadline deadline = Deadline::in(loop.now(), http::fetch_within + std::chrono::seconds(1));
  const auto is_over = [&](const auth::KeySource& source) { return keys.fetches(source) > 0; };
  while (!std::all_of(sources.begin(), sources.end(), is_over) &&
         !deadline.has_passed(loop.now())) {
    loop.turn(deadline.at());
  }
}

// What an accepted token makes of its caller.
void print_caller(const auth::Claims& claims, WallTime now, std::ostream& out) {
  out << "  issuer    " << base::printable(claims.issuer()) << '\n'
      << "  subject   "
      << (claims.subject() ? base::printable(*claims.subject())
                           : "none: sessions belong to this very token")
      << '\n'
      << "  identity  " << claims.identity() << '\n';
  if (claims.key_thumbprint()) {
    out << "  bound to  key " << *claims.key_thumbprint()
        << ": each request needs a proof of it (DPoP)\n";
  }
  if (claims.good_until() != WallTime::max()) {
    out << "  good for  until " << words_of(claims.good_until(), now) << ", leeway included\n";
  }
}

std::string listed(const std::vector<std::string>& texts) {
  return texts.empty() ? "none" : base::join(texts, ", ");
}

std::string raw_member(json::Value object, std::string_view name) {
  const auto value = object.find(name);
  return value ? base::printable(value->raw()) : std::string("none");
}

// "k1 ES256, (no kid) RSA".
std::string keys_in_words(const auth::Provider* provider) {
  std::vector<std::string> keys;
  if (provider == nullptr || !provider->keys) return listed(keys);
  for (const auth::KeySet::Key& key : provider->keys->keys()) {
    keys.push_back((key.id ? base::printable(*key.id) : "(no kid)") + " ");
    keys.back() +=
        key.algorithm ? crypto::name_of(*key.algorithm) : crypto::name_of(key.key.family());
  }
  return listed(keys);
}

// What the token says beside what the policy wants, for the faults that this explains.
void print_difference(auth::TokenFault fault, const Said& said, const auth::Trust& trust,
                      std::ostream& out) {
  const json::Value claims = said.claims.root();
  const json::Value header = said.header.root();
  std::vector<std::string> issuers;
  const auth::Provider* provider = nullptr;
  for (const auth::Provider& each : trust.providers) {
    issuers.push_back(each.issuer);
    if (claims.find_string("iss") == each.issuer) provider = &each;
  }
  switch (fault) {
    case auth::TokenFault::issuer_unknown:
    case auth::TokenFault::issuer_missing:
      out << "  the token says  iss " << raw_member(claims, "iss") << "\n  trusted are     "
          << listed(issuers) << '\n';
      return;
    case auth::TokenFault::audience_wrong:
    case auth::TokenFault::audience_missing:
      out << "  the token says  aud " << raw_member(claims, "aud") << "\n  wanted is       "
          << (provider == nullptr ? "" : listed(provider->audiences)) << '\n';
      return;
    case auth::TokenFault::key_unknown:
    case auth::TokenFault::key_ambiguous:
    case auth::TokenFault::algorithm_not_accepted:
      out << "  the token says  kid " << raw_member(header, "kid") << ", alg "
          << raw_member(header, "alg") << "\n  the issuer has  " << keys_in_words(provider) << '\n';
      return;
    default:
      return;
  }
}

struct Token {
  std::string text;
  Result<Said> said;
};

// Whether the policy accepts the token.
bool judge(const Place& place, policy::BuildContext& context, const Token& token,
           std::ostream& out) {
  const policy::BuildContext::Scope scope(context, place.key, place.place);
  const policy::TokenCheck check =
      policy::make_token_check(place.mode, place.providers, context, place.dpop);
  const auth::Trust& trust = check.trust();
  const WallTime now = SystemClock().wall();
  const auth::Verdict verdict = auth::verify(token.text, trust, now);
  out << place.name << ": ";
  if (verdict && place.dpop.mode == policy::DpopMode::required && !(*verdict)->key_thumbprint()) {
    out << "refused, proof_missing: only tokens that are bound to a key are accepted (DPoP)\n";
    return false;
  }
  if (verdict) {
    out << "accepted\n";
    print_caller(**verdict, now, out);
    return true;
  }
  out << "refused, " << auth::name_of(verdict.error()) << ": " << auth::text_of(verdict.error())
      << '\n';
  if (token.said) print_difference(verdict.error(), *token.said, trust, out);
  if (place.mode == policy::JwtMode::permissive) {
    out << "  mode is `permissive`: the caller is let in as anonymous\n";
  }
  return false;
}

}  // namespace

int run_token_decode(const TokenOptions& options, std::ostream& out, std::ostream& err) {
  const Result<std::string> token = read_token(options.token);
  if (!token) return fail(err, token.error().why(), exit_failed);
  const Result<Said> said = read_said(*token);
  if (!said) return fail(err, said.error().why(), exit_failed);
  const WallTime now = SystemClock().wall();
  out << "Header\n";
  print_members(said->header.root(), now, out);
  out << "Claims\n";
  print_members(said->claims.root(), now, out);
  out << "Not verified: anybody can write this. Whether a gateway takes it says\n"
         "`agentgateway token verify -f CONFIG --token FILE`.\n";
  return exit_fine;
}

int run_token_verify(const Options& options, std::ostream& out, std::ostream& err) {
  const Result<std::string> text = read_token(options.token.token);
  if (!text) return fail(err, text.error().why(), exit_failed);
  const Result<ConfigurationSource> source = ConfigurationSource::from(options);
  if (!source) return fail(err, source.error().why(), exit_invalid);
  const Result<yaml::Source> written = source->read();
  if (!written) return fail(err, written.error().why(), exit_invalid);
  const schema::Reading<config::File> file = read_file(*written);
  if (schema::has_errors(file.problems)) {
    err << schema::render(file.problems, *written);
    return exit_invalid;
  }
  const std::vector<Place> places = Places(options.token).of(file.value);
  if (places.empty()) {
    const bool is_filtered = options.token.listener || options.token.route;
    return fail(err,
                is_filtered ? "no such listener or route judges tokens"
                            : "no policy in the configuration judges tokens",
                exit_failed);
  }
  cel::Environment environment(runtime::attribute_table());
  auth::KeyStore keys;
  policy::BuildContext context(environment, keys, true);
  fetch_keys(places, keys);
  const Token token{*text, read_said(*text)};
  bool is_accepted = false;
  for (const Place& place : places) is_accepted = judge(place, context, token, out) || is_accepted;
  if (schema::has_errors(context.problems())) {
    err << schema::render(context.problems(), *written);
    return exit_invalid;
  }
  return is_accepted ? exit_fine : exit_failed;
}

}  // namespace app

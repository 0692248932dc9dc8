#include "runtime/build.h"

#include <algorithm>
#include <map>

#include "base/base64.h"
#include "base/text.h"
#include "base/uri.h"
#include "config/json_text.h"
#include "crypto/digest.h"
#include "policy/target_auth.h"
#include "runtime/attributes.h"
#include "upstream/openapi.h"

namespace runtime {
namespace {

// Of one short length, whatever the route says: it is part of every session id.
std::string digest_of(const std::string& key) {
  return base::base64url_encode(crypto::view_of(crypto::sha256(key)));
}

template <class SomeSnapshot, class Visit>
void each_route(SomeSnapshot& snapshot, Visit visit) {
  for (auto& bind : snapshot.binds) {
    for (auto& listener : bind.listeners) {
      for (auto& route : listener.routes) visit(route);
    }
  }
}

class Builder {
 public:
  Builder(const config::File& file, Stores& stores)
      : file_(file),
        stores_(stores),
        snapshot_(std::make_shared<Snapshot>()),
        environment_(std::make_unique<cel::Environment>(attribute_table())),
        context_(*environment_, stores.keys,
                 file.config.compatibility.failing_deny_rules == config::DenyError::deny) {}

  Built build() {
    for (std::size_t i = 0; i < file_.binds.size(); ++i) add_bind(i);
    if (file_.mcp) add_shorthand();
    if (snapshot_->binds.empty()) context_.warn("nothing is served: there is no bind");
    Built built;
    built.problems = std::move(context_.problems());
    built.watched = context_.watched();
    built.followed.assign(context_.followed().begin(), context_.followed().end());
    schema::sort(built.problems);
    if (schema::has_errors(built.problems)) return built;
    snapshot_->environment = std::move(environment_);
    snapshot_->frontend = file_.frontend;
    built.snapshot = std::move(snapshot_);
    return built;
  }

 private:
  static std::string step(std::string_view name, std::size_t index) {
    return std::string(name) + "[" + std::to_string(index) + "]";
  }

  Bind* new_bind(std::uint16_t port) {
    if (snapshot_->find_bind(port) != nullptr) {
      context_.fail("port " + std::to_string(port) + " is bound twice");
      return nullptr;
    }
    snapshot_->binds.push_back(Bind{"bind/" + std::to_string(port), port, {}});
    return &snapshot_->binds.back();
  }

  void add_bind(std::size_t index) {
    const schema::Located<config::Bind>& settings = file_.binds[index];
    const policy::BuildContext::Scope scope(context_, step("binds", index), settings.place);
    Bind* bind = new_bind(settings->port);
    if (bind == nullptr) return;
    for (std::size_t i = 0; i < settings->listeners.size(); ++i) {
      add_listener(*bind, settings->listeners[i], i);
    }
  }

  void add_listener(Bind& bind, const schema::Located<config::Listener>& settings,
                    std::size_t index) {
    const policy::BuildContext::Scope scope(context_, step("listeners", index), settings.place);
    Listener listener{settings->name.value_or("listener" + std::to_string(index)),
                      HostPattern(settings->hostname.value_or("")),
                      {},
                      {},
                      {},
                      index};
    {
      const policy::BuildContext::Scope policies(context_, "policies", settings.place);
      listener.chain = policy::make_chain(settings->policies, context_);
    }
    const std::string prefix = std::to_string(bind.port) + "/" + settings->hostname.value_or("");
    listener_policies_ = &settings->policies;
    for (std::size_t i = 0; i < settings->routes.size(); ++i) {
      check_issuers(*settings, i);
      context_.set_hosts(hosts_of(*settings, *settings->routes[i]));
      add_route(listener, prefix, settings->routes[i], i);
    }
    listener_policies_ = nullptr;
    listener.router.finish();
    // The most specific host first; of equal ones the order of the file.
    const auto place = std::find_if(
        bind.listeners.begin(), bind.listeners.end(),
        [&](const Listener& l) { return l.host.specificity() < listener.host.specificity(); });
    bind.listeners.insert(place, std::move(listener));
  }

  // The names without a wildcard under which the route is served.
  static std::vector<std::string> hosts_of(const config::Listener& listener,
                                           const config::Route& route) {
    std::vector<std::string> hosts = route.hostnames;
    if (listener.hostname) hosts.push_back(*listener.hostname);
    std::erase_if(hosts, [](const std::string& host) { return host.starts_with('*'); });
    for (std::string& host : hosts) host = base::to_lower(host);
    return hosts;
  }

  // A listener's jwtAuth and a route's mcpAuthentication judge the same token, one after the other:
  // without an issuer in common nobody could pass both.
  void check_issuers(const config::Listener& listener, std::size_t index) {
    const schema::Located<config::Route>& route = listener.routes[index];
    const auto& inner = route->policies.mcp_authentication;
    if (!listener.policies.jwt_auth || !inner) return;
    const auto outer = (*listener.policies.jwt_auth)->all_providers();
    const bool has_common = std::any_of(outer.begin(), outer.end(), [&](const auto& provider) {
      return provider.issuer == (*inner)->issuer;
    });
    if (has_common) return;
    const policy::BuildContext::Scope scope(context_, step("routes", index), inner->place);
    context_.fail(
        "nobody can use this route: `jwtAuth` of the listener and `mcpAuthentication` of "
        "the route accept tokens of no common issuer");
  }

  void add_route(Listener& listener, const std::string& prefix,
                 const schema::Located<config::Route>& settings, std::size_t index) {
    const policy::BuildContext::Scope scope(context_, step("routes", index), settings.place);
    std::vector<config::RouteMatch> matches;
    for (const auto& match : settings->matches) matches.push_back(*match);
    const auto added = listener.router.add(listener.routes.size(), settings->hostnames, matches);
    if (!added) context_.fail(added.error().why());
    Route route;
    route.name = settings->name.value_or("route" + std::to_string(index));
    route.key = prefix + "/" + key_of(*settings);
    if (!keys_.insert(route.key).second) {
      if (settings->name)
        context_.fail("another route of this listener has the name `" + *settings->name + "`");
      route.key += "#" + std::to_string(index);  // takes the same requests as one before it
    }
    route.session_key = digest_of(route.key.substr(route.key.find('/')));  // without the port
    route.key = digest_of(route.key);
    add_policies(route, settings->policies, settings.place);
    for (std::size_t i = 0; i < settings->backends.size(); ++i) {
      const policy::BuildContext::Scope backend(context_, step("backends", i),
                                                settings->backends[i].place);
      add_backend(route, *settings->backends[i], settings->backends[i].place);
    }
    finish_rules(route, settings->policies, settings.place);
    finish_backend_auth(route, *settings, settings.place);
    listener.routes.push_back(std::move(route));
  }

  // What the route takes, or its name: an edit of its policies does not change who it is.
  static std::string key_of(const config::Route& route) {
    if (route.name) return "name:" + *route.name;
    config::Route matching;
    matching.hostnames = route.hostnames;
    matching.matches = route.matches;
    return schema::dump(matching, schema::Show::plain);
  }

  void add_policies(Route& route, const policy::RouteSettings& settings,
                    const schema::Place& place) {
    const policy::BuildContext::Scope scope(context_, "policies", place);
    route.chain = policy::make_chain(settings, context_);
    if (!settings.timeout) return;
    route.request_timeout = settings.timeout->request;
    route.backend_request_timeout = settings.timeout->backend_request;
  }

  void add_backend(Route& route, const config::Backend& settings, const schema::Place& place) {
    if (settings.mcp) {
      const policy::BuildContext::Scope scope(context_, "mcp", place);
      route.backend = make_mcp(*settings.mcp);
      return;
    }
    const Result<Authority> authority = Authority::parse(*settings.host);
    if (!authority || !authority->port()) {
      context_.fail("`" + *settings.host + "` is no address: write `host:port`");
      return;
    }
    std::string host = authority->host();
    if (authority->is_ipv6()) host = host.substr(1, host.size() - 2);
    route.backend = HostBackend{http::Endpoint(std::move(host), *authority->port())};
  }

  McpBackend make_mcp(config::McpBackend settings) {
    for (std::size_t i = 0; i < settings.targets.size(); ++i) {
      auto& target = settings.targets[i];
      auto* rest = std::get_if<config::OpenApiTarget>(&target.value.kind);
      if (rest == nullptr) continue;
      const policy::BuildContext::Scope scope(context_, step("targets", i), target.place);
      const policy::BuildContext::Scope document(context_, "openapi.schema", rest->document.place);
      load_document(rest->document.value, !says_path(*rest));
    }
    McpBackend backend;
    backend.name = settings.name.value_or("mcp");
    backend.target = stores_.targets.get(settings);
    backend.dns_rebinding_protection = settings.dns_rebinding_protection;
    return backend;
  }

  // Whether the target itself says what stands before the paths of its document.
  static bool says_path(const config::OpenApiTarget& target) {
    const auto place = config::place_of(target);
    return target.path || (place && place->path.find_first_not_of('/') != std::string::npos);
  }

  // A document of another text makes another target.
  void load_document(config::OpenApiDocumentSettings& document, bool needs_path) {
    if (document.url) return;
    if (document.file) {
      const auto check = needs_path ? &check_document<true> : &check_document<false>;
      const auto held = context_.load_file(*document.file, "the document", check);
      document.text = held ? *held : "";
      document.file.reset();
      if (!held) return;
    }
    auto text = config::json_text_of(*document.text);
    const Result<> checked =
        text ? upstream::check_openapi(*text, needs_path) : tl::unexpected<Error>(text.error());
    if (!checked) context_.fail(checked.error().why());
    if (text) document.text = std::move(*text);
  }

  template <bool needs_path>
  static Result<> check_document(std::string_view text) {
    TRY(const std::string document, config::json_text_of(text));
    return upstream::check_openapi(document, needs_path);
  }

  void finish_rules(Route& route, const policy::RouteSettings& settings,
                    const schema::Place& place) {
    if (!settings.mcp_authorization) return;
    const policy::BuildContext::Scope policies(context_, "policies", place);
    const policy::BuildContext::Scope scope(context_, "mcpAuthorization",
                                            settings.mcp_authorization->place);
    policy::McpAuthorization rules =
        policy::make_mcp_authorization(**settings.mcp_authorization, context_);
    if (auto* backend = std::get_if<McpBackend>(&route.backend)) {
      backend->rules = std::move(rules);
    } else {
      context_.warn("the route has no MCP backend: these rules are never asked");
    }
  }

  using AuthSettings = std::optional<schema::Located<policy::BackendAuthSettings>>;

  // What is said last wins: the target's, else the backend's, else the route's.
  void finish_backend_auth(Route& route, const config::Route& settings,
                           const schema::Place& place) {
    add_backend_auth(route, settings.policies, settings.policies.backend_auth, place);
    for (std::size_t i = 0; i < settings.backends.size(); ++i) {
      const auto& backend = settings.backends[i];
      const policy::BuildContext::Scope scope(context_, step("backends", i), backend.place);
      add_backend_auth(route, settings.policies, backend->policies.backend_auth, backend.place);
      if (!backend->mcp) continue;
      const policy::BuildContext::Scope mcp(context_, "mcp", backend.place);
      add_target_auth(route, settings.policies, *backend->mcp);
    }
  }

  void add_target_auth(Route& route, const policy::RouteSettings& policies,
                       const config::McpBackend& backend) {
    const auto* built = std::get_if<McpBackend>(&route.backend);
    std::map<std::string, policy::SharedAuth> of_targets;
    for (std::size_t i = 0; i < backend.targets.size(); ++i) {
      const auto& target = backend.targets[i];
      const AuthSettings& settings = target->policies.backend_auth;
      const policy::BuildContext::Scope scope(context_, step("targets", i), target.place);
      if (!settings) continue;
      const bool is_one_of_several = built != nullptr && !built->target->parts.empty();
      const auto hosts =
          is_one_of_several ? hosts_of({built->target->parts[i].get()}) : hosts_behind(route);
      auto made = make_auth(policies, *settings, target.place, hosts);
      if (!is_one_of_several) {
        route.backend_auth = std::move(made);
      } else if (made) {
        of_targets.emplace(target->name, std::move(made));
      }
    }
    if (of_targets.empty()) return;
    route.backend_auth =
        policy::make_target_auth(std::move(route.backend_auth), std::move(of_targets));
  }

  void add_backend_auth(Route& route, const policy::RouteSettings& policies,
                        const AuthSettings& settings, const schema::Place& place) {
    if (!settings) return;
    route.backend_auth = make_auth(policies, *settings, place, hosts_behind(route));
  }

  policy::SharedAuth make_auth(const policy::RouteSettings& policies,
                               const AuthSettings::value_type& settings, const schema::Place& place,
                               const std::vector<std::string>& hosts) {
    const policy::BuildContext::Scope steps(context_, "policies", place);
    const policy::BuildContext::Scope scope(context_, "backendAuth", settings.place);
    policy::SharedAuth made = policy::make_backend_auth(*settings, context_);
    if (hosts.empty()) {
      context_.warn("the route has no backend over HTTP: nobody gets these credentials");
    }
    if (settings->passthrough) {
      for (const std::string& host : hosts) warn_of_audience(policies, host);
    }
    return made;
  }

  void warn_of_audience(const policy::RouteSettings& policies, const std::string& host) {
    if (is_meant_for(host, policies)) return;
    context_.warn(
        "passthrough: no accepted audience names the backend `" + host +
        "`: tokens of callers are sent to somebody that they are not meant for, who could use "
        "them elsewhere");
  }

  // Of the servers that are reached over HTTP.
  static std::vector<std::string> hosts_behind(const Route& route) {
    if (const auto* backend = std::get_if<HostBackend>(&route.backend)) {
      return {backend->endpoint.host};
    }
    std::vector<const TargetEntry*> entries;
    if (const auto* mcp = std::get_if<McpBackend>(&route.backend)) {
      entries.push_back(mcp->target.get());
      for (const auto& part : mcp->target->parts) entries.push_back(part.get());
    }
    return hosts_of(entries);
  }

  static std::vector<std::string> hosts_of(const std::vector<const TargetEntry*>& entries) {
    std::vector<std::string> hosts;
    for (const TargetEntry* entry : entries) {
      if (entry->target->endpoint().empty()) continue;
      const auto authority = Authority::parse(entry->target->endpoint());
      if (authority) hosts.push_back(authority->host());
    }
    return hosts;
  }

  // Whether an audience is the host, or an address at it.
  bool is_meant_for(const std::string& host, const policy::RouteSettings& settings) const {
    std::vector<std::string> audiences;
    const auto take = [&](const auto& jwt_auth) {
      if (!jwt_auth) return;
      for (const auto& provider : (*jwt_auth)->all_providers()) {
        audiences.insert(audiences.end(), provider.audiences.begin(), provider.audiences.end());
      }
    };
    take(settings.jwt_auth);
    if (listener_policies_ != nullptr) take(listener_policies_->jwt_auth);
    if (settings.mcp_authentication) {
      const auto& inner = (*settings.mcp_authentication)->audiences;
      audiences.insert(audiences.end(), inner.begin(), inner.end());
    }
    return std::any_of(audiences.begin(), audiences.end(), [&](const std::string& audience) {
      const auto uri = Uri::parse(audience);
      return uri ? uri->authority().host() == host : audience == host;
    });
  }

  void add_shorthand() {
    const policy::BuildContext::Scope scope(context_, "mcp", file_.mcp->place);
    const config::McpShorthand& settings = **file_.mcp;
    Bind* bind = new_bind(settings.port);
    if (bind == nullptr) return;
    Listener listener{"mcp", HostPattern(""), {}, {}, {}};
    const auto added = listener.router.add(0, {}, {});
    if (!added) context_.fail(added.error().why());
    Route route;
    route.name = "mcp";
    route.key = "mcp";
    route.session_key = "mcp";
    add_policies(route, settings.policies, file_.mcp->place);
    route.backend = make_mcp(settings.backend);
    finish_rules(route, settings.policies, file_.mcp->place);
    add_backend_auth(route, settings.policies, settings.policies.backend_auth, file_.mcp->place);
    add_target_auth(route, settings.policies, settings.backend);
    listener.routes.push_back(std::move(route));
    listener.router.finish();
    bind->listeners.push_back(std::move(listener));
  }

  const config::File& file_;
  Stores& stores_;
  std::shared_ptr<Snapshot> snapshot_;
  std::unique_ptr<cel::Environment> environment_;
  policy::BuildContext context_;
  std::set<std::string> keys_;                                   // of all routes so far
  const policy::ListenerSettings* listener_policies_ = nullptr;  // of the listener being built
};

}  // namespace

const Bind* Snapshot::find_bind(std::uint16_t port) const {
  const auto found =
      std::find_if(binds.begin(), binds.end(), [&](const Bind& bind) { return bind.port == port; });
  return found == binds.end() ? nullptr : &*found;
}

const Route* Snapshot::find_route(const std::string& key) const {
  const Route* found = nullptr;
  each_route(*this, [&](const Route& route) {
    if (found == nullptr && route.key == key) found = &route;
  });
  return found;
}

std::set<std::uint64_t> Snapshot::targets() const {
  std::set<std::uint64_t> numbers;
  each_route(*this, [&](const Route& route) {
    if (const auto* backend = std::get_if<McpBackend>(&route.backend)) {
      numbers.insert(backend->target->number);
    }
  });
  return numbers;
}

bool Snapshot::has_target(std::uint64_t number) const {
  bool has = false;
  each_route(*this, [&](const Route& route) {
    const auto* backend = std::get_if<McpBackend>(&route.backend);
    has = has || (backend != nullptr && backend->target->number == number);
  });
  return has;
}

Built build(const config::File& file, Stores& stores) {
  return Builder(file, stores).build();
}

}  // namespace runtime

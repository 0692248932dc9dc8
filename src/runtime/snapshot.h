#pragma once
// A configuration made ready to serve: immutable, compiled, shared. A request holds the one it
// began with until it is over. What lives on is in stores (stores.h).

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "cel/environment.h"
#include "config/limits.h"
#include "http/client.h"
#include "policy/backend_auth.h"
#include "policy/chain.h"
#include "policy/mcp_authorization.h"
#include "runtime/router.h"
#include "runtime/stores.h"

namespace runtime {

struct McpBackend {
  std::string name;
  std::shared_ptr<const TargetEntry> target;
  std::optional<bool> dns_rebinding_protection;
  policy::McpAuthorization rules;
};

struct HostBackend {
  http::Endpoint endpoint;
  std::string authority = endpoint.authority();
};

struct Route {
  std::string name;
  // The same after a reload as long as the route takes the same requests: it is watched under it.
  std::string key;
  // The same on whichever port, whatever other routes there are: sessions that other processes may
  // go on with are bound to it, the others to the key.
  std::string session_key;
  policy::Chain chain;
  std::variant<std::monostate, McpBackend, HostBackend> backend;
  std::shared_ptr<const policy::BackendAuth> backend_auth;  // null: the backend gets no credential
  std::optional<std::chrono::milliseconds> request_timeout;
  std::optional<std::chrono::milliseconds> backend_request_timeout;
};

struct Listener {
  std::string name;
  HostPattern host;
  policy::Chain chain;
  Router router;
  std::vector<Route> routes;
  std::size_t index = 0;  // among those of its bind in the file
};

struct Bind {
  std::string name;  // "bind/3000"
  std::uint16_t port;
  std::vector<Listener> listeners;  // the most specific host first
};

struct Snapshot {
  std::unique_ptr<cel::Environment> environment;
  config::FrontendPolicies frontend;
  std::vector<Bind> binds;

  // Null if the snapshot does not serve that port.
  const Bind* find_bind(std::uint16_t port) const;
  // The route of that key, wherever it is; null if there is none any more.
  const Route* find_route(const std::string& key) const;
  // The numbers of all targets that are served.
  std::set<std::uint64_t> targets() const;
  bool has_target(std::uint64_t number) const;
};

}  // namespace runtime

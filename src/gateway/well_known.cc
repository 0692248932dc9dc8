#include "gateway/well_known.h"

#include "gateway/authorization_server.h"
#include "policy/protected_resource.h"

namespace gateway {
namespace {

const policy::ProtectedResource* resource_at(const runtime::Listener& listener,
                                             const http::Request& request) {
  const std::optional<std::size_t> route = listener.router.find(request);
  return route ? listener.routes.at(*route).chain.protected_resource() : nullptr;
}

// The only one of the listener; null if there are none or several.
const policy::ProtectedResource* only_resource(const runtime::Listener& listener) {
  const policy::ProtectedResource* only = nullptr;
  for (const runtime::Route& route : listener.routes) {
    const policy::ProtectedResource* resource = route.chain.protected_resource();
    if (resource == nullptr) continue;
    if (only != nullptr) return nullptr;
    only = resource;
  }
  return only;
}

const policy::ProtectedResource* configured_at(const runtime::Listener& listener,
                                               std::string_view path) {
  for (const runtime::Route& route : listener.routes) {
    const policy::ProtectedResource* resource = route.chain.protected_resource();
    if (resource != nullptr && resource->is_at(path)) return resource;
  }
  return nullptr;
}

// The request that a client of the resource at `path` would make.
http::Request request_for(const http::Request& asked, std::string_view path) {
  http::Request request("POST", std::string(path.empty() ? "/" : path), asked.authority);
  request.scheme = asked.scheme;
  return request;
}

const policy::ProtectedResource* find_resource(const runtime::Listener& listener,
                                               const http::Request& asked, std::string_view path) {
  if (const auto* configured = configured_at(listener, path)) return configured;
  if (const auto* routed = resource_at(listener, request_for(asked, path))) return routed;
  // A route may name its documents among its matches.
  if (const auto* named = resource_at(listener, asked)) return named;
  return path.empty() || path == "/" ? only_resource(listener) : nullptr;
}

http::Response document(const policy::ProtectedResource& resource, policy::Exchange& exchange,
                        std::string_view path) {
  const std::string& method = exchange.request().method;
  if (method == "OPTIONS") return open_to_all(http::Response(204));
  if (method != "GET" && method != "HEAD") return refuse_method(exchange, "GET, HEAD, OPTIONS");
  const auto identifier = resource.identifier(exchange, path.empty() ? "/" : path);
  if (!identifier) {
    exchange.record.error = "the host of the request is none that the resource may be called by";
    return refuse_openly(exchange, 404, "route not found");
  }
  http::Response response(200, "application/json", resource.metadata(*identifier));
  return open_to_all(std::move(response));
}

}  // namespace

Task<policy::Verdict> serve_well_known(Core& core, const runtime::Listener& listener,
                                       policy::Exchange& exchange) {
  const std::string target(exchange.request().path());
  if (const auto path = policy::after_well_known(target, policy::protected_resource_name)) {
    const auto* resource = find_resource(listener, exchange.request(), *path);
    if (resource == nullptr) co_return policy::pass;
    co_return document(*resource, exchange, *path);
  }
  const auto path = policy::after_well_known(target, policy::authorization_server_name);
  if (!path) co_return policy::pass;
  const ServerPlace place(*path);
  const auto* resource = find_resource(listener, exchange.request(), place.path());
  if (resource == nullptr || !resource->provider()) co_return policy::pass;
  auto response = co_await serve_authorization_server(core, *resource, place, exchange);
  co_return std::move(response);
}

void complete_challenge(const runtime::Listener& listener, const policy::Exchange& exchange,
                        http::Response& refusal) {
  const policy::ProtectedResource* resource = resource_at(listener, exchange.request());
  if (resource != nullptr) resource->complete(exchange, refusal);
}

}  // namespace gateway

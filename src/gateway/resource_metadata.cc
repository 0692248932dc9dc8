#include "gateway/resource_metadata.h"

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

// Any page may read it: it says nothing that is not public.
http::Response open_to_all(http::Response response) {
  response.headers.set("access-control-allow-origin", "*");
  response.headers.set("access-control-allow-methods", "GET, OPTIONS");
  response.headers.set("access-control-allow-headers", "content-type, mcp-protocol-version");
  return response;
}

http::Response refuse_here(policy::Exchange& exchange, int status, std::string_view text) {
  exchange.record.reason =
      status == 404 ? policy::Reason::not_found : policy::Reason::invalid_request;
  return open_to_all(http::Response(status, "text/plain; charset=utf-8", std::string(text)));
}

http::Response document(const policy::ProtectedResource& resource, policy::Exchange& exchange,
                        std::string_view path) {
  const std::string& method = exchange.request().method;
  if (method == "OPTIONS") return open_to_all(http::Response(204));
  if (method != "GET" && method != "HEAD") {
    http::Response refusal = refuse_here(exchange, 405, "method not allowed");
    refusal.headers.set("allow", "GET, HEAD, OPTIONS");
    return refusal;
  }
  const auto identifier = resource.identifier(exchange, path.empty() ? "/" : path);
  if (!identifier) {
    exchange.record.error = "the host of the request is none that the resource may be called by";
    return refuse_here(exchange, 404, "route not found");
  }
  http::Response response(200, "application/json", resource.metadata(*identifier));
  return open_to_all(std::move(response));
}

}  // namespace

std::optional<http::Response> resource_metadata(const runtime::Listener& listener,
                                                policy::Exchange& exchange) {
  const http::Request& request = exchange.request();
  const auto path = policy::after_well_known(request.path(), policy::protected_resource_name);
  if (!path) return std::nullopt;
  const policy::ProtectedResource* resource = find_resource(listener, request, *path);
  if (resource == nullptr) return std::nullopt;
  return document(*resource, exchange, *path);
}

void complete_challenge(const runtime::Listener& listener, const policy::Exchange& exchange,
                        http::Response& refusal) {
  const policy::ProtectedResource* resource = resource_at(listener, exchange.request());
  if (resource != nullptr) resource->complete(exchange, refusal);
}

}  // namespace gateway

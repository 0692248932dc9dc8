#include "gateway/answer.h"

#include "base/before.h"
#include "gateway/mcp_endpoint.h"
#include "gateway/proxy.h"
#include "gateway/refuse.h"

namespace gateway {
namespace {

const runtime::Listener* find_listener(const runtime::Bind& bind, const http::Request& request) {
  const std::string_view host = runtime::host_of(request.authority);
  for (const runtime::Listener& listener : bind.listeners) {
    if (listener.host.matches(host)) return &listener;
  }
  return nullptr;
}

Task<http::Response> dispatch(Core& core, const runtime::Route& route, policy::Exchange& exchange) {
  if (const auto* mcp = std::get_if<runtime::McpBackend>(&route.backend)) {
    co_return co_await serve_mcp(core, route, *mcp, exchange);
  }
  if (const auto* host = std::get_if<runtime::HostBackend>(&route.backend)) {
    co_return co_await proxy(core, route, *host, exchange);
  }
  co_return refuse(exchange, Error(Fault::not_found, "the route has no backend"));
}

Task<http::Response> answer_routed(Core& core, const runtime::Route& route,
                                   policy::Exchange& exchange) {
  policy::Verdict verdict = co_await route.chain.on_request(exchange);
  if (verdict) co_return std::move(*verdict);
  co_return co_await dispatch(core, route, exchange);
}

Task<Result<http::Response>> answer_in_time(Core& core, const runtime::Route& route,
                                            policy::Exchange& exchange) {
  auto response = co_await answer_routed(core, route, exchange);
  co_return response;
}

// requestTimeout bounds everything until the answer begins; a body that is still coming is bounded
// by what makes it.
Task<http::Response> answer_bounded(Core& core, const runtime::Route& route,
                                    policy::Exchange& exchange) {
  if (!route.request_timeout) co_return co_await answer_routed(core, route, exchange);
  const Deadline deadline = Deadline::in(exchange.began, *route.request_timeout);
  Task<Result<http::Response>> answering = answer_in_time(core, route, exchange);
  auto response = co_await before(deadline, std::move(answering));
  if (response) co_return std::move(*response);
  exchange.record.reason = policy::Reason::timeout;
  exchange.record.error = "request timeout";
  http::Response late(504, "text/plain; charset=utf-8", "request timeout");
  co_return late;
}

Task<http::Response> answer_listened(Core& core, const runtime::Listener& listener,
                                     policy::Exchange& exchange) {
  policy::Verdict verdict = co_await listener.chain.on_request(exchange);
  if (verdict) co_return std::move(*verdict);
  const std::optional<std::size_t> found = listener.router.find(exchange.request());
  if (!found) {
    exchange.record.reason = policy::Reason::not_found;
    http::Response response(404, "text/plain; charset=utf-8", "route not found");
    co_return response;
  }
  const runtime::Route& route = listener.routes.at(*found);
  exchange.route_name = route.name;
  exchange.record.route = route.name;
  exchange.forget_rules();  // to rules that ran before, there was no route
  http::Response response = co_await answer_bounded(core, route, exchange);
  route.chain.on_response(exchange, response);
  co_return response;
}

}  // namespace

Task<http::Response> answer(Core& core, const runtime::Bind& bind, policy::Exchange& exchange) {
  const runtime::Listener* listener = find_listener(bind, exchange.request());
  if (listener == nullptr) {
    co_return refuse(exchange, Error(Fault::not_found, "no listener has this host"));
  }
  exchange.listener_name = listener->name;
  exchange.record.listener = listener->name;
  http::Response response = co_await answer_listened(core, *listener, exchange);
  listener->chain.on_response(exchange, response);
  co_return response;
}

}  // namespace gateway

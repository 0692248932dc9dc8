#include "gateway/answer.h"

#include "base/before.h"
#include "gateway/mcp_endpoint.h"
#include "gateway/proxy.h"
#include "gateway/refuse.h"
#include "gateway/well_known.h"

namespace gateway {
namespace {

const runtime::Listener* find_listener(const runtime::Bind& bind, const http::Request& request) {
  const std::string_view host = runtime::host_of(request.authority);
  for (const runtime::Listener& listener : bind.listeners) {
    if (listener.host.matches(host)) return &listener;
  }
  return nullptr;
}

Task<http::Response> at_once(http::Response response) {
  co_return response;
}

Task<http::Response> dispatch(Core& core, const runtime::Route& route, policy::Exchange& exchange) {
  if (const auto* mcp = std::get_if<runtime::McpBackend>(&route.backend)) {
    return serve_mcp(core, route, *mcp, exchange);
  }
  if (const auto* host = std::get_if<runtime::HostBackend>(&route.backend)) {
    return proxy(core, route, *host, exchange);
  }
  return at_once(refuse(exchange, Error(Fault::not_found, "the route has no backend")));
}

// `undecided` is the place of the policy that has to wait, if one has.
Task<Result<http::Response>> answer_waiting(Core& core, const runtime::Route& route,
                                            policy::Exchange& exchange,
                                            std::optional<std::size_t> undecided) {
  if (undecided) {
    policy::Verdict verdict = co_await route.chain.resume(exchange, *undecided);
    if (verdict) co_return std::move(*verdict);
  }
  co_return co_await dispatch(core, route, exchange);
}

// requestTimeout bounds everything until the answer begins; a body that is still coming is bounded
// by what makes it.
Task<http::Response> answer_in_time(Core& core, const runtime::Route& route,
                                    policy::Exchange& exchange,
                                    std::optional<std::size_t> undecided) {
  const Deadline deadline = route.request_timeout
                                ? Deadline::in(exchange.began, *route.request_timeout)
                                : Deadline::never();
  Task<Result<http::Response>> answering = answer_waiting(core, route, exchange, undecided);
  auto response = co_await before(deadline, std::move(answering));
  if (response) co_return std::move(*response);
  exchange.record.reason = policy::Reason::timeout;
  exchange.record.error = "request timeout";
  http::Response late(504, "text/plain; charset=utf-8", "request timeout");
  co_return late;
}

// Most requests have neither a bound nor a policy that waits, and need no task of their own here.
Task<http::Response> answer_routed(Core& core, const runtime::Route& route,
                                   policy::Exchange& exchange) {
  std::size_t next = 0;
  policy::Verdict verdict = route.chain.decide(exchange, next);
  if (verdict) return at_once(std::move(*verdict));
  if (verdict.is_undecided()) return answer_in_time(core, route, exchange, next);
  if (route.request_timeout) return answer_in_time(core, route, exchange, std::nullopt);
  return dispatch(core, route, exchange);
}

// Null if no route takes the request.
const runtime::Route* find_route(const runtime::Listener& listener, policy::Exchange& exchange) {
  const std::optional<std::size_t> found = listener.router.find(exchange.request());
  if (!found) return nullptr;
  const runtime::Route& route = listener.routes.at(*found);
  exchange.route_name = route.name;
  exchange.record.route = route.name;
  exchange.forget_rules();  // to rules that ran before, there was no route
  return &route;
}

http::Response no_route(policy::Exchange& exchange) {
  exchange.record.reason = policy::Reason::not_found;
  return http::Response(404, "text/plain; charset=utf-8", "route not found");
}

// What follows the listener's policies.
Task<http::Response> answer_passed(Core& core, policy::Exchange& exchange, WayBack& way) {
  way.route = find_route(*way.listener, exchange);
  if (way.route == nullptr) return at_once(no_route(exchange));
  return answer_routed(core, *way.route, exchange);
}

http::Response refused(const runtime::Listener& listener, policy::Exchange& exchange,
                       policy::Verdict verdict) {
  if (verdict->status == 401) complete_challenge(listener, exchange, *verdict);
  return std::move(*verdict);
}

// `undecided` is the place of the listener's policy that has to wait.
Task<http::Response> answer_undecided(Core& core, policy::Exchange& exchange, WayBack& way,
                                      std::size_t undecided) {
  policy::Verdict verdict = co_await way.listener->chain.resume(exchange, undecided);
  if (verdict) co_return refused(*way.listener, exchange, std::move(verdict));
  co_return co_await answer_passed(core, exchange, way);
}

Task<http::Response> answer_listened(Core& core, policy::Exchange& exchange, WayBack& way) {
  std::size_t next = 0;
  policy::Verdict verdict = way.listener->chain.decide(exchange, next);
  if (verdict.is_undecided()) return answer_undecided(core, exchange, way, next);
  if (verdict) return at_once(refused(*way.listener, exchange, std::move(verdict)));
  return answer_passed(core, exchange, way);
}

// For everybody: whoever has no token yet learns here where to get one.
Task<http::Response> answer_well_known(Core& core, const runtime::Listener& listener,
                                       policy::Exchange& exchange, WayBack& way) {
  policy::Verdict document = co_await serve_well_known(core, listener, exchange);
  if (document) co_return std::move(*document);
  way.listener = &listener;
  co_return co_await answer_listened(core, exchange, way);
}

}  // namespace

Task<http::Response> answer(Core& core, const runtime::Bind& bind, policy::Exchange& exchange,
                            WayBack& way) {
  const runtime::Listener* listener = find_listener(bind, exchange.request());
  if (listener == nullptr) {
    return at_once(refuse(exchange, Error(Fault::not_found, "no listener has this host")));
  }
  exchange.listener_name = listener->name;
  exchange.record.listener = listener->name;
  if (may_be_well_known(exchange.request())) {
    return answer_well_known(core, *listener, exchange, way);
  }
  way.listener = listener;
  return answer_listened(core, exchange, way);
}

void lead_back(const WayBack& way, policy::Exchange& exchange, http::Response& response) {
  if (way.route != nullptr) way.route->chain.on_response(exchange, response);
  if (way.listener != nullptr) way.listener->chain.on_response(exchange, response);
}

}  // namespace gateway

#include "gateway/proxy.h"

#include "gateway/refuse.h"

namespace gateway {
namespace {

// Without a configured bound; long enough for a model that thinks.
constexpr auto answer_begins_within = std::chrono::minutes(10);

}  // namespace

Task<http::Response> proxy(Core& core, const runtime::Route& route,
                           const runtime::HostBackend& backend, policy::Exchange& exchange) {
  exchange.record.protocol = "http";
  exchange.record.endpoint = backend.authority;
  std::shared_ptr<const auth::Credentials> credentials;
  if (route.backend_auth) {
    auto given = route.backend_auth->credentials(exchange);
    if (!given) given = co_await route.backend_auth->fetch(exchange);
    if (!*given) co_return refuse(exchange, given->error());
    credentials = std::move(**given);
  }
  http::Request request = exchange.take_request();
  if (credentials) {
    const Result<> put = credentials->put_on(request);
    if (!put) co_return refuse(exchange, Error(Fault::internal, put.error().why()));
  }
  const Duration bound = route.backend_request_timeout ? Duration(*route.backend_request_timeout)
                                                       : Duration(answer_begins_within);
  const Deadline deadline = Deadline::in(core.loop().now(), bound);
  auto response = co_await core.pool().exchange(std::move(request), backend.endpoint, deadline);
  if (!response) co_return refuse(exchange, response.error());
  co_return std::move(*response);
}

}  // namespace gateway

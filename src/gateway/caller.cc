#include "gateway/caller.h"

namespace gateway {

std::string owner_of(const policy::Exchange& exchange) {
  const auth::Principal& principal = exchange.principal();
  std::string owner(principal.identity());
  if (principal.is_anonymous()) owner += "@" + exchange.peer.address;
  return owner;
}

Task<Result<std::shared_ptr<const auth::Credentials>>> backend_credentials(
    const runtime::Route& route, policy::Exchange& exchange) {
  if (!route.backend_auth) co_return nullptr;
  auto given = route.backend_auth->credentials(exchange);
  if (!given) {
    given = co_await route.backend_auth->fetch(exchange);
  }
  co_return std::move(*given);
}

}  // namespace gateway

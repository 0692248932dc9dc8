#include "policy/lockout.h"

#include <chrono>

namespace policy {

std::optional<Duration> locked_for(const Exchange& exchange) {
  if (exchange.failed_logins == nullptr) return std::nullopt;
  return exchange.failed_logins->locked_for(exchange.peer.address, exchange.began);
}

std::optional<http::Response> locked_out(Exchange& exchange) {
  const auto left = locked_for(exchange);
  if (!left) return std::nullopt;
  exchange.record.reason = Reason::too_many_failures;
  exchange.record.error = "too many failed logins from this address";
  http::Response response(429, "text/plain; charset=utf-8", "too many failed logins");
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*left).count();
  response.headers.set("retry-after", std::to_string(seconds));
  return response;
}

void note_doubt(Exchange& exchange) {
  exchange.is_doubtful = true;
}

void settle_doubt(Exchange& exchange) {
  if (exchange.is_doubtful && exchange.principal().is_anonymous()) note_failure(exchange);
  exchange.is_doubtful = false;
}

void note_failure(Exchange& exchange) {
  if (exchange.failed_logins != nullptr) {
    exchange.failed_logins->note(exchange.peer.address, exchange.began);
  }
}

}  // namespace policy

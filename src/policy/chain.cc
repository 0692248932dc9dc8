#include "policy/chain.h"

namespace policy {

Verdict Chain::decide(Exchange& exchange) const {
  for (const auto& policy : policies_) {
    Verdict verdict = policy->decide(exchange);
    if (verdict) return verdict;
  }
  return pass;
}

Task<Verdict> Chain::on_request(Exchange& exchange) const {
  for (const auto& policy : policies_) {
    Verdict verdict = co_await policy->on_request(exchange);
    if (verdict) co_return verdict;
  }
  co_return pass;
}

void Chain::on_response(Exchange& exchange, http::Response& response) const {
  for (auto policy = policies_.rbegin(); policy != policies_.rend(); ++policy) {
    (*policy)->on_response(exchange, response);
  }
}

}  // namespace policy

#include "policy/chain.h"

#include <stdexcept>

namespace policy {

Task<Verdict> Policy::on_request(Exchange& exchange) const {
  (void)exchange;
  // A policy that can be undecided and does not say what then is a bug; a bug does not allow.
  throw std::logic_error("a policy is undecided and never decides");
  co_return pass;
}

Verdict Chain::decide(Exchange& exchange, std::size_t& next) const {
  for (; next < policies_.size(); ++next) {
    Verdict verdict = policies_[next]->decide(exchange);
    if (verdict || verdict.is_undecided()) return verdict;
  }
  return pass;
}

Task<Verdict> Chain::resume(Exchange& exchange, std::size_t next) const {
  for (;;) {
    Verdict waited = co_await policies_[next]->on_request(exchange);
    if (waited.is_undecided()) throw std::logic_error("a policy waited and is still undecided");
    if (waited) co_return waited;
    Verdict verdict = decide(exchange, ++next);
    if (!verdict.is_undecided()) co_return verdict;
  }
}

void Chain::on_response(Exchange& exchange, http::Response& response) const {
  for (auto policy = policies_.rbegin(); policy != policies_.rend(); ++policy) {
    (*policy)->on_response(exchange, response);
  }
}

}  // namespace policy

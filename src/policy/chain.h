#pragma once
// Policies in their order. The order is agentgateway's and stands in all.def.

#include <memory>
#include <vector>

#include "policy/policy.h"

namespace policy {

class Chain {
 public:
  void add(std::unique_ptr<const Policy> policy) {
    may_wait_ = may_wait_ || policy->may_wait();
    policies_.push_back(std::move(policy));
  }
  bool is_empty() const { return policies_.empty(); }
  std::size_t size() const { return policies_.size(); }

  // Whether one of them has to wait for somebody; if none has, decide() says what on_request() does
  // and needs no task.
  bool may_wait() const { return may_wait_; }
  // The first answer wins.
  Verdict decide(Exchange& exchange) const;
  Task<Verdict> on_request(Exchange& exchange) const;
  // Backwards through all of them, so that a browser sees CORS headers on a 401, too.
  void on_response(Exchange& exchange, http::Response& response) const;

 private:
  std::vector<std::unique_ptr<const Policy>> policies_;
  bool may_wait_ = false;
};

}  // namespace policy

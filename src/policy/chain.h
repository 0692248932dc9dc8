#pragma once
// Policies in their order. The order is agentgateway's and stands in all.def.

#include <memory>
#include <vector>

#include "policy/policy.h"

namespace policy {

class Chain {
 public:
  void add(std::unique_ptr<const Policy> policy) {
    if (policy->protected_resource() != nullptr) resource_ = policy->protected_resource();
    policies_.push_back(std::move(policy));
  }
  bool is_empty() const { return policies_.empty(); }
  std::size_t size() const { return policies_.size(); }

  // Of the policy that makes one; null if none does.
  const ProtectedResource* protected_resource() const { return resource_; }

  // Asks one after the other, from the policy at `next`; the first answer wins. If one is
  // undecided, it is at `next`, and resume() goes on from there.
  Verdict decide(Exchange& exchange, std::size_t& next) const;
  // Waits for the undecided policy at `next` and asks those after it.
  Task<Verdict> resume(Exchange& exchange, std::size_t next) const;
  // Backwards through all of them, so that a browser sees CORS headers on a 401, too.
  void on_response(Exchange& exchange, http::Response& response) const;

 private:
  std::vector<std::unique_ptr<const Policy>> policies_;
  const ProtectedResource* resource_ = nullptr;  // owned by one of them
};

}  // namespace policy

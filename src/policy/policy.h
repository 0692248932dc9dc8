#pragma once
// A policy sees every exchange of its listener or route: the request on the way in, the response on
// the way out. One object serves all requests of a snapshot on all cores, so it is const; what
// belongs to one request is in Exchange.

#include <optional>

#include "base/task.h"
#include "http/message.h"
#include "policy/exchange.h"

namespace policy {

using Verdict = std::optional<http::Response>;  // empty: let it pass
inline constexpr std::nullopt_t pass = std::nullopt;

class Policy {
 public:
  virtual ~Policy() = default;
  // An answer ends the way in: nothing after this policy sees the request. Not asked of a policy
  // that may wait.
  virtual Verdict decide(Exchange& exchange) const {
    (void)exchange;
    return pass;
  }
  // For a policy that has to wait for somebody before it knows: then on_request() is its own.
  virtual bool may_wait() const { return false; }
  virtual Task<Verdict> on_request(Exchange& exchange) const { co_return decide(exchange); }
  // Called for every answer, also for one that this or an earlier policy gave.
  virtual void on_response(Exchange& exchange, http::Response& response) const {
    (void)exchange;
    (void)response;
  }
};

}  // namespace policy

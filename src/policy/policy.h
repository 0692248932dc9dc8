#pragma once
// A policy sees every exchange of its listener or route: the request on the way in, the response on
// the way out. One object serves all requests of a snapshot on all cores, so it is const; what
// belongs to one request is in Exchange.

#include <optional>
#include <utility>

#include "base/task.h"
#include "http/message.h"
#include "policy/exchange.h"

namespace policy {

struct Pass {};
struct Undecided {};
inline constexpr Pass pass;
inline constexpr Undecided undecided;

// What a policy says of a request: let it pass, here is its answer, or that it does not know yet.
class [[nodiscard]] Verdict {
 public:
  Verdict() = default;  // passes
  Verdict(Pass) {}      // NOLINT(google-explicit-constructor): policies return these words
  Verdict(Undecided) : is_undecided_(true) {}                           // NOLINT: the same
  Verdict(http::Response response) : response_(std::move(response)) {}  // NOLINT: the same

  // Whether there is an answer.
  explicit operator bool() const { return response_.has_value(); }
  http::Response& operator*() { return *response_; }
  http::Response* operator->() { return &*response_; }
  // The answer, if there is one.
  std::optional<http::Response> take() { return std::move(response_); }
  bool is_undecided() const { return is_undecided_; }

 private:
  std::optional<http::Response> response_;
  bool is_undecided_ = false;
};

class ProtectedResource;

class Policy {
 public:
  virtual ~Policy() = default;
  // An answer ends the way in: nothing after this policy sees the request. `undecided` if it has to
  // wait for somebody before it knows: then on_request() is asked. Most requests need not wait,
  // even where some must, and a task costs more than most decisions.
  virtual Verdict decide(Exchange& exchange) const {
    (void)exchange;
    return pass;
  }
  // Asked only after decide() said `undecided`; never says so itself.
  virtual Task<Verdict> on_request(Exchange& exchange) const;
  // The resource that this policy makes of its route; null if it makes none.
  virtual const ProtectedResource* protected_resource() const { return nullptr; }
  // Called for every answer, also for one that this or an earlier policy gave.
  virtual void on_response(Exchange& exchange, http::Response& response) const {
    (void)exchange;
    (void)response;
  }
};

}  // namespace policy

#pragma once
// From a request to its answer: the listener's policies, the route, the route's policies, the
// backend, and all policies once more on the way back.

#include "base/task.h"
#include "gateway/core.h"
#include "http/message.h"
#include "policy/exchange.h"
#include "runtime/snapshot.h"

namespace gateway {

// Whose policies see the answer on its way back; null: it did not get that far.
struct WayBack {
  const runtime::Listener* listener = nullptr;
  const runtime::Route* route = nullptr;
};

// The answer before it is on its way back. `way` must outlive the task and is set while it runs.
Task<http::Response> answer(Core& core, const runtime::Bind& bind, policy::Exchange& exchange,
                            WayBack& way);
// Shows the answer to the policies once more.
void lead_back(const WayBack& way, policy::Exchange& exchange, http::Response& response);

}  // namespace gateway

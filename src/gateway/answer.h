#pragma once
// From a request to its answer: the listener's policies, the route, the route's policies, the
// backend, and all policies once more on the way back.

#include "base/task.h"
#include "gateway/core.h"
#include "http/message.h"
#include "policy/exchange.h"
#include "runtime/snapshot.h"

namespace gateway {

Task<http::Response> answer(Core& core, const runtime::Bind& bind, policy::Exchange& exchange);

}  // namespace gateway

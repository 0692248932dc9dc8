#pragma once
// A plain HTTP backend: the request goes on as it was authorized, the answer comes back as it
// comes.

#include "base/task.h"
#include "gateway/core.h"
#include "http/message.h"
#include "policy/exchange.h"
#include "runtime/snapshot.h"

namespace gateway {

// 502 if the upstream fails before its answer begins, 503 if it cannot be reached, 504 if it is
// late. If it fails after that, the client's connection is cut.
Task<http::Response> proxy(Core& core, const runtime::Route& route,
                           const runtime::HostBackend& backend, policy::Exchange& exchange);

}  // namespace gateway

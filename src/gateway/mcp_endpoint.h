#pragma once
// MCP over Streamable HTTP (revisions 2025-03-26 to 2025-11-25), at any path of the route: POST
// carries one message, GET opens the stream of what belongs to no call, DELETE ends the session. A
// message is read once; what is forwarded is written from that parse.

#include "base/task.h"
#include "gateway/core.h"
#include "http/message.h"
#include "policy/exchange.h"
#include "runtime/snapshot.h"

namespace gateway {

Task<http::Response> serve_mcp(Core& core, const runtime::Route& route,
                               const runtime::McpBackend& backend, policy::Exchange& exchange);

}  // namespace gateway

#pragma once
// One request of a client, from its authorization to its answer: a JSON answer if nothing comes
// before the result, an event stream otherwise.

#include "gateway/core.h"
#include "gateway/mcp_view.h"
#include "gateway/session_table.h"
#include "http/message.h"
#include "mcp/message.h"
#include "mcp/method.h"

namespace gateway {

// Where a request stands: everything outlives the response's body.
struct McpPlace {
  Core& core;
  const runtime::Route& route;
  const runtime::McpBackend& backend;
  policy::Exchange& exchange;
};

// `method` is the request's row in the table.
Task<http::Response> serve_call(McpPlace at, SessionHome session, const mcp::Method& method,
                                mcp::Message request);

// The stream of what belongs to no request.
Task<http::Response> serve_listener(McpPlace at, SessionHome session);

}  // namespace gateway

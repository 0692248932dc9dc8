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

// `method` is the request's row in the table. The exchange must outlive the response's body.
Task<http::Response> serve_call(Core& core, const runtime::Route& route,
                                const runtime::McpBackend& backend, policy::Exchange& exchange,
                                SessionHome session, const mcp::Method& method,
                                mcp::Message request);

// The stream of what belongs to no request.
Task<http::Response> serve_listener(Core& core, const runtime::Route& route,
                                    policy::Exchange& exchange, SessionHome session);

}  // namespace gateway

#pragma once
// Requests of the stateless revision (2026-07-28): each says everything about itself, is judged by
// itself, and is served from the caller's pool of upstream sessions.

#include "gateway/mcp_call.h"

namespace gateway {

// A request or notification that is of that revision by what it says.
Task<http::Response> serve_modern(McpPlace at, mcp::Message message);

}  // namespace gateway

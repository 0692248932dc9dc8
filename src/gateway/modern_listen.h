#pragma once
// The stream of a stateless client that listens for changes (2026-07-28, subscriptions/listen):
// what was accepted comes first, then a notification for each change that it asked for and may see.

#include "gateway/modern_call.h"

namespace gateway {

Task<http::Response> serve_modern_listen(McpPlace at, mcp::ModernRequest request,
                                         mcp::Message message);

}  // namespace gateway

#pragma once
// The transport of 2024-11-05 (HTTP with SSE) towards clients: a GET of a path that ends in /sse
// opens a session's only stream, whose first event says where messages are posted; what they bring
// about comes on the stream. The session is sealed in that address, belongs to its caller, and ends
// with its stream.

#include "gateway/mcp_call.h"

namespace gateway {

// Whether a GET asks for such a stream.
bool opens_sse(const http::Request& request);
// Whether a POST is a message of such a session.
bool is_sse_message(const http::Request& request);

http::Response serve_sse(McpPlace at);
Task<http::Response> serve_sse_message(McpPlace at, mcp::Message message);

}  // namespace gateway

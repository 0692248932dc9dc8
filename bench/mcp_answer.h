#pragma once
// What the benchmark's MCP servers answer: initialize, tools/list, and tools/call of `echo`, of
// `big`, whose answer is long, and of `pid`, which names the process. They
// look for the members they need instead of parsing, so that a measurement shows the gateway and
// not the server; only clients that write their JSON without blanks may use them.

#include <string>
#include <string_view>

namespace bench {

// Appends the answer to one JSON-RPC message; nothing for a notification.
void append_mcp_answer(std::string_view message, std::string& out);

}  // namespace bench

#pragma once
// What the benchmark's MCP servers answer: initialize, tools/list, and tools/call of `echo`, of
// `big`, whose answer is long, and of `pid`, which names the process. They
// look for the members they need instead of parsing, so that a measurement shows the gateway and
// not the server; only clients that write their JSON without blanks may use them.

#include <cstddef>
#include <string>
#include <string_view>

namespace bench {

// A result of tools/list with so many tools, each about as long as in life.
std::string many_tools(std::size_t count);

// Appends the answer to one JSON-RPC message; nothing for a notification. `tools` is the result of
// tools/list; empty: those above.
void append_mcp_answer(std::string_view message, std::string& out, std::string_view tools = {});

}  // namespace bench

#include "mcp_answer.h"

#include <unistd.h>

namespace bench {
namespace {

constexpr std::string_view initialized =
    R"({"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"
    R"("serverInfo":{"name":"bench-server","version":"1"}})";
constexpr std::string_view few_tools =
    R"({"tools":[{"name":"echo","description":"Echoes its message","inputSchema":{)"
    R"("type":"object","properties":{"message":{"type":"string"}},"required":["message"]}},)"
    R"({"name":"big","inputSchema":{"type":"object"}},)"
    R"({"name":"pid","inputSchema":{"type":"object"}}]})";
constexpr std::string_view unknown_method = R"({"code":-32601,"message":"Method not found"})";
// Fills an answer up to about 600 bytes.
constexpr std::size_t filling = 280;
constexpr std::size_t big_filling = std::size_t{64} * 1024;

// The raw text of a member's value that is a string without escapes or a number; empty if there is
// none.
std::string_view raw_after(std::string_view text, std::string_view key) {
  const std::size_t found = text.find(key);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = text.substr(found + key.size());
  if (!rest.starts_with('"')) return rest.substr(0, rest.find_first_of(",}"));
  return rest.substr(0, rest.find('"', 1) + 1);
}

void append_result(std::string_view message, std::string& out) {
  const std::string_view tool = raw_after(message, "\"name\":");
  out.append(R"(,"result":{"content":[{"type":"text","text":")");
  if (tool == "\"pid\"") {
    out.append("pid ").append(std::to_string(::getpid())).append("\"}]}");
    return;
  }
  std::string_view text = raw_after(message, "\"message\":");
  if (!text.empty()) text.remove_prefix(1);
  out.append("Echo: ").append(text).append(R"(},{"type":"text","text":")");
  out.append(tool == "\"big\"" ? big_filling : filling, 'y').append("\"}]}");
}

}  // namespace

std::string many_tools(std::size_t count) {
  std::string text = "{\"tools\":[";
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) text.push_back(',');
    text.append(R"({"name":"tool-)").append(std::to_string(i));
    text.append(
        R"(","description":"Looks for what is named and says what there is of it","inputSchema":{)");
    text.append(
        R"("type":"object","properties":{"name":{"type":"string","description":"What to look for"},)");
    text.append(R"("limit":{"type":"integer","minimum":1}},"required":["name"]}})");
  }
  return text.append("]}");
}

void append_mcp_answer(std::string_view message, std::string& out, std::string_view tools) {
  const std::string_view id = raw_after(message, "\"id\":");
  if (id.empty()) return;
  const std::string_view method = raw_after(message, "\"method\":");
  out.append(R"({"jsonrpc":"2.0","id":)").append(id);
  if (method == "\"tools/call\"") {
    append_result(message, out);
  } else if (method == "\"initialize\"") {
    out.append(R"(,"result":)").append(initialized);
  } else if (method == "\"tools/list\"") {
    out.append(R"(,"result":)").append(tools.empty() ? few_tools : tools);
  } else if (method == "\"ping\"") {
    out.append(R"(,"result":{})");
  } else {
    out.append(R"(,"error":)").append(unknown_method);
  }
  out.push_back('}');
}

}  // namespace bench

// The least MCP server over standard input and output: initialize, tools/list, and tools/call of
// `echo`. It looks for the members it needs instead of parsing, so that a measurement shows the
// gateway and not the child; only a generator that writes its JSON without blanks may use it.

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include <unistd.h>

#include "wire.h"

namespace bench {
namespace {

constexpr std::size_t read_max = std::size_t{64} * 1024;
constexpr std::string_view initialized =
    R"({"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"
    R"("serverInfo":{"name":"bench-child","version":"1"}})";
constexpr std::string_view tools =
    R"({"tools":[{"name":"echo","description":"Echoes its message","inputSchema":{)"
    R"("type":"object","properties":{"message":{"type":"string"}},"required":["message"]}}]})";
constexpr std::string_view unknown_method = R"({"code":-32601,"message":"Method not found"})";
// Fills an answer up to about 600 bytes.
constexpr std::size_t filling = 280;

// The raw text of a member's value that is a string without escapes or a number; empty if there is
// none.
std::string_view raw_after(std::string_view line, std::string_view key) {
  const std::size_t found = line.find(key);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = line.substr(found + key.size());
  if (!rest.starts_with('"')) return rest.substr(0, rest.find_first_of(",}"));
  return rest.substr(0, rest.find('"', 1) + 1);
}

void answer(std::string_view line, std::string& out) {
  const std::string_view id = raw_after(line, "\"id\":");
  if (id.empty()) return;  // a notification
  const std::string_view method = raw_after(line, "\"method\":");
  out.append(R"({"jsonrpc":"2.0","id":)").append(id);
  if (method == "\"tools/call\"") {
    std::string_view message = raw_after(line, "\"message\":");
    if (!message.empty()) message.remove_prefix(1);
    out.append(R"(,"result":{"content":[{"type":"text","text":"Echo: )").append(message);
    out.append(R"(},{"type":"text","text":")").append(filling, 'y').append("\"}]}");
  } else if (method == "\"initialize\"") {
    out.append(R"(,"result":)").append(initialized);
  } else if (method == "\"tools/list\"") {
    out.append(R"(,"result":)").append(tools);
  } else if (method == "\"ping\"") {
    out.append(R"(,"result":{})");
  } else {
    out.append(R"(,"error":)").append(unknown_method);
  }
  out.append("}\n");
}

bool write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(STDOUT_FILENO, text.data(), text.size());
    if (size < 0 && errno != EINTR) return false;
    if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

// Answers all complete lines at hand with one write.
int serve() {
  static std::array<char, read_max> buffer;
  std::string incoming;
  std::string outgoing;
  for (;;) {
    const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return 0;
    incoming.append(buffer.data(), static_cast<std::size_t>(size));
    std::size_t begin = 0;
    for (std::size_t end = incoming.find('\n'); end != std::string::npos;
         end = incoming.find('\n', begin)) {
      answer(std::string_view(incoming).substr(begin, end - begin), outgoing);
      begin = end + 1;
    }
    incoming.erase(0, begin);
    if (!write_all(outgoing)) return 1;
    outgoing.clear();
  }
}

}  // namespace
}  // namespace bench

int main() {
  return bench::serve();
}

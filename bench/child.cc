// The least MCP server over standard input and output; mcp_answer.h says what it answers. With a
// number as its argument it has so many tools.

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include <unistd.h>

#include "mcp_answer.h"

namespace bench {
namespace {

constexpr std::size_t read_max = std::size_t{64} * 1024;

bool write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(STDOUT_FILENO, text.data(), text.size());
    if (size < 0 && errno != EINTR) return false;
    if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

// Answers all complete lines at hand with one write.
int serve(std::string_view tools) {
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
      const std::size_t before = outgoing.size();
      append_mcp_answer(std::string_view(incoming).substr(begin, end - begin), outgoing, tools);
      if (outgoing.size() != before) outgoing.push_back('\n');
      begin = end + 1;
    }
    incoming.erase(0, begin);
    if (!write_all(outgoing)) return 1;
    outgoing.clear();
  }
}

}  // namespace
}  // namespace bench

int main(int count, char** words) {
  const std::string tools = count > 1 ? bench::many_tools(std::stoul(words[1])) : std::string();
  return bench::serve(tools);
}

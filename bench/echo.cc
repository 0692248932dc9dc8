// The least MCP server over Streamable HTTP, with one session for everybody; mcp_answer.h says what
// it answers.
//
//   echo PORT

#include <string>

#include "answering.h"
#include "mcp_answer.h"

namespace bench {
namespace {

constexpr std::string_view accepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view no_stream =
    "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST, DELETE\r\nContent-Length: 0\r\n\r\n";

void answer(const Message& request, std::string& body, std::string& out) {
  if (!request.start_line.starts_with("POST ")) {
    out.append(request.start_line.starts_with("DELETE ") ? accepted : no_stream);
    return;
  }
  body.clear();
  append_mcp_answer(request.body, body);
  if (body.empty()) {
    out.append(accepted);
    return;
  }
  out.append(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: bench\r\n"
      "Content-Length: ");
  out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

}  // namespace
}  // namespace bench

int main(int count, char** words) {
  const auto port = count == 2 ? bench::number_at(words[1]) : std::nullopt;
  if (!port) bench::give_up("echo: give a port");
  bench::Poller poller;
  std::string body;
  const bench::AnsweringServer server(
      poller, static_cast<std::uint16_t>(*port),
      [&](const bench::Message& request, std::string& out) { bench::answer(request, body, out); });
  for (;;) poller.turn(-1);
}

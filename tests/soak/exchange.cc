#include "exchange.h"

#include <cerrno>
#include <chrono>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "client.h"
#include "poller.h"
#include "wire.h"

namespace soak {
namespace {

using bench::Descriptor;

constexpr auto retried_after = std::chrono::milliseconds(5);
constexpr std::uint64_t retried_nanoseconds_max = 15'000'000'000;
constexpr std::string_view initialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18",)"
    R"("capabilities":{},"clientInfo":{"name":"agentgateway-soak","version":"1"}}})";
constexpr std::string_view initialized =
    R"({"jsonrpc":"2.0","method":"notifications/initialized"})";

Descriptor connect_once(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{15, 0};
  ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const erased = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.number(), erased, sizeof(address)) != 0) return Descriptor();
  return socket;
}

Descriptor connect_patiently(std::uint16_t port) {
  const std::uint64_t end = bench::now_nanoseconds() + retried_nanoseconds_max;
  while (bench::now_nanoseconds() < end) {
    Descriptor socket = connect_once(port);
    if (socket.is_open()) return socket;
    std::this_thread::sleep_for(retried_after);
  }
  return Descriptor();
}

}  // namespace

std::optional<Reply> exchange(std::uint16_t port, std::string_view request) {
  const Descriptor socket = connect_patiently(port);
  bench::Outgoing outgoing;
  outgoing.text() = request;
  if (!socket.is_open() || !outgoing.flush(socket.number())) return std::nullopt;
  std::string incoming;
  std::string scratch;
  bench::Message message;
  for (;;) {
    errno = 0;
    if (!bench::read_more(socket.number(), incoming) || errno == EAGAIN) return std::nullopt;
    const bench::Got got = bench::read_message(incoming, message, scratch);
    if (got == bench::Got::malformed) return std::nullopt;
    if (got == bench::Got::message) break;
  }
  return Reply{message.status(), std::string(message.field("mcp-session-id")),
               std::string(message.body)};
}

std::string mcp_request_to(std::string_view path, std::string_view token, std::string_view session,
                           std::string_view method, std::string_view body) {
  std::string text(method);
  text.append(" ").append(path).append(" HTTP/1.1\r\nHost: gateway.soak.test\r\n");
  text.append("Accept: application/json, text/event-stream\r\n");
  text.append("Content-Type: application/json\r\n");
  if (!session.empty()) {
    text.append("MCP-Protocol-Version: 2025-06-18\r\nMcp-Session-Id: ").append(session);
    text.append("\r\n");
  }
  if (!token.empty()) text.append("Authorization: Bearer ").append(token).append("\r\n");
  text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  return text.append(body);
}

std::string open_session(std::uint16_t port, std::string_view path, std::string_view token) {
  const auto answer = exchange(port, mcp_request_to(path, token, "", "POST", initialize));
  errno = 0;
  if (!answer) bench::give_up("initialize was not answered");
  if (answer->status != 200 || answer->session.empty()) {
    bench::give_up("initialize was answered " + std::to_string(answer->status) + ": " +
                   answer->body);
  }
  const auto noted =
      exchange(port, mcp_request_to(path, token, answer->session, "POST", initialized));
  errno = 0;
  if (!noted || noted->status != 202) bench::give_up("notifications/initialized was not taken");
  return answer->session;
}

bool end_session(std::uint16_t port, std::string_view path, std::string_view token,
                 std::string_view session) {
  const auto answer = exchange(port, mcp_request_to(path, token, session, "DELETE", ""));
  return answer && answer->status >= 200 && answer->status < 300;
}

}  // namespace soak

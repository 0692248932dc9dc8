#pragma once
// One request on a blocking connection of its own: what is done beside the load.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace soak {

struct Reply {
  int status = 0;
  std::string session;  // Mcp-Session-Id
  std::string body;
};

// Tries again while nobody listens, for at most 15 seconds. Nothing if there was no answer.
std::optional<Reply> exchange(std::uint16_t port, std::string_view request);

// A request at an MCP endpoint. `body` is that of a POST.
std::string mcp_request_to(std::string_view path, std::string_view token, std::string_view session,
                           std::string_view method, std::string_view body);

// The id of a new session, ready for use. Ends the program if there is none.
std::string open_session(std::uint16_t port, std::string_view path, std::string_view token);
// False if the gateway did not take it.
bool end_session(std::uint16_t port, std::string_view path, std::string_view token,
                 std::string_view session);

}  // namespace soak

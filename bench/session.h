#pragma once
// MCP sessions for the load: opened one after the other, with blocking sockets.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "poller.h"

namespace bench {

// Who opens sessions, and where.
struct Visitor {
  std::uint16_t port = 0;
  std::string token;        // empty: anonymous
  std::uint8_t caller = 0;  // see connect_blocking(): a gateway limits the sessions of one address
};

// Opens `count` sessions and gives their ids. Ends the program if one is refused.
std::vector<std::string> open_sessions(const Visitor& visitor, std::size_t count);

// Opens a session's stream (GET) and leaves it open.
Descriptor open_stream(const Visitor& visitor, std::string_view session);

}  // namespace bench

#pragma once
// MCP sessions for the load: opened one after the other, with blocking sockets.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "poller.h"

namespace bench {

// Opens `count` sessions and gives their ids. Ends the program if one is refused.
std::vector<std::string> open_sessions(std::uint16_t port, std::string_view token,
                                       std::size_t count);

// Opens a session's stream (GET) and leaves it open.
Descriptor open_stream(std::uint16_t port, std::string_view token, std::string_view session);

}  // namespace bench

#pragma once
// The story of one connection and of each request on it. Start reading here.

#include <cstdint>

#include "base/task.h"
#include "gateway/core.h"
#include "net/tcp.h"

namespace gateway {

// Serves a connection until it ends, as the bind of the configured port.
Task<> serve(Core& core, std::uint16_t configured_port, net::TcpStream& stream);

}  // namespace gateway

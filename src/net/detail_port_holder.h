#pragma once
// Which process listens on a port, as far as /proc tells this user.

#include <cstdint>
#include <string>

namespace net::detail {

// "nginx (pid 123)", or empty if unknown.
std::string port_holder(std::uint16_t port);

}  // namespace net::detail

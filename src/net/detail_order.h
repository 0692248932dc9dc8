#pragma once
// What the gateway and its spawner say to each other. An order is one packet with four descriptors:
// standard input, output, error and the child's control channel. On the channel the spawner sends
// reports, the gateway sends signal numbers (a byte each), and its closing means: end the child.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "net/spawner.h"

namespace net::detail {

constexpr std::size_t order_bytes_max = 131'072;

std::string pack(const Command& command);
// Nothing if it is not what pack() makes.
std::optional<Command> unpack(std::string_view order);

enum class ReportKind : std::int32_t {
  started,
  failed_to_enter,
  failed_to_limit,
  failed_to_run,
  exited
};

// started: pid, 0. failed: errno, 0. exited: code, signal.
struct Report {
  ReportKind kind;
  std::int32_t first;
  std::int32_t second;
};
static_assert(std::is_trivially_copyable_v<Report>);

// The spawner's process: serves until `orders` ends, then kills all children.
[[noreturn]] void run_spawner(Fd orders);

}  // namespace net::detail

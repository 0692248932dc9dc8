#pragma once
// The limits of the wire with their defaults. Each bounds what one peer can make us hold or wait
// for.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/clock.h"

namespace http {

// 16 KiB hold every address seen in practice; a longer request line is answered with 414.
inline constexpr std::size_t request_line_bytes_max = std::size_t{16} * 1024;
// Start line and fields together; more is answered with 431.
inline constexpr std::size_t head_bytes_max = std::size_t{64} * 1024;
inline constexpr std::size_t fields_max = 100;
// What a reader of whole request bodies should allow by default; more is answered with 413.
inline constexpr std::size_t request_body_bytes_max = std::size_t{2} * 1024 * 1024;
// What a reader of whole upstream answers should allow by default; more is a 502.
inline constexpr std::size_t response_body_bytes_max = std::size_t{8} * 1024 * 1024;
// One line of an event stream.
inline constexpr std::size_t event_line_bytes_max = std::size_t{4} * 1024 * 1024;
// A chunk's size line, extensions included. They carry nothing that anybody uses.
inline constexpr std::size_t chunk_line_bytes_max = 256;
// The fields after the last chunk, all together. They are checked and dropped.
inline constexpr std::size_t trailer_bytes_max = std::size_t{8} * 1024;
// Interim answers (1xx) before the final one.
inline constexpr int interim_responses_max = 8;
// Empty lines before a request line, which old clients send after a body (RFC 9112, 2.2).
inline constexpr int blank_lines_max = 2;
// How much of an unread request body is read and dropped so that the connection can go on.
inline constexpr std::size_t drained_body_bytes_max = std::size_t{64} * 1024;

// What a listener allows a client.
struct ServerLimits {
  std::size_t request_line_bytes = request_line_bytes_max;
  std::size_t head_bytes = head_bytes_max;
  std::size_t fields = fields_max;
  // Of a body that is streamed through. Those who read a whole body say their own limit.
  std::uint64_t body_bytes = std::numeric_limits<std::uint64_t>::max();
  // From the first byte of a head to its last: 408.
  Duration head_within = std::chrono::seconds(10);
  // A body must bring this many bytes in each such span of waiting for it: 408.
  std::size_t body_progress_bytes = std::size_t{10} * 1024;
  Duration body_progress_within = std::chrono::seconds(10);
  // Between two requests, then the connection is closed.
  Duration idle = std::chrono::seconds(75);
  // A client that reads must take 128 KiB, or what is left of an answer, in each such span.
  Duration write_within = std::chrono::seconds(30);
  // How long a closing connection is read so that the peer sees our last answer.
  Duration linger = std::chrono::seconds(1);
};

// What an upstream is allowed.
struct ClientLimits {
  std::size_t head_bytes = head_bytes_max;
  std::size_t fields = fields_max;
  Duration connect_within = std::chrono::seconds(5);
  // How long an idle connection is kept; a shorter `Keep-Alive: timeout=` of the peer is respected.
  Duration idle = std::chrono::seconds(60);
  // Silence between two pieces of a body that is no event stream.
  Duration body_idle = std::chrono::seconds(60);
  // Idle connections kept for one endpoint, and for all together.
  std::size_t idle_per_endpoint = 64;
  std::size_t idle_total = 1024;
};

}  // namespace http

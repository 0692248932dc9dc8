#pragma once
// A server that is reached over Streamable HTTP: each message is a POST, answered with JSON or with
// a stream of events. With one of the session-based revisions (2025-03-26 to 2025-11-25) each
// session of a client has one with the server, and a GET opens a stream for what belongs to no
// call; one of the modern revision (2026-07-28) is asked without sessions. Which it is, is asked
// when the first session is opened, and remembered.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "http/client.h"
#include "http/limits.h"
#include "upstream/queue_limits.h"
#include "upstream/upstream.h"

class Log;

namespace upstream {

struct HttpSettings {
  http::Endpoint endpoint{"localhost", 80};
  std::string path = "/mcp";  // with a query, if there is one

  // Nothing: it is found out.
  std::optional<mcp::Era> era;
  std::chrono::milliseconds handshake = std::chrono::seconds(10);
  // For a server of unknown era to say that it is a modern one.
  std::chrono::milliseconds probe = std::chrono::milliseconds(2500);
  // For a notification, an answer to a question and a farewell to be taken.
  std::chrono::milliseconds telling = std::chrono::seconds(10);
  std::size_t answer_bytes_max = http::response_body_bytes_max;
  std::size_t event_bytes_max = http::event_line_bytes_max;
  // Of all sessions with this target together.
  std::size_t calls_max = 10'000;
  std::size_t streams_max = 2'000;  // GET streams
  QueueLimits queue;

  bool operator==(const HttpSettings&) const = default;
};

// The log's sink must outlive the target and every session of it. Whether the server can
// be reached is told to `vitals`.
std::unique_ptr<Target> make_streamable_http_target(mcp::TargetName name, HttpSettings settings,
                                                    const Log& log,
                                                    std::shared_ptr<Vitals> vitals = nullptr);

}  // namespace upstream

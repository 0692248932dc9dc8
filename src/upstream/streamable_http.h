#pragma once
// A server that is reached over Streamable HTTP (2025-03-26 to 2025-11-25): each message is a POST,
// answered with JSON or with a stream of events; a GET opens a stream for what belongs to no call.
// One session with the server for each session of a client.

#include <chrono>
#include <memory>
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

  std::chrono::milliseconds handshake = std::chrono::seconds(10);
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

// The log's sink must outlive the target and every session of it.
std::unique_ptr<Target> make_streamable_http_target(mcp::TargetName name, HttpSettings settings,
                                                    const Log& log);

}  // namespace upstream

#pragma once
// A server over the transport of revision 2024-11-05, HTTP+SSE: one GET opens a stream on which
// everything comes that the server says, first of all the address that messages are POSTed to. One
// stream, and so one session with the server, for each session of a client.

#include <memory>

#include "upstream/streamable_http.h"

namespace upstream {

inline constexpr const char* default_sse_path = "/sse";

// `settings.path` is the stream's. The log's sink must outlive the target and every session of it.
// Whether the server can be reached is told to `vitals`.
std::unique_ptr<Target> make_sse_target(mcp::TargetName name, HttpSettings settings, const Log& log,
                                        std::shared_ptr<Vitals> vitals = nullptr);

}  // namespace upstream

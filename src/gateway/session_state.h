#pragma once
// What a session id carries so that another process that has the key can go on with the session:
// what the client said to initialize and how the server knows the session. It is only ever written
// into an id, under the seal.

#include <optional>
#include <string>

#include "base/clock.h"
#include "json/value.h"
#include "mcp/era.h"

namespace gateway {

class SessionState {
 public:
  // An id is part of every request of its session.
  static constexpr std::size_t bytes_max = 2048;

  // Of a session that begins now. `initialize_params` are the client's, `server` is what the
  // upstream session says (portable_state()). Nothing if it does not fit: the id stays without.
  static std::optional<SessionState> from(WallTime now, mcp::Revision revision,
                                          json::Value initialize_params, std::string_view server);
  // What text() wrote, nothing for anything else.
  static std::optional<SessionState> read(std::string text);

  std::string_view text() const { return document_.text(); }

  std::int64_t begun() const { return begun_; }  // seconds since 1970
  mcp::Revision revision() const { return revision_; }
  // The revision that was asked for, capabilities, and of clientInfo the names and the version. As
  // long as this lives.
  json::Value params() const { return *document_.root().find("params"); }
  json::Value server() const { return *document_.root().find("server"); }

 private:
  SessionState(json::Document document, std::int64_t begun, mcp::Revision revision)
      : document_(std::move(document)), begun_(begun), revision_(revision) {}

  json::Document document_;
  std::int64_t begun_;
  mcp::Revision revision_;
};

std::int64_t seconds_of(WallTime time);

}  // namespace gateway

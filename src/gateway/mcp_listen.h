#pragma once
// What a server says that belongs to no request, for the client that listens: by the rules that are
// in force when it is said.

#include "gateway/event_stream.h"
#include "gateway/mcp_call.h"

namespace gateway {

// Returns when a stream that was opened by `exchange` has to end: the gateway stops, or the
// caller's token is good no longer. Both must outlive it.
Task<> until_stream_ends(Core& core, const policy::Exchange& exchange);

class ListenSource final : public MessageSource {
 public:
  ListenSource(Core& core, policy::Exchange& exchange, std::string route_key, SessionHome session,
               StreamId listener)
      : core_(core),
        exchange_(exchange),
        route_key_(std::move(route_key)),
        session_(std::move(session)),
        listener_(listener) {}
  // The idle time of the session begins when its listener has left.
  ~ListenSource() override { session_->touch(core_.loop().now()); }

  Task<std::optional<std::string>> next() override;

 private:
  Task<Result<upstream::Event>> ask(StreamId listener);
  // Of this stream, if it is still one to a server of MCP.
  const runtime::Route* current_route(const runtime::Snapshot& snapshot) const;
  bool is_permitted(const runtime::Route& route, const upstream::Event& event);

  Core& core_;
  policy::Exchange& exchange_;
  std::string route_key_;
  SessionHome session_;
  StreamId listener_;
};

// The stream of what belongs to no request.
Task<http::Response> serve_listener(McpPlace at, SessionHome session);

}  // namespace gateway

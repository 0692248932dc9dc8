#pragma once
// What a session knows of a request in flight.

#include "gateway/mcp_session.h"

namespace gateway {

// A request that tasks come of, or that is about one.
struct McpSession::TaskPart {
  enum class Kind {
    makes,   // a call that the client wants as a task
    drives,  // one that its server runs only as a task
    names,   // about a task
    lists,
  };
  explicit TaskPart(Kind the_kind) : kind(the_kind) {}

  Kind kind;
  std::string tool;    // makes: of that tool
  std::string id;      // names: the server's
  std::string sealed;  // names: the client's
};

struct McpSession::InFlight {
  InFlight(StreamId the_stream, const mcp::Id& id, Catalogue* shown,
           std::unique_ptr<upstream::Conversation> call)
      : stream(the_stream), client_id(&id), list(shown), conversation(std::move(call)) {}

  StreamId stream;
  const mcp::Id* client_id;  // the key in by_client_id_; as long as it is in flight
  Catalogue* list;           // what the result is a page of; null for nearly all calls
  std::unique_ptr<upstream::Conversation> conversation;
  std::unique_ptr<const TaskPart> task;  // null for nearly all calls
};

}  // namespace gateway

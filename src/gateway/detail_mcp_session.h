#pragma once
// What a session knows of a request in flight.

#include "gateway/mcp_session.h"

namespace gateway {

// A request that tasks come of, or that is about some.
struct McpSession::TaskPart {
  enum class Kind {
    makes,   // a call that the client wants as a task
    drives,  // one that its server runs only as a task
    names,   // about a task
    lists,
    relates,  // none of these, but belongs to a task
  };
  explicit TaskPart(Kind the_kind) : kind(the_kind) {}
  // What the server is told of tasks, as it knows them and as the client does.
  void mention(std::string own, std::string_view sealed) {
    mentioned.push_back(mcp::TaskAlias{std::move(own), std::string(sealed)});
  }

  Kind kind;
  std::string tool;                       // makes: of that tool
  Deadline deadline = Deadline::never();  // drives: the client's
  std::vector<mcp::TaskAlias> mentioned;  // the first is the one it names, if it names one
  bool is_result = false;                 // names: its answer is the tool's
  bool has_cursor = false;                // lists: the client chose the place,
  bool is_lost = false;                   // which is none
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

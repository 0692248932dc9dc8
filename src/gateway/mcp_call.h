#pragma once
// One request of a client, from its authorization to its answer: a JSON answer if nothing comes
// before the result, an event stream otherwise.

#include "gateway/core.h"
#include "gateway/mcp_view.h"
#include "gateway/session_table.h"
#include "http/message.h"
#include "mcp/message.h"
#include "mcp/method.h"

namespace gateway {

// Where a request stands: everything outlives the response's body.
struct McpPlace {
  Core& core;
  const runtime::Route& route;
  const runtime::McpBackend& backend;
  policy::Exchange& exchange;
};

// `method` is the request's row in the table.
Task<http::Response> serve_call(McpPlace at, SessionHome session, const mcp::Method& method,
                                mcp::Message request);

// A notification or an answer to a question: there is nothing to say to it but 202.
Task<http::Response> pass_on(McpPlace at, SessionHome session, mcp::Message message);

// What a call of either kind of client does: notes what it is about, looks whether the caller has
// the scopes that calls of this tool need, says which are missing, and how long it may take.
void record_subject(const McpPlace& at, const mcp::Subject& subject, const mcp::Message& request);
policy::McpSubject::Kind kind_of(const mcp::Subject& subject);
bool has_scopes(const McpPlace& at, const mcp::Subject& subject);
http::Response refuse_scope(const McpPlace& at, const mcp::Subject& subject);
Deadline deadline_of(Core& core, const runtime::Route& route);

// A request about tasks, and the answer to one where there are none.
bool touches_tasks(const mcp::Method& method);
http::Response refuse_tasks(policy::Exchange& exchange, const mcp::Id& id);

// The rest of a call's stream that broke off behind that event (2025-11-25, transports); nothing if
// it is none of this session's or is not kept any more.
Task<std::optional<http::Response>> serve_rest(McpPlace at, SessionHome session,
                                               std::string_view last_event_id);

}  // namespace gateway

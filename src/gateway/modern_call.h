#pragma once
// One request of a stateless client (2026-07-28), from its authorization to its answer, and the
// session behind it. If the server asks something meanwhile, the answer is the questions, and the
// request that brings the client's answers goes on with the same call.

#include <memory>

#include "gateway/mcp_call.h"
#include "gateway/modern_pool.h"
#include "mcp/modern.h"

namespace gateway {

// A session for requests of this caller; `alone` if the server may ask something meanwhile.
// Fault::too_many or unavailable if there may be no more of them. `asks` and `client_info` are what
// the request says of its client.
Task<Result<std::unique_ptr<Lease>>> lease_session(McpPlace at, mcp::ModernRequest request,
                                                   bool alone);
// The one that has the task, where a server's tasks live with the process behind it; any if there
// is none. `task` is the server's id.
Task<Result<std::unique_ptr<Lease>>> lease_session_of(McpPlace at, mcp::ModernRequest request,
                                                      std::string task);
// It has the task, for whose sake it is kept so long.
void keep_task(const McpPlace& at, const std::string& task, const Lease& lease, Duration time);
// What is behind the caller's sessions, whatever its clients can be asked.
Task<Result<std::shared_ptr<Board>>> board_of(McpPlace at);

// The final refusal of one that could not be begun.
http::Response refuse_modern(policy::Exchange& exchange, const mcp::Id& id,
                             const mcp::ModernFault& fault);

Task<http::Response> serve_modern_call(McpPlace at, const mcp::Method& method,
                                       mcp::ModernRequest request, mcp::Message message);

}  // namespace gateway

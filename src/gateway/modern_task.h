#pragma once
// Requests of stateless clients about tasks (2026-07-28, extension io.modelcontextprotocol/tasks).
// The client knows a task by a sealed id (gateway/task_id.h); what it may do with it is what it may
// do with the tool that made it, at that moment.

#include <optional>
#include <string>
#include <string_view>

#include "gateway/mcp_call.h"
#include "gateway/modern_session.h"
#include "gateway/task_id.h"
#include "mcp/modern.h"

namespace gateway {

// A task as a client names it.
class TaskAccess {
 public:
  std::optional<TaskName> task;  // nothing if the id is none that this caller was given
  bool is_allowed = false;       // the caller may use the tool
  bool has_scopes = true;        // as far as calls of the tool need them

  bool may_use() const { return task && is_allowed && has_scopes; }
};
// By the rules that are in force.
TaskAccess access_task(const McpPlace& at, std::string_view sealed);

// The client has to declare the extension.
mcp::ModernFault tasks_undeclared();

// The result of tools/call that became a task, with the id that the client gets; empty if the
// server's is of no use.
std::string created_task(const McpPlace& at, const std::string& tool, json::Value result,
                         const ServerFace& face);
// What tasks/get, tasks/update and tasks/cancel answer about the task that the client calls so.
std::string answered_task(std::string_view method, std::string_view sealed, json::Value result,
                          const ServerFace& face);

// How long a server that says this of its task is kept for its sake: as long as it says itself, an
// hour at most.
Duration task_life(json::Value task);

}  // namespace gateway

#include "gateway/modern_task.h"

#include <algorithm>

#include "mcp/modern_result.h"
#include "mcp/modern_task.h"

namespace gateway {

namespace {

McpView view_of(const McpPlace& at) {
  McpView view(at.exchange, at.backend, std::string_view());
  view.know_tasks(at.core.shared().session_ids, at.route);
  return view;
}

}  // namespace

TaskAccess access_task(const McpPlace& at, std::string_view sealed) {
  const McpView view = view_of(at);
  TaskAccess access;
  access.task = view.task(sealed);
  if (!access.task) return access;
  const mcp::Subject tool{mcp::Subject::Kind::tool, access.task->tool};
  access.is_allowed = view.is_of_a_target(tool) && view.allows_task(*access.task);
  access.has_scopes = has_scopes(at, tool);
  return access;
}

mcp::ModernFault tasks_undeclared() {
  return mcp::ModernFault(400, mcp::Code::missing_capability, "Missing required client capability",
                          mcp::tasks_required_data());
}

std::string created_task(const McpPlace& at, const std::string& tool, json::Value result,
                         const ServerFace& face) {
  auto id = mcp::task_id_of(result);
  if (!id) return {};
  const TaskName task{tool, std::move(*id)};
  const std::string sealed = view_of(at).sealed(task);
  if (sealed.empty()) return {};
  return mcp::task_text(result, mcp::TaskFace{sealed, "task", mcp::meta_server, face.server_info});
}

std::string answered_task(std::string_view method, std::string_view sealed, json::Value result,
                          const ServerFace& face) {
  // Of the others the answer says no more than that the server has got it.
  if (method != "tasks/get") return mcp::complete_result(method, json::Value(), face.server_info);
  return mcp::task_text(result,
                        mcp::TaskFace{sealed, "complete", mcp::meta_server, face.server_info});
}

Duration task_life(json::Value task) {
  constexpr std::uint64_t milliseconds_max = 3'600'000;
  const std::string_view status = task.find_string("status").value_or("");
  // The result is there for as long as the session would be anyway.
  if (status == "completed" || status == "failed" || status == "cancelled") return {};
  const auto ttl = task.find("ttlMs");
  const auto said = ttl ? ttl->as_uint() : std::nullopt;
  return std::chrono::milliseconds(std::min(said.value_or(milliseconds_max), milliseconds_max));
}

}  // namespace gateway

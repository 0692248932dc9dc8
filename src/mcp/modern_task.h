#pragma once
// Tasks of the stateless revision (2026-07-28, extension io.modelcontextprotocol/tasks): a tool's
// call that goes on behind a handle. A client declares in each request that it can follow tasks;
// the server decides which calls become one.

#include <optional>
#include <string>
#include <string_view>

#include "json/value.h"

namespace mcp {

inline constexpr std::string_view tasks_extension = "io.modelcontextprotocol/tasks";

// Whether capabilities, a client's or a server's, name the extension.
bool has_tasks_extension(json::Value capabilities);
// tasks/get, tasks/update, tasks/cancel.
bool is_task_method(std::string_view method);
// `data` of the error that says that the client lacks the extension, JSON text.
std::string tasks_required_data();
// The server's id of the task, of at most 1 KiB; nothing if it has none that is of use.
std::optional<std::string> task_id_of(json::Value task);

// params of a request about a task, JSON text of an object: under the server's id, with the answers
// of tasks/update, without what only this revision's hop knows.
std::string task_params(json::Value params, std::string_view id);

// How a task is shown to the client.
class TaskFace {
 public:
  std::string_view id;         // under which the client knows it
  std::string_view type;       // resultType; empty: it is no result
  std::string_view meta_name;  // a member of `_meta` that is ours, and its value, JSON text; or
  std::string_view meta;       // empty
};
// A task as a result or as params of a notification, without what else of `_meta` is the protocol's
// own; JSON text of an object.
std::string task_text(json::Value task, const TaskFace& face);

}  // namespace mcp

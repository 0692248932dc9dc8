#pragma once
// The id by which a client knows a task of a server, and the cursors of lists of tasks. Servers
// cannot tell our callers apart, so their own ids would let whoever learns one use another's task;
// what a client gets is sealed together with whose it is and which tool made it, so that it cannot
// be made up, altered or used by another caller or on another route, and each request about the
// task can be judged as the call that made it.

#include <optional>
#include <string>
#include <string_view>

#include "gateway/session_id.h"

namespace gateway {

// Of what servers call their tasks and the tools that make them; longer ones are none.
inline constexpr std::size_t task_id_bytes_max = 1024;
// Of what a client presents; ours are shorter.
inline constexpr std::size_t sealed_task_bytes_max = 4096;

struct TaskName {
  std::string tool;  // as clients of the backend say it
  std::string id;    // as upstream::Session says it

  bool operator==(const TaskName&) const = default;
};

// Another text each time, of visible ASCII; empty if a name is longer than task_id_bytes_max.
std::string seal_task(const SessionIds& ids, const Binding& binding, const TaskName& task);
// Nothing for anything but what seal_task() made for the same binding.
std::optional<TaskName> open_task(const SessionIds& ids, std::string_view sealed,
                                  const Binding& binding);

// Servers make cursors of the ids of tasks, whoever's they are. Longer ones are not passed on.
inline constexpr std::size_t task_cursor_bytes_max = 4096;
// What the client gets instead; empty if it is too long.
std::string seal_task_cursor(const SessionIds& ids, const Binding& binding,
                             std::string_view cursor);
// Nothing for anything but what seal_task_cursor() made for the same binding.
std::optional<std::string> open_task_cursor(const SessionIds& ids, std::string_view sealed,
                                            const Binding& binding);

}  // namespace gateway

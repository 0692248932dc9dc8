#pragma once
// The tasks that one session's client made or showed that it knows, under the ids that it knows
// them by. A server that cannot tell our callers apart may speak of others' tasks; what is not in
// here is not for this client.

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "gateway/task_id.h"

namespace gateway {

class SessionTasks {
 public:
  static constexpr std::size_t tasks_max = 1000;  // the newest

  // `ids` must outlive it. The rest is what the session's own id is bound to.
  SessionTasks(const SessionIds& ids, std::string_view identity, std::string_view route_key,
               std::uint64_t target)
      : ids_(ids), identity_(identity), route_key_(route_key), target_(target) {}
  SessionTasks(const SessionTasks&) = delete;
  SessionTasks& operator=(const SessionTasks&) = delete;

  // The client's id of a task that a call of that tool became; empty if a name is too long.
  std::string made(const TaskName& task);
  // The client presented that id, which opens.
  void presented(const std::string& id, std::string_view sealed);
  // The client's id for the server's; null if the client knows no such task.
  const std::string* sealed(std::string_view id) const;
  // A server's cursor for the client; empty if it is too long. And the other way round.
  std::string sealed_cursor(std::string_view cursor) const {
    return seal_task_cursor(ids_, binding(), cursor);
  }
  std::optional<std::string> open_cursor(std::string_view sealed) const {
    return open_task_cursor(ids_, sealed, binding());
  }
  // What stands behind a client's id.
  std::optional<TaskName> open(std::string_view sealed) const {
    return open_task(ids_, sealed, binding());
  }

 private:
  Binding binding() const { return Binding(identity_, route_key_, target_); }
  void note(std::string id, std::string sealed);
  void forget(std::string_view id);

  const SessionIds& ids_;
  std::string identity_;
  std::string route_key_;
  std::uint64_t target_;
  using Known = std::pair<std::string, std::string>;  // the server's id, the client's
  std::list<Known> known_;                            // the oldest first
  std::unordered_map<std::string_view, std::list<Known>::iterator> by_id_;
};

}  // namespace gateway

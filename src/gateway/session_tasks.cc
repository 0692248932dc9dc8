#include "gateway/session_tasks.h"

namespace gateway {

void SessionTasks::note(std::string id, std::string sealed) {
  if (by_id_.contains(id)) return;
  if (known_.size() >= tasks_max) {
    by_id_.erase(known_.front().first);
    known_.pop_front();
  }
  known_.emplace_back(std::move(id), std::move(sealed));
  by_id_.emplace(known_.back().first, std::prev(known_.end()));
}

void SessionTasks::forget(std::string_view id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const auto known = found->second;
  by_id_.erase(found);
  known_.erase(known);
}

std::string SessionTasks::made(const TaskName& task) {
  if (const std::string* known = sealed(task.id)) {
    const auto named = open(*known);
    if (named && named->tool == task.tool) return *known;
    // A server that uses its ids again: it is another task, and judged as another tool's.
    forget(task.id);
  }
  std::string sealed = seal_task(ids_, binding(), task);
  if (!sealed.empty()) note(task.id, sealed);
  return sealed;
}

void SessionTasks::presented(const std::string& id, std::string_view sealed) {
  note(id, std::string(sealed));
}

const std::string* SessionTasks::sealed(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second->second;
}

}  // namespace gateway

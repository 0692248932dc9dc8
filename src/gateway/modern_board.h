#pragma once
// Where notices of a server reach the clients that listen for them (subscriptions/listen), on
// whichever core each of both is. One board belongs to one caller and one server; the caller's
// upstream sessions put notices up, its listeners read them.

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/signal.h"
#include "base/task.h"
#include "net/home.h"

namespace gateway {

// A change that a server tells of: one of the lists, a resource, or a task. Two about the same
// thing are equal, whatever they say of it.
class Notice {
 public:
  enum class Kind { tools, prompts, resources, updated, task };
  explicit Notice(Kind the_kind, std::string the_name = {}, std::string the_text = {})
      : kind(the_kind), name(std::move(the_name)), text(std::move(the_text)) {}
  Kind kind;
  std::string name;  // of `updated` the URI, of `task` the id
  std::string text;  // of `task` what became of it, JSON text
  bool operator<(const Notice& other) const {
    return kind != other.kind ? kind < other.kind : name < other.name;
  }
};

// What waits for one listener, on the listener's core. That something changed twice is not told
// twice, so it is bounded by what there is to change; of a task only the last word counts.
class Inbox {
 public:
  static constexpr std::size_t notices_max = 1024;
  static constexpr std::size_t bytes_max = std::size_t{8} * 1024 * 1024;

  // `tasks`: whose notices are kept.
  explicit Inbox(std::set<std::string> tasks = {}) : tasks_(std::move(tasks)) {}

  Task<> put(Notice notice) {
    if (notice.kind == Notice::Kind::task && !tasks_.contains(notice.name)) co_return;
    const auto old = notices_.find(notice);
    const bool is_known = old != notices_.end();
    const std::size_t others = bytes_ - (is_known ? old->text.size() : 0);
    const bool has_room = is_known || notices_.size() < notices_max;
    // One that does not fit takes nothing from those that wait.
    if (has_room && others + notice.text.size() <= bytes_max) {
      if (is_known) notices_.erase(old);
      bytes_ = others + notice.text.size();
      notices_.insert(std::move(notice));
    }
    changed_.notify_all();
    co_return;
  }
  Task<Notice> next() {
    while (notices_.empty()) {
      co_await changed_.wait();
    }
    Notice notice = std::move(notices_.extract(notices_.begin()).value());
    bytes_ -= notice.text.size();
    co_return notice;
  }

 private:
  const std::set<std::string> tasks_;
  std::set<Notice> notices_;
  std::size_t bytes_ = 0;  // of their texts
  Signal changed_;
};
using InboxHome = std::shared_ptr<const net::Home<Inbox>>;

// Safe from any thread.
class Board {
 public:
  void add(const InboxHome& inbox) {
    const std::lock_guard lock(mutex_);
    std::erase_if(inboxes_, [](const auto& one) { return one.expired(); });
    inboxes_.push_back(inbox);
  }
  std::vector<InboxHome> inboxes() const {
    const std::lock_guard lock(mutex_);
    std::vector<InboxHome> all;
    for (const auto& one : inboxes_) {
      if (InboxHome inbox = one.lock()) all.push_back(std::move(inbox));
    }
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<const net::Home<Inbox>>> inboxes_;
};

}  // namespace gateway

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

// A change that a server tells of: one of the lists, or a resource.
class Notice {
 public:
  enum class Kind { tools, prompts, resources, updated };
  explicit Notice(Kind the_kind, std::string the_uri = {})
      : kind(the_kind), uri(std::move(the_uri)) {}
  Kind kind;
  std::string uri;  // of `updated`
  auto operator<=>(const Notice&) const = default;
};

// What waits for one listener, on the listener's core. That something changed twice is not told
// twice, so it is bounded by what there is to change.
class Inbox {
 public:
  static constexpr std::size_t notices_max = 1024;

  Task<> put(Notice notice) {
    if (notices_.size() < notices_max) notices_.insert(std::move(notice));
    changed_.notify_all();
    co_return;
  }
  Task<Notice> next() {
    while (notices_.empty()) {
      co_await changed_.wait();
    }
    Notice notice = std::move(notices_.extract(notices_.begin()).value());
    co_return notice;
  }

 private:
  std::set<Notice> notices_;
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

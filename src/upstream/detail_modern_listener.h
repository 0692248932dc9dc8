#pragma once
// One subscriptions/listen (2026-07-28): a request whose answer tells what changes for as long as
// it is open. What to listen for cannot be changed, so another is opened and the first one closed
// once the server has acknowledged the other; a change that falls between is told twice and never
// lost.

#include "upstream/detail_modern_session.h"

namespace upstream {

class ModernListener {
 public:
  // Asks at once.
  ModernListener(ModernSession& session, std::uint64_t number);
  ModernListener(const ModernListener&) = delete;
  ModernListener& operator=(const ModernListener&) = delete;
  ~ModernListener() = default;

  // Of the filter it was opened with.
  std::uint64_t number() const { return number_; }
  bool is_acknowledged() const { return is_acknowledged_; }
  // Whether the server says that it tells of that task.
  bool tells_of(const std::string& task) const { return tasks_.contains(task); }
  bool is_settled() const { return is_acknowledged_ || ended_.has_value(); }
  // Why it ended; nothing while it goes on.
  const std::optional<Error>& ended() const { return ended_; }

 private:
  static Task<> run(ModernListener& listener);
  Task<Result<>> hear();
  void take(const mcp::Message& message);
  void take_acknowledgement(json::Value params);
  void take_task(json::Value task);

  ModernSession& session_;
  std::uint64_t number_;
  bool is_acknowledged_ = false;
  std::set<std::string> tasks_;  // of the filter, that the server accepted
  std::optional<Error> ended_;
  Task<> run_;  // last: it uses everything above
};

}  // namespace upstream

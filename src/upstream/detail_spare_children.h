#pragma once
// Children that were started before anybody needs them, so that a session does not wait for its
// server's process to come up. Nothing was said to them yet. They belong to one core, as the
// sessions that take them do.

#include <list>
#include <map>
#include <memory>
#include <optional>

#include "base/task_group.h"
#include "upstream/detail_stdio_session.h"

namespace upstream {

class SpareChildren {
 public:
  // How long one waits for somebody to take it, and how often that is looked after.
  static constexpr Duration kept_for = std::chrono::minutes(10);
  static constexpr Duration looked_after_every = std::chrono::seconds(5);

  explicit SpareChildren(Scheduler& scheduler, Duration kept = kept_for,
                         Duration looked_after = looked_after_every)
      : scheduler_(scheduler),
        kept_for_(kept),
        looked_after_every_(looked_after),
        tasks_(scheduler) {}
  SpareChildren(const SpareChildren&) = delete;
  SpareChildren& operator=(const SpareChildren&) = delete;

  // One that runs, if there is one.
  std::optional<ChildParts> take(const StdioPlace& place);
  // Starts as many as the place's settings want and are missing. They are ended when the place is
  // gone, or nobody took them for `kept_for`; so they are there for servers that are in use. After
  // some that died it starts none for a while, as with any child.
  void refill(const std::shared_ptr<const StdioPlace>& place);

  std::size_t size() const { return spares_.size(); }

 private:
  // Stays where it is in memory, so that it can be told to end.
  class Spare final : public Endable {
   public:
    Spare(const std::shared_ptr<const StdioPlace>& whose, ChildParts the_parts, Instant now);
    ~Spare() override { parts.entry.leave(); }
    void end_as_asked() override;
    bool is_usable() const { return !is_ending_ && parts.child->is_running(); }
    // By itself.
    bool has_died() const { return !is_ending_ && !parts.child->is_running(); }

    std::weak_ptr<const StdioPlace> place;
    ChildParts parts;
    Instant since;

   private:
    bool is_ending_ = false;
  };

  class Starting;
  Task<> start(std::shared_ptr<const StdioPlace> place);
  Task<> look_after();
  // Takes out those that nobody will have; those that died are reported.
  std::list<Spare> sort_out();
  Task<> report(Spare& dead);
  Restarts& failures_of(const std::shared_ptr<const StdioPlace>& place);

  Scheduler& scheduler_;
  const Duration kept_for_;
  const Duration looked_after_every_;
  std::list<Spare> spares_;
  std::map<const StdioPlace*, std::size_t> starting_;
  // Of spares that did not start, or died before anybody took them: no more for a while.
  std::map<std::weak_ptr<const StdioPlace>, Restarts, std::owner_less<>> failures_;
  bool is_looking_ = false;
  TaskGroup tasks_;  // last: its tasks use everything above
};

}  // namespace upstream

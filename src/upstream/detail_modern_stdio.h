#pragma once
// Requests to a modern server that is a child process (2026-07-28, transports: stdio). There is no
// session, so a child that ended is replaced when the next request comes.

#include <algorithm>

#include "upstream/detail_era_memory.h"
#include "upstream/detail_modern_channel.h"
#include "upstream/detail_stdio_session.h"

namespace upstream {

class ModernStdio final : public ModernChannel {
 public:
  ModernStdio(Scheduler& scheduler, std::shared_ptr<const StdioPlace> place,
              std::shared_ptr<EraMemory> era, Random& random);
  ~ModernStdio() override;

  // Uses that child, which is running.
  void adopt(ChildParts parts);
  // Starts the child if there is none.
  Task<Result<>> until_up(Deadline deadline);
  // The child, for somebody who speaks to it otherwise; nothing if it ended. The channel is of no
  // more use.
  std::optional<ChildParts> give_up_child();
  // Whether a child was started at all, however it fared.
  bool has_been_started() const { return has_been_started_; }

  Task<Result<std::unique_ptr<ModernAnswer>>> ask(ModernOrder order) override;
  bool has_headers() const override { return false; }
  bool is_remote() const override { return false; }
  Scheduler& scheduler() const override { return scheduler_; }
  const Log& log() const override { return place_->log; }
  const mcp::TargetName& name() const override { return place_->name; }
  const QueueLimits& queue() const override { return place_->settings.queue; }
  void stay_until(Instant end) override { stays_until_ = std::max(stays_until_, end); }
  void doubt() override { era_->forget(); }

 private:
  static void on_over(void* channel);
  static void on_idle(void* channel);
  bool is_busy() const;
  Task<> until_awake();
  void notice_end();
  Task<Result<>> start(Deadline deadline);

  Scheduler& scheduler_;
  std::shared_ptr<const StdioPlace> place_;
  std::shared_ptr<EraMemory> era_;
  Dialog dialog_;
  Restarts restarts_;
  Instant started_;
  bool has_been_started_ = false;
  SharedWork starting_;
  Instant stays_until_;
  bool is_asleep_ = false;  // the child was ended since it had nothing to do
  Signal woken_;
  // Requests in flight that keep no child alive; the answers to them hold it, too.
  const std::shared_ptr<std::size_t> idle_listeners_ = std::make_shared<std::size_t>(0);
  Wakeup over_;
  Idling idling_;
  std::unique_ptr<ChildRun> run_;  // last: it uses everything above
};

}  // namespace upstream

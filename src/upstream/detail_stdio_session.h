#pragma once
// A session with a child process. The Dialog lives as long as the session; the child may die and be
// started again under it when the next call comes, with the client's own initialize, its log level
// and its subscriptions. What else the dead child knew is lost.

#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/shared_work.h"
#include "base/task_group.h"
#include "net/child.h"
#include "upstream/detail_dialog.h"
#include "upstream/detail_handshake.h"
#include "upstream/detail_idling.h"
#include "upstream/detail_restarts.h"
#include "upstream/detail_session_memory.h"
#include "upstream/stdio.h"

namespace upstream {

// What all sessions of one target share; immutable.
class StdioPlace {
 public:
  StdioPlace(mcp::TargetName its_name, StdioSettings its_settings, net::Spawner& its_spawner,
             const Log& its_log, std::shared_ptr<ChildCount> all_children,
             std::shared_ptr<Vitals> its_vitals)
      : name(std::move(its_name)),
        settings(std::move(its_settings)),
        spawner(its_spawner),
        log(its_log),
        children(std::move(all_children)),
        vitals(std::move(its_vitals)) {}

  const mcp::TargetName name;
  const StdioSettings settings;
  net::Spawner& spawner;
  const Log log;
  const std::shared_ptr<ChildCount> children;
  const std::shared_ptr<Vitals> vitals;  // never null
};

// A child, its place among those that may be and its entry in the target's vitals.
class ChildParts {
 public:
  ChildParts(std::unique_ptr<net::Child> the_child, ChildCount::Place its_place,
             Vitals::Child its_entry)
      : entry(std::move(its_entry)), child(std::move(the_child)), counted(std::move(its_place)) {}
  Vitals::Child entry;
  std::unique_ptr<net::Child> child;
  ChildCount::Place counted;
};

// Starts the server's process and says nothing to it.
Task<Result<ChildParts>> start_child_of(const StdioPlace& place, ChildCount::Place counted,
                                        Deadline deadline);

// One run of the child: the process and the tasks that serve its pipes. It ends by itself and says
// so in reason(); it must be destroyed from outside its tasks, then.
class ChildRun final : public Endable {
 public:
  ChildRun(Scheduler& scheduler, const StdioPlace& place, Dialog& dialog, ChildParts parts,
           Wakeup& over);
  ~ChildRun() override;

  // Starts a child and serves its pipes.
  static Task<Result<std::unique_ptr<ChildRun>>> start(Scheduler& scheduler,
                                                       const StdioPlace& place, Dialog& dialog,
                                                       Wakeup& over, Deadline deadline);
  // The child without what served it, for another dialog. Not from inside a task of the run, which
  // must not have ended.
  static ChildParts take_apart(std::unique_ptr<ChildRun> run);

  // Why it ended; empty while it runs. `over` was queued, and the dialog's calls have failed.
  const std::string& reason() const { return reason_; }
  int pid() const { return child_->pid(); }
  void end_as_asked() override;
  // It ended, or is about to, because an operator wanted it to.
  bool was_asked_to_end() const { return was_asked_to_end_; }

 private:
  static Task<> read(ChildRun& run);
  static Task<> read_errors(ChildRun& run);
  static Task<> feed(ChildRun& run);
  static Task<> await_exit(ChildRun& run);
  static Task<> supervise(ChildRun& run);
  static Task<Result<>> until_settled(ChildRun& run);
  static Task<> settle(ChildRun& run);
  void take_line(std::string line);
  void skip_line(std::string_view line, std::string_view why);
  std::string describe_end() const;

  Scheduler& scheduler_;
  const StdioPlace& place_;
  Dialog& dialog_;
  Wakeup& over_;
  Vitals::Child entry_;
  ChildCount::Place counted_;
  std::unique_ptr<net::Child> child_;
  bool was_asked_to_end_ = false;
  std::string broken_;  // why the child cannot be used any more, though it runs
  bool is_output_over_ = false;
  std::uint64_t lines_ = 0;  // of its output
  std::uint64_t skipped_ = 0;
  std::string reason_;
  Signal changed_;
  std::optional<TaskGroup> tasks_;  // last: its tasks use everything above
};

class StdioSession final : public Session {
 public:
  StdioSession(Scheduler& scheduler, std::shared_ptr<const StdioPlace> place, Random& random,
               InitializeParams params);
  ~StdioSession() override;

  // Uses that child, which is running, and starts none.
  void adopt(ChildParts parts);
  // Starts the child and opens the session with it. On an error the session is of no use.
  Task<Result<>> bring_up(Deadline deadline);

  const mcp::Message& initialized() const override { return handshake_->answer(); }
  mcp::Revision revision() const override { return handshake_->revision(); }
  Task<Result<std::unique_ptr<Conversation>>> start(mcp::Call call) override;
  std::optional<Result<std::unique_ptr<Conversation>>> start_now(const mcp::Call& call) override;
  Task<Result<>> notify(std::string_view method, json::Value params) override;
  Task<Result<>> answer(QuestionId question, const mcp::Message& response) override;
  Task<Result<>> refuse(QuestionId question, mcp::Code code, std::string_view why) override;
  Task<Result<Event>> next_unsolicited() override;

  // Whether a child was started at all, however it fared.
  bool has_been_started() const { return has_been_started_; }

  // For tests.
  int pid() const { return run_ ? run_->pid() : 0; }
  const Dialog& dialog() const { return dialog_; }

 private:
  static void on_over(void* session);
  static void on_idle(void* session);
  static void on_task(void* session, json::Value task);
  bool is_busy() const;
  void notice_end();
  void forget_run();
  Task<Result<>> spawn(Deadline deadline);
  Task<Result<>> revive(Deadline deadline);
  Task<Result<>> restart(Deadline deadline);
  void repeat(std::string_view method, const std::string& params);

  Scheduler& scheduler_;
  std::shared_ptr<const StdioPlace> place_;
  InitializeParams params_;
  std::optional<Handshake> handshake_;
  Dialog dialog_;
  SessionMemory memory_;
  Restarts restarts_;
  Instant started_;
  Instant tasks_until_;  // the child has some
  bool has_been_started_ = false;
  bool is_adopted_ = false;  // the child that runs was not started here
  bool is_up_ = false;
  SharedWork reviving_;
  Wakeup over_;
  Idling idling_;
  std::unique_ptr<ChildRun> run_;  // last: it uses everything above
};

}  // namespace upstream

#include <csignal>

#include "base/before.h"
#include "base/sleep.h"
#include "base/text.h"
#include "upstream/detail_environment.h"
#include "upstream/detail_stdio_session.h"

namespace upstream {
namespace {

// An exit and the end of the output come in either order; both are waited for, so that the last
// answer is read and the exit status is known. A grandchild may hold the output open for ever: then
// what counts is whether something still comes of it, or waits for a slow client.
constexpr Duration settle_time = std::chrono::milliseconds(50);
constexpr Duration settle_time_max = std::chrono::seconds(5);
constexpr std::size_t outgoing_bytes_max = 1 << 20;  // before the child is not read any more
constexpr std::uint64_t skipped_lines_logged = 20;  // of a child that prints to its standard output
constexpr std::size_t log_bytes_max = 512;          // of a child's line
constexpr std::size_t end_bytes = 1024;
constexpr double error_bytes_per_second = 64 * 1024;

// What is kept of a line in case it cannot be read: enough to log it and to find its id, which
// stands at the start or at the end of a message.
std::string both_ends(const std::string& line) {
  if (line.size() <= 2 * end_bytes) return line;
  return line.substr(0, end_bytes) + ' ' + line.substr(line.size() - end_bytes);
}

// A bucket of bytes that fills with time: how much of a child's standard error is logged.
class ErrorBudget {
 public:
  bool take(std::size_t bytes, Instant now) {
    const std::chrono::duration<double> passed = now - filled_;
    filled_ = now;
    left_ = std::min(left_ + passed.count() * error_bytes_per_second, error_bytes_per_second);
    if (left_ < static_cast<double>(bytes)) return false;
    left_ -= static_cast<double>(bytes);
    return true;
  }

 private:
  double left_ = error_bytes_per_second;
  Instant filled_;
};

// Whatever keeps a server from starting, the session is not over: it may start the next time.
Error start_error(const Error& error) {
  const Fault fault = error.fault() == Fault::timed_out ? Fault::timed_out : Fault::unavailable;
  return Error(fault, "starting the server: " + error.why());
}

}  // namespace

ChildRun::ChildRun(Scheduler& scheduler, const StdioPlace& place, Dialog& dialog, ChildParts parts,
                   Wakeup& over)
    : scheduler_(scheduler),
      place_(place),
      dialog_(dialog),
      over_(over),
      entry_(std::move(parts.entry)),
      counted_(std::move(parts.counted)),
      child_(std::move(parts.child)),
      tasks_(std::in_place, scheduler) {
  entry_.run_by(*this);
  tasks_->spawn(read(*this));
  tasks_->spawn(read_errors(*this));
  tasks_->spawn(feed(*this));
  tasks_->spawn(await_exit(*this));
  tasks_->spawn(supervise(*this));
}

ChildRun::~ChildRun() {
  entry_.leave();
}

Task<Result<ChildParts>> start_child_of(const StdioPlace& place, ChildCount::Place counted,
                                        Deadline deadline) {
  const std::vector<std::string> own = own_environment();
  net::Command command(place.settings.command);
  command.environment = child_environment(place.settings, own);
  command.program = find_program(place.settings.command, command.environment, own);
  command.arguments = place.settings.arguments;
  command.folder = place.settings.directory;
  net::ChildLimits limits;
  limits.line_bytes_max = place.settings.line_bytes_max;
  auto child = co_await net::start_child(place.spawner, std::move(command), limits, deadline);
  if (!child) co_return tl::unexpected<Error>(start_error(child.error()));
  place.log.info("child started", {{"target", place.name.text()}, {"pid", (*child)->pid()}});
  net::Loop& loop = co_await net::this_loop();
  Vitals::Child entry(place.vitals, loop.address(), (*child)->pid());
  co_return ChildParts(std::move(*child), std::move(counted), std::move(entry));
}

Task<Result<std::unique_ptr<ChildRun>>> ChildRun::start(Scheduler& scheduler,
                                                        const StdioPlace& place, Dialog& dialog,
                                                        Wakeup& over, Deadline deadline) {
  CO_TRY(ChildCount::Place counted, ChildCount::take(place.children));
  CO_TRY(ChildParts parts, co_await start_child_of(place, std::move(counted), deadline));
  co_return std::make_unique<ChildRun>(scheduler, place, dialog, std::move(parts), over);
}

ChildParts ChildRun::take_apart(std::unique_ptr<ChildRun> run) {
  run->tasks_.reset();
  run->entry_.leave();
  return ChildParts(std::move(run->child_), std::move(run->counted_), std::move(run->entry_));
}

// The rest of it is destroying this: the child's group gets TERM, time, and KILL.
void ChildRun::end_as_asked() {
  if (!reason_.empty()) return;
  was_asked_to_end_ = true;
  broken_ = "restart asked for";
  changed_.notify_all();
}

Task<> ChildRun::read(ChildRun& run) {
  for (;;) {
    auto line = co_await run.child_->read_line(Deadline::never());
    if (!line && line.error().fault() == Fault::too_large) {
      run.broken_ = "sent a line longer than " +
                    std::to_string(run.place_.settings.line_bytes_max) + " bytes";
    }
    if (!line || !*line) break;
    ++run.lines_;
    run.take_line(std::move(**line));
    if (run.dialog_.is_full()) {
      co_await run.dialog_.wait_for_room();
    }
    while (run.dialog_.outgoing_bytes() > outgoing_bytes_max) {
      co_await run.dialog_.outgoing_changed().wait();
    }
  }
  run.is_output_over_ = true;
  run.changed_.notify_all();
}

void ChildRun::take_line(std::string line) {
  const std::size_t start = line.find_first_not_of(" \t\r");
  if (start == std::string::npos) return;
  if (line[start] != '{') return skip_line(line, "not a JSON-RPC message");
  auto message = mcp::read_or_leave(line, mcp::Sender::server, answer_limits);
  if (message) return dialog_.receive(std::move(*message));
  const std::string ends = both_ends(line);
  skip_line(ends, message.error().why());
  if (message.error().id()) return dialog_.receive(message.error());
  dialog_.receive_unreadable(ends, message.error().why());
}

void ChildRun::skip_line(std::string_view line, std::string_view why) {
  ++skipped_;
  if (skipped_ > skipped_lines_logged) return;
  place_.log.warn("child line skipped", {{"target", place_.name.text()},
                                         {"pid", child_->pid()},
                                         {"reason", why},
                                         {"line", base::printable(line, log_bytes_max)}});
}

Task<> ChildRun::read_errors(ChildRun& run) {
  ErrorBudget budget;
  std::uint64_t suppressed = 0;
  for (;;) {
    auto line = co_await run.child_->read_error_line(Deadline::never());
    if (!line || !*line) break;
    if (!budget.take((*line)->size() + 1, run.scheduler_.now())) {
      ++suppressed;
      run.place_.vitals->count_lost_line();
      continue;
    }
    const std::string shown = base::printable(**line, log_bytes_max);
    run.place_.vitals->keep_line(SystemClock().wall(), run.child_->pid(), shown);
    run.place_.log.info(
        "child stderr",
        {{"target", run.place_.name.text()}, {"pid", run.child_->pid()}, {"line", shown}});
  }
  if (suppressed == 0) co_return;
  run.place_.log.warn(
      "child stderr suppressed",
      {{"target", run.place_.name.text()}, {"pid", run.child_->pid()}, {"lines", suppressed}});
}

Task<> ChildRun::feed(ChildRun& run) {
  for (;;) {
    while (!run.dialog_.has_outgoing()) {
      co_await run.dialog_.outgoing_changed().wait();
    }
    std::string line = run.dialog_.take_outgoing();
    if (run.child_->write_line_now(line)) continue;
    Result<> written = co_await run.child_->write_line(std::move(line), Deadline::never());
    if (!written) break;
  }
  if (run.broken_.empty()) run.broken_ = "closed its input";
  run.changed_.notify_all();
}

Task<> ChildRun::await_exit(ChildRun& run) {
  Result<net::ExitStatus> status = co_await run.child_->exited(Deadline::never());
  if (!status) run.broken_ = status.error().why();
  run.changed_.notify_all();
}

Task<Result<>> ChildRun::until_settled(ChildRun& run) {
  while (!run.is_output_over_ || run.child_->is_running()) {
    co_await run.changed_.wait();
  }
  co_return Result<>();
}

// After an exit the output is read on as long as it moves.
Task<> ChildRun::settle(ChildRun& run) {
  const Deadline at_most = Deadline::in(run.scheduler_.now(), settle_time_max);
  for (;;) {
    const std::uint64_t seen = run.lines_;
    const Deadline quiet = Deadline::in(run.scheduler_.now(), settle_time).or_sooner(at_most);
    const Result<> both = co_await before(quiet, until_settled(run));
    if (both || run.child_->is_running() || at_most.has_passed(run.scheduler_.now())) co_return;
    if (run.lines_ == seen && !run.dialog_.is_full()) co_return;
  }
}

Task<> ChildRun::supervise(ChildRun& run) {
  while (!run.is_output_over_ && run.broken_.empty() && run.child_->is_running()) {
    co_await run.changed_.wait();
  }
  if (!run.was_asked_to_end_) {
    co_await settle(run);
    if (run.child_->is_running()) run.child_->signal_group(SIGKILL);
  }
  run.reason_ = run.describe_end();
  if (!run.was_asked_to_end_) run.place_.vitals->failed("the server ended: " + run.reason_);
  run.place_.log.warn("child ended", {{"target", run.place_.name.text()},
                                      {"pid", run.child_->pid()},
                                      {"reason", run.reason_},
                                      {"calls", run.dialog_.calls()},
                                      {"lines_skipped", run.skipped_},
                                      {"answers_dropped", run.dialog_.counts().answers_dropped}});
  run.dialog_.fail(Error(Fault::upstream_failed, "the server ended: " + run.reason_));
  run.scheduler_.soon(run.over_);
}

std::string ChildRun::describe_end() const {
  if (was_asked_to_end_) return broken_;
  if (!broken_.empty() && child_->is_running()) return broken_;
  if (child_->status()) return child_->status()->text();
  return broken_.empty() ? "closed its output" : broken_;
}

}  // namespace upstream

#pragma once
// A child process that talks by lines on its standard input and output. It lives on the loop that
// started it. Destroying it closes its pipes and lets the spawner end its group: TERM, then KILL
// after the command's grace; nothing remains.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "net/socket.h"
#include "net/spawner.h"

namespace net {

namespace detail {
class Lines;
}

// How a process ended.
class ExitStatus {
 public:
  ExitStatus(int code, int signal) : code_(code), signal_(signal) {}
  bool is_success() const { return code_ == 0 && signal_ == 0; }
  int code() const { return code_; }      // if signal() is 0
  int signal() const { return signal_; }  // 0 if it ended by itself
  std::string text() const;               // "exit code 3", "killed by signal 9 (Killed)"
  bool operator==(const ExitStatus&) const = default;

 private:
  int code_;
  int signal_;
};

class ChildLimits {
 public:
  ChildLimits() = default;
  std::size_t line_bytes_max = 4'194'304;    // of standard output; a longer line is an error
  std::size_t error_line_bytes_max = 8'192;  // of standard error; a longer line is cut
  std::size_t queued_bytes_max = 8'388'608;  // not yet taken by the child's standard input
};

class Child {
 public:
  class Parts;
  explicit Child(Parts& parts);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Not from inside a task that waits for this child.
  ~Child();

  int pid() const { return pid_; }

  // The next line of standard output without its "\n" or "\r\n"; nullopt at its end (an unfinished
  // last line is given first). Fault::too_large for an overlong line: end the child then. One task
  // at a time. Given up without losing bytes.
  Task<Result<std::optional<std::string>>> read_line(Deadline deadline);
  // The same for standard error; overlong lines are cut, never an error.
  Task<Result<std::optional<std::string>>> read_error_line(Deadline deadline);

  // Queues `line` and "\n" as a whole, waiting while the queue is full; the line must have no
  // newline (Fault::bad_request). Any number of tasks may call it, and destroying the task never
  // leaves half a line. Fault::unavailable if the child no longer reads.
  Task<Result<>> write_line(std::string line, Deadline deadline);
  // The same if there is room now; false if write_line() has to wait or would fail.
  bool write_line_now(std::string_view line);
  // End of its standard input, after what is queued.
  void close_input();

  bool is_running() const { return !status_ && !is_lost_; }
  // Once it has ended.
  const std::optional<ExitStatus>& status() const { return status_; }
  // Waits for the end. Fault::unavailable if the spawner is gone and nobody knows.
  Task<Result<ExitStatus>> exited(Deadline deadline);
  // Sends TERM or KILL (or another signal) to its process group.
  void signal_group(int number);
  // Closes its input, waits `grace`, sends TERM, waits `grace`, sends KILL and waits for the end.
  Task<> end(Duration grace);

 private:
  static Task<> watch(Child& child);
  static Task<> feed(Child& child);
  bool has_room(std::size_t bytes) const;
  Task<Result<>> wait_room(std::size_t bytes);
  Task<Result<ExitStatus>> wait_exit();

  Loop& loop_;
  int pid_;
  ChildLimits limits_;
  std::string received_;
  std::optional<ExitStatus> status_;
  bool is_lost_ = false;
  bool is_input_closing_ = false;
  std::string queued_;
  std::string feeding_;
  Signal exited_;
  Signal queue_changed_;
  std::unique_ptr<Socket> control_;
  std::unique_ptr<Socket> input_;
  std::unique_ptr<detail::Lines> output_;
  std::unique_ptr<detail::Lines> errors_;
  TaskGroup tasks_;
};

// Starts it on the running task's loop. Fault::not_found with a readable cause if the command does
// not exist or cannot be run, Fault::unavailable if the spawner is gone.
Task<Result<std::unique_ptr<Child>>> start_child(const Spawner& spawner, Command command,
                                                 ChildLimits limits, Deadline deadline);

}  // namespace net

#include "net/child.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/before.h"
#include "base/sleep.h"
#include "net/detail_lines.h"
#include "net/detail_order.h"

namespace net {

using detail::Lines;
using detail::Report;
using detail::ReportKind;

namespace {

// How long to leave a busy spawner alone.
constexpr auto busy_pause = std::chrono::milliseconds(5);
// After KILL only the kernel can hold a process back; nobody waits for that for ever.
constexpr auto kill_wait = std::chrono::seconds(5);

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return tl::unexpected<Error>(io_error(errno, "making a pipe"));
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

void make_non_blocking(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

bool has_nul(const Command& command) {
  const auto is_bad = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  bool is_any_bad = is_bad(command.program) || is_bad(command.folder);
  for (const std::string& text : command.arguments) is_any_bad = is_any_bad || is_bad(text);
  for (const std::string& text : command.environment) is_any_bad = is_any_bad || is_bad(text);
  return is_any_bad;
}

Error start_error(const Report& report, const Command& command) {
  const std::string cause = std::generic_category().message(report.first);
  if (report.kind == ReportKind::failed_to_enter) {
    return Error(Fault::not_found, "cannot enter the folder \"" + command.folder + "\": " + cause);
  }
  if (report.kind == ReportKind::failed_to_limit) {
    return Error(Fault::bad_request, "cannot set a resource limit: " + cause);
  }
  const std::string doing = "cannot run \"" + command.program + "\": ";
  if (report.first == ENOENT && command.program.find('/') == std::string::npos) {
    return Error(Fault::not_found, doing + "not found in the PATH of its environment");
  }
  return Error(Fault::not_found, doing + cause);
}

}  // namespace

std::string ExitStatus::text() const {
  if (signal_ == 0) return "exit code " + std::to_string(code_);
  const char* name = ::sigabbrev_np(signal_);
  return "killed by signal " + std::to_string(signal_) + (name != nullptr ? " (SIG" : " (") +
         (name != nullptr ? name : "unknown") + ')';
}

// The gateway's ends of what a child was started with.
class Child::Parts {
 public:
  Fd input;
  Fd output;
  Fd errors;
  std::unique_ptr<Socket> control;
  int pid = -1;
  ChildLimits limits;
  std::string received;  // what came on the control channel after the first report
};

Child::Child(Parts& parts)
    : loop_(parts.control->loop()),
      pid_(parts.pid),
      limits_(parts.limits),
      received_(std::move(parts.received)),
      control_(std::move(parts.control)),
      input_(std::make_unique<Socket>(loop_, std::move(parts.input))),
      output_(std::make_unique<Lines>(loop_, std::move(parts.output), limits_.line_bytes_max,
                                      Lines::Overlong::is_an_error)),
      errors_(std::make_unique<Lines>(loop_, std::move(parts.errors), limits_.error_line_bytes_max,
                                      Lines::Overlong::is_cut)),
      tasks_(loop_) {
  tasks_.spawn(watch(*this));
  tasks_.spawn(feed(*this));
}

Child::~Child() = default;

Task<> Child::watch(Child& child) {
  while (!child.status_ && !child.is_lost_) {
    Report report{};
    if (child.received_.size() >= sizeof report) {
      std::memcpy(&report, child.received_.data(), sizeof report);
      child.status_.emplace(report.first, report.second);
      continue;
    }
    const auto part = co_await read_from(*child.control_, Deadline::never());
    if (!part || part->empty()) {
      // The spawner is gone and its death has killed the child, but not those the child had
      // started.
      ::kill(-child.pid_, SIGKILL);
      child.is_lost_ = true;
      continue;
    }
    child.received_.append(reinterpret_cast<const char*>(part->data()), part->size());
  }
  child.exited_.notify_all();
}

Task<> Child::feed(Child& child) {
  for (;;) {
    while (child.queued_.empty() && !child.is_input_closing_) {
      co_await child.queue_changed_.wait();
    }
    if (child.queued_.empty()) break;
    child.feeding_.swap(child.queued_);
    const Buffers all(child.feeding_);
    const auto put = co_await write_to(*child.input_, all, Deadline::never());
    if (!put) break;
    child.feeding_.clear();
    child.queue_changed_.notify_all();
  }
  child.is_input_closing_ = true;
  child.queued_.clear();
  child.feeding_.clear();
  child.input_->close();
  child.queue_changed_.notify_all();
}

Task<Result<std::optional<std::string>>> Child::read_line(Deadline deadline) {
  return output_->next(deadline);
}

Task<Result<std::optional<std::string>>> Child::read_error_line(Deadline deadline) {
  return errors_->next(deadline);
}

bool Child::has_room(std::size_t bytes) const {
  return queued_.size() + feeding_.size() + bytes <= limits_.queued_bytes_max;
}

Task<Result<>> Child::wait_room(std::size_t bytes) {
  while (!is_input_closing_ && !has_room(bytes)) {
    co_await queue_changed_.wait();
  }
  co_return Result<>();
}

Task<Result<>> Child::write_line(std::string line, Deadline deadline) {
  if (line.find('\n') != std::string::npos) {
    co_return failed(Fault::bad_request, "a line for a child contains a newline");
  }
  line += '\n';
  if (line.size() > limits_.queued_bytes_max) {
    co_return failed(Fault::too_large, "a line for a child is longer than its queue");
  }
  if (!has_room(line.size())) {
    CO_TRY(co_await before(deadline, wait_room(line.size())));
  }
  if (is_input_closing_) co_return failed(Fault::unavailable, "the child's input is closed");
  queued_ += line;
  queue_changed_.notify_all();
  co_return Result<>();
}

bool Child::write_line_now(std::string_view line) {
  if (is_input_closing_ || !has_room(line.size() + 1)) return false;
  if (line.find('\n') != std::string_view::npos) return false;
  queued_ += line;
  queued_ += '\n';
  queue_changed_.notify_all();
  return true;
}

void Child::close_input() {
  is_input_closing_ = true;
  queue_changed_.notify_all();
}

Task<Result<ExitStatus>> Child::wait_exit() {
  while (is_running()) {
    co_await exited_.wait();
  }
  if (status_) co_return *status_;
  co_return failed(Fault::unavailable, "the process that starts children has ended");
}

Task<Result<ExitStatus>> Child::exited(Deadline deadline) {
  co_return co_await before(deadline, wait_exit());
}

void Child::signal_group(int number) {
  if (!is_running()) return;
  const auto byte = static_cast<unsigned char>(number);
  ::send(control_->fd(), &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

Task<> Child::end(Duration grace) {
  close_input();
  static constexpr std::array signals = {SIGTERM, SIGKILL};
  for (const int number : signals) {
    const Deadline patience = Deadline::in(loop_.now(), grace);
    const auto status = co_await exited(patience);
    if (status || status.error().fault() != Fault::timed_out) co_return;
    signal_group(number);
  }
  const Deadline last = Deadline::in(loop_.now(), kill_wait);
  co_await exited(last);
}

namespace {

// Sends the order, again and again while the spawner is busy.
Task<Result<>> send_order(const Spawner& spawner, std::string order, const int (&descriptors)[4],
                          Deadline deadline) {
  Loop& loop = co_await this_loop();
  for (;;) {
    const auto sent = spawner.send(order, descriptors);
    if (sent || sent.error().fault() != Fault::too_many) co_return sent;
    if (deadline.has_passed(loop.now())) co_return sent;
    const Deadline pause = Deadline::in(loop.now(), busy_pause);
    co_await sleep_until(pause);
  }
}

// The first report (whether it runs), and what came with it: a child may end at once.
Task<Result<Report>> first_report(Socket& control, std::string& rest, Deadline deadline) {
  CO_TRY(const auto part, co_await read_from(control, deadline));
  Report report{};
  if (part.size() < sizeof report) {
    co_return failed(
        Fault::unavailable,
        "the process that starts children did not answer: it has ended or lacks descriptors");
  }
  std::memcpy(&report, part.data(), sizeof report);
  const auto more = part.subspan(sizeof report);
  rest.assign(reinterpret_cast<const char*>(more.data()), more.size());
  co_return report;
}

Result<std::unique_ptr<Child>> make_child(Child::Parts& parts) {
  try {
    return std::make_unique<Child>(parts);
  } catch (const std::system_error& error) {
    return failed(Fault::unavailable, error.what());
  }
}

}  // namespace

Task<Result<std::unique_ptr<Child>>> start_child(const Spawner& spawner, Command command,
                                                 ChildLimits limits, Deadline deadline) {
  Loop& loop = co_await this_loop();
  if (has_nul(command)) {
    co_return failed(Fault::bad_request, "the command has a zero byte in it");
  }
  Child::Parts parts;
  parts.limits = limits;
  int channel[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, channel) != 0) {
    co_return tl::unexpected<Error>(io_error(errno, "making a channel for a child"));
  }
  Fd near(channel[0]);
  Fd far(channel[1]);
  {
    CO_TRY(Pipe input, make_pipe());
    CO_TRY(Pipe output, make_pipe());
    CO_TRY(Pipe errors, make_pipe());
    const int descriptors[4] = {input.read.get(), output.write.get(), errors.write.get(),
                                far.get()};
    CO_TRY(co_await send_order(spawner, detail::pack(command), descriptors, deadline));
    parts.input = std::move(input.write);
    parts.output = std::move(output.read);
    parts.errors = std::move(errors.read);
  }
  far.reset();
  for (const Fd* fd : {&parts.input, &parts.output, &parts.errors}) make_non_blocking(*fd);
  CO_TRY(parts.control, make_socket(loop, std::move(near), Socket::Of::socket));
  CO_TRY(const Report report, co_await first_report(*parts.control, parts.received, deadline));
  if (report.kind != ReportKind::started)
    co_return tl::unexpected<Error>(start_error(report, command));
  parts.pid = report.first;
  co_return make_child(parts);
}

}  // namespace net

// The spawner's side of detail_order.h. It runs in a process of its own, single-threaded, with all
// signals blocked, and waits with poll(): its children are few and its work is short.

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <list>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/detail_exec.h"
#include "net/detail_order.h"

namespace net::detail {
namespace {

// One started process and what belongs to it.
struct Kid {
  pid_t pid = -1;
  Fd control;     // closed when the gateway has closed its end
  Fd exec_error;  // ends when exec has succeeded; open until this has been reported
  Duration grace{};
  Instant kill_at = Instant::max();
  bool is_ended = false;
};

struct Descriptors {
  Fd all[4];
};

void make_non_blocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void signal_group(pid_t pid, int number) {
  // Just after the fork the child has no group of its own yet.
  if (::kill(-pid, number) != 0) ::kill(pid, number);
}

void report(const Kid& kid, ReportKind kind, int first, int second) {
  const Report text{kind, first, second};
  if (kid.control.is_open()) {
    [[maybe_unused]] const ssize_t sent =
        ::send(kid.control.get(), &text, sizeof text, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
}

class Process {
 public:
  explicit Process(Fd orders);
  [[noreturn]] void run();

 private:
  void poll_all();
  void take_order();
  void start(const Command& command, Descriptors descriptors);
  void hear(Kid& kid, short events);
  void tell_exec(Kid& kid);
  void reap();
  void end(Kid& kid, const siginfo_t& info);
  void kill_overdue();
  [[noreturn]] void end_all();

  Fd orders_;
  Fd signals_;
  std::list<Kid> kids_;
};

Process::Process(Fd orders) : orders_(std::move(orders)) {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  signals_ = Fd(::signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC));
}

void Process::run() {
  for (;;) {
    poll_all();
    kill_overdue();
    kids_.remove_if([](const Kid& kid) { return kid.is_ended; });
  }
}

void Process::poll_all() {
  std::vector<pollfd> watched;
  watched.push_back({orders_.get(), POLLIN, 0});
  watched.push_back({signals_.get(), POLLIN, 0});
  Instant next = Instant::max();
  for (const Kid& kid : kids_) {
    // poll ignores negative descriptors.
    watched.push_back({kid.control.get(), POLLIN, 0});
    watched.push_back({kid.exec_error.get(), POLLIN, 0});
    next = std::min(next, kid.kill_at);
  }
  int wait_ms = -1;
  if (next != Instant::max()) {
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
    wait_ms = static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 60'000));
  }
  if (::poll(watched.data(), watched.size(), wait_ms) <= 0) return;
  std::size_t i = 2;
  for (Kid& kid : kids_) {
    if (watched[i + 1].revents != 0) tell_exec(kid);
    if (watched[i].revents != 0) hear(kid, watched[i].revents);
    i += 2;
  }
  if (watched[1].revents != 0) reap();
  if (watched[0].revents != 0) take_order();
}

void Process::take_order() {
  static std::array<char, order_bytes_max> packet;
  Descriptors descriptors;
  alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {};
  iovec piece{packet.data(), packet.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(orders_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == EMFILE)) return;
  if (got <= 0) end_all();
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return;
  int numbers[4] = {-1, -1, -1, -1};
  std::memcpy(numbers, CMSG_DATA(header),
              std::min<std::size_t>(sizeof numbers, header->cmsg_len - CMSG_LEN(0)));
  for (int i = 0; i < 4; ++i) descriptors.all[i] = Fd(numbers[i]);
  const auto command = unpack({packet.data(), static_cast<std::size_t>(got)});
  // Without all descriptors (this process has too many) the closing of those it got is the answer.
  if (command && descriptors.all[3].is_open()) start(*command, std::move(descriptors));
}

void Process::start(const Command& command, Descriptors descriptors) {
  Kid kid;
  kid.control = std::move(descriptors.all[3]);
  kid.grace = command.grace;
  make_non_blocking(kid.control.get());
  const Program program(command);
  int error_pipe[2] = {-1, -1};
  if (::pipe2(error_pipe, O_CLOEXEC) != 0) {
    report(kid, ReportKind::failed_to_run, errno, 0);
    return;
  }
  kid.exec_error = Fd(error_pipe[0]);
  const Fd error_end(error_pipe[1]);
  const pid_t parent = ::getpid();
  kid.pid = ::fork();
  if (kid.pid < 0) {
    report(kid, ReportKind::failed_to_run, errno, 0);
    return;
  }
  if (kid.pid == 0) {
    const int standard[3] = {descriptors.all[0].get(), descriptors.all[1].get(),
                             descriptors.all[2].get()};
    program.become(standard, error_end.get(), parent);
  }
  kids_.push_back(std::move(kid));
}

void Process::hear(Kid& kid, short events) {
  if (!kid.control.is_open()) return;
  std::array<unsigned char, 64> numbers{};
  const ssize_t got = ::recv(kid.control.get(), numbers.data(), numbers.size(), MSG_DONTWAIT);
  for (ssize_t i = 0; i < got; ++i) signal_group(kid.pid, numbers.at(static_cast<std::size_t>(i)));
  const bool is_gone = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
  if (!is_gone && (events & POLLERR) == 0) return;
  kid.control.reset();
  signal_group(kid.pid, SIGTERM);
  // A stopped process would see TERM only when it goes on.
  signal_group(kid.pid, SIGCONT);
  kid.kill_at = std::chrono::steady_clock::now() + kid.grace;
}

void Process::tell_exec(Kid& kid) {
  if (!kid.exec_error.is_open()) return;
  Report failure{};
  const ssize_t got = ::read(kid.exec_error.get(), &failure, sizeof failure);
  if (got < 0 && errno == EINTR) return;
  kid.exec_error.reset();
  if (got == sizeof failure) {
    report(kid, failure.kind, failure.first, 0);
  } else {
    report(kid, ReportKind::started, kid.pid, 0);
  }
}

void Process::reap() {
  signalfd_siginfo ignored{};
  while (::read(signals_.get(), &ignored, sizeof ignored) > 0) {
  }
  for (;;) {
    siginfo_t info{};
    // Left unreaped at first: as long as the dead leader is there, nobody else can get its number.
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    const auto kid = std::find_if(kids_.begin(), kids_.end(),
                                  [&](const Kid& one) { return one.pid == info.si_pid; });
    if (kid != kids_.end()) end(*kid, info);
    ::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
  }
}

void Process::end(Kid& kid, const siginfo_t& info) {
  if (kid.is_ended) return;
  kid.is_ended = true;
  ::kill(-kid.pid, SIGKILL);
  tell_exec(kid);
  const bool is_killed = info.si_code != CLD_EXITED;
  report(kid, ReportKind::exited, is_killed ? 0 : info.si_status, is_killed ? info.si_status : 0);
}

void Process::kill_overdue() {
  const Instant now = std::chrono::steady_clock::now();
  for (Kid& kid : kids_) {
    if (kid.kill_at > now || kid.is_ended) continue;
    signal_group(kid.pid, SIGKILL);
    kid.kill_at = Instant::max();
  }
}

// All processes below this one, also those that left their groups: as a subreaper it inherits them.
void kill_children() {
  std::ifstream file("/proc/self/task/" + std::to_string(::getpid()) + "/children");
  pid_t pid = 0;
  while (file >> pid) ::kill(pid, SIGKILL);
}

void Process::end_all() {
  for (const Kid& kid : kids_) {
    if (!kid.is_ended) signal_group(kid.pid, SIGKILL);
  }
  // Killing a parent gives its children to this process, so again until there are none; what sleeps
  // in the kernel for longer is left to init.
  const Instant end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (std::chrono::steady_clock::now() < end) {
    kill_children();
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0) break;
    if (info.si_pid == 0) {
      pollfd nothing{signals_.get(), POLLIN, 0};
      ::poll(&nothing, 1, 10);
      signalfd_siginfo ignored{};
      while (::read(signals_.get(), &ignored, sizeof ignored) > 0) {
      }
    }
  }
  // Neither destructors nor exit handlers: they belong to the gateway whose memory this is a copy
  // of.
  ::_exit(0);
}

}  // namespace

void run_spawner(Fd orders) {
  // A session of its own: an interrupt typed at the terminal is for the gateway, which still needs
  // this process while it drains.
  ::setsid();
  ::prctl(PR_SET_NAME, "agw-spawner");
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null.is_open()) {
    ::dup2(null.get(), 0);
    ::dup2(null.get(), 1);
  }
  constexpr int kept = 3;
  if (orders.get() != kept) ::dup3(orders.get(), kept, O_CLOEXEC);
  ::close_range(kept + 1, ~0U, 0);
  Process process{Fd(kept)};
  process.run();
}

}  // namespace net::detail

#include "net/detail_exec.h"

#include <cerrno>
#include <csignal>
#include <string_view>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/detail_order.h"

namespace net::detail {
namespace {

constexpr std::string_view default_path = "/usr/local/bin:/usr/bin:/bin";
constexpr int failure_code = 127;

std::string_view path_in(const std::vector<std::string>& environment) {
  constexpr std::string_view name = "PATH=";
  for (const std::string& variable : environment) {
    if (variable.starts_with(name)) return std::string_view(variable).substr(name.size());
  }
  return default_path;
}

std::vector<std::string> candidates_for(const Command& command) {
  if (command.program.find('/') != std::string::npos) return {command.program};
  std::vector<std::string> all;
  std::string_view rest = path_in(command.environment);
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string_view folder = rest.substr(0, colon);
    // An empty entry would mean the current folder: whoever can write there could choose the
    // program.
    if (!folder.empty()) all.push_back(std::string(folder) + '/' + command.program);
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  return all;
}

[[noreturn]] void fail(int error_fd, ReportKind kind) {
  const Report failure{kind, errno, 0};
  [[maybe_unused]] const ssize_t written = ::write(error_fd, &failure, sizeof failure);
  ::_exit(failure_code);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) {
    if (number != SIGKILL && number != SIGSTOP) static_cast<void>(::signal(number, SIG_DFL));
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

Program::Program(const Command& command) : command_(command), candidates_(candidates_for(command)) {
  // execve takes pointers to what it does not change.
  arguments_.push_back(const_cast<char*>(command.program.c_str()));
  for (const std::string& text : command.arguments) {
    arguments_.push_back(const_cast<char*>(text.c_str()));
  }
  arguments_.push_back(nullptr);
  for (const std::string& text : command.environment) {
    environment_.push_back(const_cast<char*>(text.c_str()));
  }
  environment_.push_back(nullptr);
}

void Program::become(const int (&standard)[3], int error_fd, int parent) const {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The spawner may have died before the line above.
  if (::getppid() != parent) ::_exit(failure_code);
  for (int i = 0; i < 3; ++i) ::dup2(standard[i], i);
  constexpr int kept = 3;
  if (error_fd != kept) ::dup3(error_fd, kept, O_CLOEXEC);
  ::close_range(kept + 1, ~0U, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (!command_.folder.empty() && ::chdir(command_.folder.c_str()) != 0) {
    fail(kept, ReportKind::failed_to_enter);
  }
  for (const ChildLimit& limit : command_.limits) {
    const rlimit both{limit.value(), limit.value()};
    // The C library's parameter is an enumeration of its own.
    if (::setrlimit(static_cast<__rlimit_resource>(limit.resource()), &both) != 0) {
      fail(kept, ReportKind::failed_to_limit);
    }
  }
  reset_signals();
  int cause = ENOENT;
  for (const std::string& candidate : candidates_) {
    ::execve(candidate.c_str(), arguments_.data(), environment_.data());
    // As a shell does: one that may not be run is told only if no other can be.
    if (errno == EACCES) cause = EACCES;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
      fail(kept, ReportKind::failed_to_run);
  }
  errno = cause;
  fail(kept, ReportKind::failed_to_run);
}

}  // namespace net::detail

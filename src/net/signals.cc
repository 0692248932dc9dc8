#include "net/signals.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include <sys/signalfd.h>

namespace net {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  return set;
}

Fd open_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  Fd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd.is_open()) throw std::system_error(errno, std::generic_category(), "signalfd");
  return fd;
}

}  // namespace

void block_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  static_cast<void>(::signal(SIGPIPE, SIG_IGN));
}

Signals::Signals(Loop& loop, std::initializer_list<int> signals)
    : socket_(loop, open_signals(signals)) {}

Task<int> Signals::next() {
  while (pending_.empty()) {
    const auto part = co_await read_from(socket_, Deadline::never());
    // Reading a signalfd fails only when the system is out of order.
    if (!part) throw std::system_error(EIO, std::generic_category(), part.error().why());
    for (auto rest = *part; rest.size() >= sizeof(signalfd_siginfo);
         rest = rest.subspan(sizeof(signalfd_siginfo))) {
      signalfd_siginfo info{};
      std::memcpy(&info, rest.data(), sizeof info);
      pending_.push_back(static_cast<int>(info.ssi_signo));
    }
  }
  const int number = pending_.front();
  pending_.pop_front();
  co_return number;
}

}  // namespace net

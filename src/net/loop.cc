#include "net/loop.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <limits>
#include <system_error>

#include <sys/epoll.h>

#include "net/detail_visit.h"

namespace net {
namespace {

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void control(int epoll, int operation, int fd, Watch* watch, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = watch;
  if (::epoll_ctl(epoll, operation, fd, &event) != 0) throw_errno("epoll_ctl");
}

}  // namespace

Loop::Loop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      mailbox_(std::make_shared<Mailbox>()),
      queue_(*this),
      now_(std::chrono::steady_clock::now()),
      read_buffer_(std::make_unique<std::byte[]>(read_bytes + read_slack)),
      guests_(std::make_unique<detail::Guests>()) {
  if (!epoll_.is_open()) throw_errno("epoll_create1");
  control(epoll_.get(), EPOLL_CTL_ADD, mailbox_->event_fd(), nullptr, EPOLLIN | EPOLLET);
  // A write to a connection that is gone must be an error, not a signal.
  static_cast<void>(::signal(SIGPIPE, SIG_IGN));
}

Loop::~Loop() {
  auto unopened = mailbox_->close();
  unopened.clear();
  guests_->evict_all();
  while (residents_ != nullptr) {
    Resident& resident = *residents_;
    forget(resident);
    resident.evict();
  }
}

void Loop::run() {
  while (!is_stopped()) turn(Instant::max());
}

void Loop::stop() {
  is_stopped_.store(true, std::memory_order_relaxed);
  mailbox_->wake();
}

int Loop::wait_ms(Instant latest) const {
  if (queue_.has_soon()) return 0;
  const Instant until = std::min(latest, queue_.next_due());
  if (until == Instant::max()) return -1;
  const Instant now = std::chrono::steady_clock::now();
  if (until <= now) return 0;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
  return static_cast<int>(std::min<decltype(wait)>(wait, std::numeric_limits<int>::max()));
}

void Loop::turn(Instant latest) {
  std::array<epoll_event, batch_max> batch;
  const int count = ::epoll_wait(epoll_.get(), batch.data(), batch.size(), wait_ms(latest));
  if (count < 0 && errno != EINTR) throw_errno("epoll_wait");
  now_ = std::chrono::steady_clock::now();
  ++turns_;
  bool has_mail = false;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = batch[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      has_mail = true;
    } else {
      static_cast<Watch*>(event.data.ptr)->on_events(event.events);
    }
  }
  if (has_mail) open_letters();
  queue_.run(now_);
}

void Loop::open_letters() {
  for (auto& letter : mailbox_->take()) {
    letter->open(*this);
    letter.reset();
  }
}

void Loop::watch(int fd, Watch& watch, std::uint32_t events) {
  control(epoll_.get(), EPOLL_CTL_ADD, fd, &watch, events);
}

void Loop::rewatch(int fd, Watch& watch, std::uint32_t events) {
  control(epoll_.get(), EPOLL_CTL_MOD, fd, &watch, events);
}

void Loop::unwatch(int fd) {
  // Fails only if it is not registered, and then there is nothing to do.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Loop::adopt(Resident& resident) {
  resident.is_listed_ = true;
  resident.before_ = nullptr;
  resident.after_ = residents_;
  if (residents_ != nullptr) residents_->before_ = &resident;
  residents_ = &resident;
}

void Loop::forget(Resident& resident) {
  if (!resident.is_listed_) return;
  resident.is_listed_ = false;
  (resident.before_ != nullptr ? resident.before_->after_ : residents_) = resident.after_;
  if (resident.after_ != nullptr) resident.after_->before_ = resident.before_;
}

}  // namespace net

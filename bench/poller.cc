#include "poller.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <tuple>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace bench {
namespace {

constexpr std::size_t events_max = 256;
constexpr std::size_t read_max = std::size_t{64} * 1024;
constexpr int backlog = 4096;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// The one cast that the socket functions ask for.
const sockaddr* erased(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void send_at_once(int descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (number_ >= 0) ::close(number_);
    number_ = other.release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

int Descriptor::release() {
  return std::exchange(number_, -1);
}

void give_up(std::string_view why) {
  std::string text(why);
  if (errno != 0) text += ": errno " + std::to_string(errno);
  text += "\n";
  std::ignore = std::fputs(text.c_str(), stderr);
  std::_Exit(2);
}

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_.number() < 0) give_up("no epoll set");
}
Poller::~Poller() = default;

void Poller::add(int descriptor, Peer& peer, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &peer;
  if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event) != 0) give_up("epoll_ctl");
}

void Poller::change(int descriptor, Peer& peer, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &peer;
  if (::epoll_ctl(epoll_.number(), EPOLL_CTL_MOD, descriptor, &event) != 0) give_up("epoll_ctl");
}

void Poller::turn(int timeout_milliseconds) {
  std::array<epoll_event, events_max> events{};
  const int count = ::epoll_wait(epoll_.number(), events.data(), events_max, timeout_milliseconds);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<std::size_t>(i));
    static_cast<Peer*>(event.data.ptr)->ready(event.events);
  }
  buried_.clear();
}

void Poller::bury(std::unique_ptr<Peer> peer) {
  buried_.push_back(std::move(peer));
}

Descriptor listen_on(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) give_up("no socket");
  const int on = 1;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in address = loopback(port);
  if (::bind(socket.number(), erased(address), sizeof(address)) != 0 ||
      ::listen(socket.number(), backlog) != 0) {
    give_up("cannot listen on port " + std::to_string(port));
  }
  return socket;
}

namespace {

void come_from(const Descriptor& socket, std::uint8_t caller) {
  sockaddr_in source = loopback(0);
  source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + caller * 256U);
  if (::bind(socket.number(), erased(source), sizeof(source)) != 0) give_up("no such address");
}

}  // namespace

Descriptor accept_from(const Descriptor& listener) {
  Descriptor socket(::accept4(listener.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.is_open()) send_at_once(socket.number());
  return socket;
}

Descriptor connect_to(std::uint16_t port, std::uint8_t caller) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) give_up("no socket");
  send_at_once(socket.number());
  if (caller != 0) come_from(socket, caller);
  const sockaddr_in address = loopback(port);
  if (::connect(socket.number(), erased(address), sizeof(address)) != 0 && errno != EINPROGRESS) {
    give_up("cannot connect to port " + std::to_string(port));
  }
  return socket;
}

Descriptor connect_blocking(std::uint16_t port, std::uint8_t caller) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) give_up("no socket");
  const timeval patience{10, 0};
  ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  send_at_once(socket.number());
  come_from(socket, caller);
  const sockaddr_in address = loopback(port);
  if (::connect(socket.number(), erased(address), sizeof(address)) != 0) {
    give_up("cannot connect to port " + std::to_string(port));
  }
  return socket;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool Outgoing::flush(int descriptor) {
  while (written_ < text_.size()) {
    const ssize_t size =
        ::send(descriptor, text_.data() + written_, text_.size() - written_, MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    written_ += static_cast<std::size_t>(size);
  }
  text_.clear();
  written_ = 0;
  return true;
}

bool read_more(int descriptor, std::string& into) {
  static thread_local std::array<char, read_max> buffer;
  const ssize_t size = ::recv(descriptor, buffer.data(), buffer.size(), 0);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  into.append(buffer.data(), static_cast<std::size_t>(size));
  return size > 0;
}

}  // namespace bench

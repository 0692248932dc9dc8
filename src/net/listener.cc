#include "net/listener.h"

#include <cerrno>
#include <chrono>
#include <system_error>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/sleep.h"
#include "net/detail_port_holder.h"

namespace net {
namespace {

constexpr int backlog = 4096;  // the kernel lowers it to net.core.somaxconn
// How long to leave the queue alone when descriptors or memory lack.
constexpr auto shortage_pause = std::chrono::milliseconds(100);

Error bind_error(int number, const Address& address) {
  const std::string doing = "listening on " + address.text();
  const std::string cause = std::generic_category().message(number);
  switch (number) {
    case EADDRINUSE: {
      const std::string holder = detail::port_holder(address.port());
      const std::string by = holder.empty() ? "another process" : holder;
      return Error(Fault::conflict, "the port is in use by " + by).within(doing);
    }
    case EACCES:
    case EPERM:
      return Error(Fault::forbidden, cause + " (ports below 1024 need CAP_NET_BIND_SERVICE)")
          .within(doing);
    case EADDRNOTAVAIL:
      return Error(Fault::bad_request, "no interface of this machine has this address")
          .within(doing);
    case EAFNOSUPPORT:
      return Error(Fault::bad_request, "this machine has no IPv6").within(doing);
    default:
      return Error(Fault::unavailable, cause).within(doing);
  }
}

void set_option(int fd, int level, int name) {
  const int on = 1;
  ::setsockopt(fd, level, name, &on, sizeof on);
}

Result<Fd> bind_to(const Address& address, bool shares_port) {
  sockaddr_storage storage{};
  const unsigned size = address.to_sockaddr(storage);
  Fd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return tl::unexpected<Error>(bind_error(errno, address));
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (shares_port) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  if (address.is_v6()) {
    const int only_v6 = address.is_unspecified() ? 0 : 1;  // [::] serves IPv4 as well
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
  }
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0) {
    return tl::unexpected<Error>(bind_error(errno, address));
  }
  return fd;
}

Result<ListenSocket> open_one(const Address& address) {
  TRY(Fd fd, bind_to(address, true));
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::listen(fd.get(), backlog) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return tl::unexpected<Error>(bind_error(errno, address));
  }
  return ListenSocket(std::move(fd), Address::from_sockaddr(storage));
}

bool is_shortage(int number) {
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

}  // namespace

Result<std::vector<ListenSocket>> listen_on(Address address, std::size_t count) {
  // SO_REUSEPORT would quietly share the port with another gateway of this user, each getting some
  // of the connections. A bind without it finds out.
  if (address.port() != 0) TRY(bind_to(address, false));
  std::vector<ListenSocket> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(ListenSocket socket, open_one(sockets.empty() ? address : sockets.front().address()));
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

Listener::Listener(Loop& loop, ListenSocket socket)
    : loop_(loop), address_(socket.address()), socket_(loop, socket.take()) {}

Task<Result<TcpStream>> Listener::accept() {
  while (socket_.is_open()) {
    // While draining, what is queued is taken without waiting for more.
    if (!is_draining_) co_await socket_.readable(Deadline::never());
    if (!socket_.is_open()) break;
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    Fd fd(::accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&storage), &size,
                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    int error = errno;
    if (fd.is_open()) {
      auto accepted = make_socket(loop_, std::move(fd));
      if (accepted) co_return TcpStream(std::move(*accepted), Address::from_sockaddr(storage));
      error = ENOBUFS;  // epoll lacks memory: the connection is lost, the next ones need not be
    }
    if (error == EAGAIN) {
      if (is_draining_) break;
      socket_.read_would_block();
    } else if (is_shortage(error)) {
      const Deadline pause = Deadline::in(loop_.now(), shortage_pause);
      co_await sleep_until(pause);
    } else if (error == EBADF || error == EINVAL || error == ENOTSOCK) {
      co_return tl::unexpected<Error>(io_error(error, "accepting"));
    }
    // Everything else is the failure of one connection that is already gone.
  }
  socket_.close();
  co_return failed(Fault::cancelled, "the listener is closed");
}

void Listener::drain() {
  is_draining_ = true;
  socket_.nudge();
}

}  // namespace net

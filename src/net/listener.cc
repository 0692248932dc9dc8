#include "net/listener.h"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <system_error>
#include <utility>

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/sleep.h"
#include "net/detail_port_holder.h"

namespace net {
namespace {

constexpr int backlog = 4096;  // the kernel lowers it to net.core.somaxconn
// How long to leave the queue alone when descriptors or memory lack.
constexpr auto shortage_pause = std::chrono::milliseconds(100);

// How long handshakes that have begun get to end once a listener drains.
constexpr auto handshakes_end_within = std::chrono::milliseconds(20);

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

// From now on the kernel drops the first packet of a handshake. A connection that got into the
// queue between the last accept() and close() would be reset with the request that its client has
// sent by then; dropped, the client tries again in a second and is refused, or served by a
// successor.
void drop_new_connections(int fd) {
  constexpr std::uint32_t flags_offset = 13;  // in the TCP header (RFC 9293, 3.1)
  constexpr std::uint32_t syn = 0x02;
  constexpr std::uint32_t syn_or_ack = 0x12;
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_offset),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, syn_or_ack),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
  // Where it is not allowed, draining is as good as it gets without.
  ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
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

// The queue is empty; false if there will be no more.
Task<bool> Listener::wait_for_more() {
  if (!is_draining_) {
    socket_.read_would_block();
    co_return true;
  }
  if (std::exchange(has_waited_, true)) co_return false;
  const Deadline pause = Deadline::in(loop_.now(), handshakes_end_within);
  co_await sleep_until(pause);
  co_return true;
}

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
      auto accepted = make_socket(loop_, std::move(fd), Socket::Of::socket);
      if (accepted) co_return TcpStream(std::move(*accepted), Address::from_sockaddr(storage));
      error = ENOBUFS;  // epoll lacks memory: the connection is lost, the next ones need not be
    }
    if (error == EAGAIN) {
      const bool may_come = co_await wait_for_more();
      if (!may_come) break;
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
  drop_new_connections(socket_.fd());
  socket_.nudge();
}

}  // namespace net

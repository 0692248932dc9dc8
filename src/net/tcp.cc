#include "net/tcp.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace net {
namespace {

// A peer that answers nothing is given up after about a minute, whether we send or are silent.
constexpr int silence_ms = 60'000;
constexpr int keepalive_idle_s = 30;
constexpr int keepalive_interval_s = 10;
constexpr int keepalive_count = 3;

void set_option(int fd, int level, int name, int value) {
  // Fails for socket pairs, which have neither delays nor silent peers.
  ::setsockopt(fd, level, name, &value, sizeof value);
}

void set_tcp_options(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_s);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_s);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, keepalive_count);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, silence_ms);
}

Task<> wait_gone(Socket& socket) {
  co_await socket.hung_up(Deadline::never());
}

Task<Result<>> shut_down(Socket& socket) {
  if (!socket.is_open() || ::shutdown(socket.fd(), SHUT_WR) == 0) co_return Result<>();
  co_return tl::unexpected<Error>(io_error(errno, "ending the connection"));
}

Error connect_error(int number, const Address& address) {
  const Fault fault = number == ETIMEDOUT ? Fault::timed_out : Fault::unavailable;
  return Error(fault, std::generic_category().message(number))
      .within("connecting to " + address.text());
}

int socket_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

}  // namespace

TcpStream::TcpStream(Loop& loop, Fd fd, Address peer)
    : TcpStream(std::make_unique<Socket>(loop, std::move(fd), Socket::Of::socket), peer) {}

TcpStream::TcpStream(std::unique_ptr<Socket> socket, Address peer)
    : socket_(std::move(socket)), peer_(peer) {
  set_tcp_options(socket_->fd());
}

Task<Result<std::span<const std::byte>>> TcpStream::read(Deadline deadline) {
  return read_from(*socket_, deadline);
}

bool TcpStream::is_quiet() const {
  if (!socket_->has_news()) return true;
  // An edge may tell of bytes that a read has found already.
  char next = 0;
  const ssize_t got = ::recv(socket_->fd(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got >= 0 || errno != EAGAIN) return false;
  socket_->read_would_block();
  return true;
}

Result<std::size_t> TcpStream::write_now(const Buffers& buffers) {
  return net::write_now(*socket_, buffers);
}

Task<Result<>> TcpStream::write(Buffers buffers, Deadline deadline) {
  return write_to(*socket_, buffers, deadline);
}

Task<Result<>> TcpStream::finish(Deadline /*deadline*/) {
  return shut_down(*socket_);
}

Task<> TcpStream::gone() {
  return wait_gone(*socket_);
}

Address TcpStream::local() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(socket_->fd(), reinterpret_cast<sockaddr*>(&storage), &size);
  return Address::from_sockaddr(storage);
}

void TcpStream::keep_alive(const KeepAlive& settings) {
  const auto seconds = [](Duration span) {
    const auto whole = std::chrono::ceil<std::chrono::seconds>(span).count();
    return static_cast<int>(std::clamp<std::int64_t>(whole, 1, 32'767));  // the kernel's bounds
  };
  set_option(socket_->fd(), SOL_SOCKET, SO_KEEPALIVE, settings.is_enabled ? 1 : 0);
  set_option(socket_->fd(), IPPROTO_TCP, TCP_KEEPIDLE, seconds(settings.idle));
  set_option(socket_->fd(), IPPROTO_TCP, TCP_KEEPINTVL, seconds(settings.interval));
  set_option(socket_->fd(), IPPROTO_TCP, TCP_KEEPCNT, settings.count);
}

void TcpStream::abort_on_close() {
  const linger reset{1, 0};
  ::setsockopt(socket_->fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

void TcpStream::end_reading() {
  // Fails if the peer is gone, and then there is nothing to read.
  ::shutdown(socket_->fd(), SHUT_RD);
}

Task<Result<TcpStream>> connect(Address address, Deadline deadline) {
  Loop& loop = co_await this_loop();
  sockaddr_storage storage{};
  const unsigned size = address.to_sockaddr(storage);
  Fd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) co_return tl::unexpected<Error>(connect_error(errno, address));
  // Before it is registered: a socket that is not connected yet would be reported as hung up.
  const int outcome = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size);
  if (outcome != 0 && errno != EINPROGRESS) {
    co_return tl::unexpected<Error>(connect_error(errno, address));
  }
  CO_TRY(auto socket, make_socket(loop, std::move(fd), Socket::Of::socket));
  if (outcome != 0) {
    socket->write_would_block();
    const bool is_ready = co_await socket->writable(deadline);
    if (!is_ready) co_return tl::unexpected<Error>(connect_error(ETIMEDOUT, address));
    const int error = socket_error(socket->fd());
    if (error != 0) co_return tl::unexpected<Error>(connect_error(error, address));
  }
  co_return TcpStream(std::move(socket), address);
}

}  // namespace net

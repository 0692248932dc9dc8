#include "net/socket.h"

#include <array>
#include <cassert>
#include <cerrno>
#include <string>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace net {
namespace {

constexpr unsigned queued_bytes_max = 128 * 1024;
// Writes from this size on are long.
constexpr std::size_t long_bytes_min = std::size_t{16} * 1024;

constexpr std::size_t index_of(Socket::Direction direction) {
  return static_cast<std::size_t>(direction);
}

// What is left of Buffers after some of it has been written.
class Rest {
 public:
  explicit Rest(const Buffers& buffers) {
    for (const std::string_view piece : buffers.pieces()) {
      if (piece.empty()) continue;
      // iovec serves reads and writes alike and so has no const.
      pieces_.at(count_++) = {const_cast<char*>(piece.data()), piece.size()};
    }
  }
  bool is_empty() const { return first_ == count_; }
  const iovec* data() const { return &pieces_.at(first_); }
  int count() const { return static_cast<int>(count_ - first_); }
  void drop(std::size_t bytes) {
    while (bytes > 0) {
      iovec& piece = pieces_.at(first_);
      const std::size_t part = std::min(bytes, piece.iov_len);
      piece.iov_base = static_cast<char*>(piece.iov_base) + part;
      piece.iov_len -= part;
      bytes -= part;
      if (piece.iov_len == 0) ++first_;
    }
  }

 private:
  std::array<iovec, 4> pieces_{};
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

tl::unexpected<Error> closed() {
  return failed(Fault::cancelled, "the connection was closed here");
}

}  // namespace

Socket::Socket(Loop& loop, Fd fd, Of of) : loop_(loop), fd_(std::move(fd)), of_(of) {
  loop_.watch(fd_.get(), *this, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

Socket::~Socket() {
  for (Ready* waiter : waiting_) {
    if (waiter != nullptr) waiter->unlink();
  }
  if (fd_.is_open()) loop_.unwatch(fd_.get());
}

void Socket::close() {
  if (!fd_.is_open()) return;
  loop_.unwatch(fd_.get());
  fd_.reset();
  wake(Direction::read);
  wake(Direction::write);
  wake(Direction::hangup);
}

void Socket::nudge() {
  is_readable_ = true;
  wake(Direction::read);
}

bool Socket::is_ready(Direction direction) const {
  if (!fd_.is_open()) return true;
  switch (direction) {
    case Direction::read:
      return is_readable_;
    case Direction::write:
      return is_writable_;
    case Direction::hangup:
      return has_hung_up_ || (is_end_hangup_ && is_at_end_);
  }
  return true;
}

bool Socket::take_share(Direction direction) {
  if (shared_turn_ != loop_.turns()) {
    shared_turn_ = loop_.turns();
    for (std::uint8_t& shares : shares_) shares = 0;
  }
  std::uint8_t& shares = shares_[index_of(direction)];
  if (shares == shares_max) return false;
  ++shares;
  return true;
}

void Socket::read_was_short() {
  // Once the end was reported no further edge comes: the flag must stay for the read that finds it.
  if (!is_at_end_) is_readable_ = false;
}

void Socket::keep_queue_short() {
  if (is_queue_short_) return;
  is_queue_short_ = true;
  // Fails for what is not TCP.
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &queued_bytes_max,
               sizeof queued_bytes_max);
}

void Socket::on_events(std::uint32_t events) {
  constexpr std::uint32_t gone = EPOLLHUP | EPOLLERR;
  if ((events & (EPOLLRDHUP | gone)) != 0) is_at_end_ = true;
  if ((events & gone) != 0) has_hung_up_ = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | gone)) != 0) {
    is_readable_ = true;
    wake(Direction::read);
  }
  if ((events & (EPOLLOUT | gone)) != 0) {
    is_writable_ = true;
    wake(Direction::write);
  }
  if (is_ready(Direction::hangup)) wake(Direction::hangup);
}

void Socket::take_end_for_hangup(bool is_taken) {
  is_end_hangup_ = is_taken;
  if (is_ready(Direction::hangup)) wake(Direction::hangup);
}

void Socket::wake(Direction direction) {
  Ready* waiter = waiting_[index_of(direction)];
  if (waiter == nullptr) return;
  waiter->unlink();
  waiter->is_ready_ = true;
  loop_.soon(waiter->wakeup_);
}

Socket::Ready Socket::readable(Deadline deadline) {
  return {*this, Direction::read, deadline};
}
Socket::Ready Socket::writable(Deadline deadline) {
  return {*this, Direction::write, deadline};
}
Socket::Ready Socket::hung_up(Deadline deadline) {
  return {*this, Direction::hangup, deadline};
}

Socket::Ready::~Ready() {
  unlink();
}

void Socket::Ready::unlink() {
  if (!is_linked_) return;
  is_linked_ = false;
  socket_.waiting_[index_of(direction_)] = nullptr;
}

bool Socket::Ready::await_ready() {
  is_ready_ = socket_.is_ready(direction_);
  return is_ready_ && socket_.take_share(direction_);
}

void Socket::Ready::await_suspend(std::coroutine_handle<> awaiting) {
  awaiting_ = awaiting;
  if (is_ready_) {
    // It had its share: others first.
    socket_.loop_.soon(wakeup_);
    return;
  }
  assert(socket_.waiting_[index_of(direction_)] == nullptr);
  socket_.waiting_[index_of(direction_)] = this;
  is_linked_ = true;
  if (!deadline_.is_never()) socket_.loop_.arm(wakeup_, deadline_.at());
}

void Socket::Ready::resume(void* self) {
  auto& ready = *static_cast<Ready*>(self);
  ready.unlink();
  if (ready.step_ != nullptr && !ready.step_(ready)) {
    ready.await_suspend(ready.awaiting_);
    return;
  }
  ready.awaiting_.resume();
}

bool SocketRead::try_read(Ready& self) {
  auto& reading = static_cast<SocketRead&>(self);
  if (reading.is_in_time()) {
    reading.got_ = reading.socket().read_now();
    if (!reading.got_) reading.wait_anew();
  } else {
    reading.got_ = failed(Fault::timed_out, "nothing to read before the deadline");
  }
  return reading.got_.has_value();
}

std::optional<Result<std::span<const std::byte>>> Socket::read_now() {
  if (!is_open()) return closed();
  const std::span<std::byte> buffer = loop_.read_buffer();
  for (;;) {
    const ssize_t got = ::read(fd(), buffer.data(), buffer.size());
    if (got >= 0) {
      const auto size = static_cast<std::size_t>(got);
      if (size > 0 && size < buffer.size()) read_was_short();
      return std::span<const std::byte>(buffer.first(size));
    }
    if (errno == EAGAIN) {
      read_would_block();
      return std::nullopt;
    }
    if (errno != EINTR) return tl::unexpected<Error>(io_error(errno, "reading"));
  }
}

std::ptrdiff_t Socket::write_once(const iovec* pieces, int count) {
  if (count != 1) return ::writev(fd(), pieces, count);
  if (of_ == Of::socket) return ::send(fd(), pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL);
  return ::write(fd(), pieces->iov_base, pieces->iov_len);
}

Result<std::unique_ptr<Socket>> make_socket(Loop& loop, Fd fd, Socket::Of of) {
  try {
    return std::make_unique<Socket>(loop, std::move(fd), of);
  } catch (const std::system_error& error) {
    return failed(Fault::unavailable, error.what());
  }
}

Error io_error(int number, std::string_view doing) {
  Fault fault = Fault::unavailable;
  if (number == ECONNRESET || number == EPIPE || number == ECONNABORTED || number == ENOTCONN) {
    fault = Fault::cancelled;
  } else if (number == ETIMEDOUT) {
    fault = Fault::timed_out;
  }
  return Error(fault, std::generic_category().message(number)).within(doing);
}

Task<Result<std::span<const std::byte>>> read_from(Socket& socket, Deadline deadline) {
  co_return co_await read_of(socket, deadline);
}

Result<std::size_t> write_now(Socket& socket, const Buffers& buffers) {
  if (!socket.is_open()) return closed();
  if (!socket.may_write_now()) return 0;
  const Rest rest(buffers);
  if (rest.is_empty()) return 0;
  if (buffers.size() >= long_bytes_min) socket.keep_queue_short();
  const ssize_t put = socket.write_once(rest.data(), rest.count());
  if (put >= 0) return static_cast<std::size_t>(put);
  if (errno == EAGAIN) socket.write_would_block();
  if (errno == EAGAIN || errno == EINTR) return 0;
  return tl::unexpected<Error>(io_error(errno, "writing"));
}

Task<Result<>> write_to(Socket& socket, Buffers buffers, Deadline deadline) {
  Rest rest(buffers);
  if (buffers.size() >= long_bytes_min && socket.is_open()) socket.keep_queue_short();
  while (!rest.is_empty()) {
    const bool is_ready = co_await socket.writable(deadline);
    if (!is_ready) co_return failed(Fault::timed_out, "the peer took nothing before the deadline");
    if (!socket.is_open()) co_return closed();
    const ssize_t put = socket.write_once(rest.data(), rest.count());
    if (put >= 0) {
      rest.drop(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      socket.write_would_block();
    } else if (errno != EINTR) {
      co_return tl::unexpected<Error>(io_error(errno, "writing"));
    }
  }
  co_return Result<>();
}

}  // namespace net

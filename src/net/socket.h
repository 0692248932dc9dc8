#pragma once
// A descriptor (socket or pipe) registered once, edge-triggered, for both directions, with
// readiness flags: an edge sets them, EAGAIN or a short read clears them. At most one task may wait
// for each direction, and one for the hang-up. Not movable: epoll points at it.

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <sys/uio.h>

#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"
#include "net/loop.h"
#include "net/stream.h"

namespace net {

class Socket final : public Watch {
 public:
  enum class Direction : std::uint8_t { read, write, hangup };
  class Ready;

  // What the descriptor is: the calls for sockets are the shorter way into the kernel.
  enum class Of : std::uint8_t { file, socket };

  // `fd` must be non-blocking. Throws std::system_error if epoll refuses it.
  Socket(Loop& loop, Fd fd, Of of = Of::file);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  // Deregisters before it closes: a process that is being started may still hold a copy of the
  // descriptor, and epoll would go on reporting it.
  ~Socket() override;

  int fd() const { return fd_.get(); }
  Loop& loop() const { return loop_; }
  bool is_open() const { return fd_.is_open(); }
  bool has_hung_up() const { return has_hung_up_; }
  // Whether the end of the peer's direction counts as its hang-up, for who waits for that.
  void take_end_for_hangup(bool is_taken);
  // Something has arrived, or the end, and no read has found it yet.
  bool has_news() const { return is_readable_; }
  // Closes early. Whoever waits is woken and finds is_open() false.
  void close();

  // Wakes the reader as if there were something: it finds out that there is not.
  void nudge();

  // `const bool is_ready = co_await socket.readable(deadline);`: false after the deadline.
  Ready readable(Deadline deadline);
  Ready writable(Deadline deadline);
  Ready hung_up(Deadline deadline);

  // To be called with what the system call did. A full buffer leaves the flag as it is.
  void read_was_short();
  void read_would_block() { is_readable_ = false; }
  void write_would_block() { is_writable_ = false; }
  // For long writes: keeps what waits in the kernel short, so that the socket becomes writable
  // whenever a slow peer has read a little, and not only when it has read a third of megabytes.
  void keep_queue_short();
  // Whether a write may be tried without waiting: the last one did not fill the buffer, and this
  // turn's share is not used up. It counts as one.
  bool may_write_now() { return is_writable_ && take_share(Direction::write); }

  // Once: bytes, the end (none), an error, or nothing if there is nothing to be read now.
  std::optional<Result<std::span<const std::byte>>> read_now();
  // As the system call: how many bytes, or -1 and errno.
  std::ptrdiff_t write_once(const iovec* pieces, int count);

  void on_events(std::uint32_t events) override;

 private:
  friend class Ready;
  bool is_ready(Direction direction) const;
  // False if this direction has had its share of this turn.
  bool take_share(Direction direction);
  void wake(Direction direction);

  static constexpr std::uint8_t shares_max =
      16;  // operations without a wait in one turn of the loop

  Loop& loop_;
  Fd fd_;
  Of of_;
  Ready* waiting_[3] = {};
  std::uint64_t shared_turn_ = 0;
  std::uint8_t shares_[3] = {};
  bool is_readable_ = false;
  bool is_writable_ = true;  // it nearly always is: trying is cheaper than asking
  bool is_at_end_ = false;   // the peer's FIN was reported: a read will tell it
  bool has_hung_up_ = false;
  bool is_end_hangup_ = false;
  bool is_queue_short_ = false;
};

// Waits in place; its destructor is the cancellation.
class Socket::Ready {
 public:
  Ready(Socket& socket, Direction direction, Deadline deadline)
      : socket_(socket),
        direction_(direction),
        deadline_(deadline),
        wakeup_(&Ready::resume, this) {}
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;
  ~Ready();

  bool await_ready();
  void await_suspend(std::coroutine_handle<> awaiting);
  bool await_resume() const noexcept { return is_ready_; }

 protected:
  // For who does something before its awaiter goes on: asked whenever the wait is over; if it says
  // false, the wait begins anew.
  using Step = bool (*)(Ready& self);
  Ready(Socket& socket, Direction direction, Deadline deadline, Step step)
      : Ready(socket, direction, deadline) {
    step_ = step;
  }
  Socket& socket() { return socket_; }
  bool is_in_time() const { return is_ready_; }
  void wait_anew() { is_ready_ = false; }

 private:
  friend class Socket;
  static void resume(void* self);
  void unlink();

  Socket& socket_;  // not touched any more once this is unlinked
  Direction direction_;
  bool is_ready_ = false;
  bool is_linked_ = false;
  Deadline deadline_;
  Wakeup wakeup_;
  Step step_ = nullptr;
  std::coroutine_handle<> awaiting_;
};

// `auto got = co_await read_of(socket, deadline);`: what Stream::read() says, without a task.
class SocketRead : public Socket::Ready {
 public:
  SocketRead(Socket& socket, Deadline deadline)
      : Ready(socket, Socket::Direction::read, deadline, &SocketRead::try_read) {}

  bool await_ready() { return Ready::await_ready() && try_read(*this); }
  Result<std::span<const std::byte>> await_resume() { return std::move(*got_); }

 private:
  static bool try_read(Ready& self);

  std::optional<Result<std::span<const std::byte>>> got_;
};
inline SocketRead read_of(Socket& socket, Deadline deadline) {
  return {socket, deadline};
}

// The same as the constructor, for where a shortage is one connection's failure and not the
// program's: Fault::unavailable.
Result<std::unique_ptr<Socket>> make_socket(Loop& loop, Fd fd, Socket::Of of);

// What an errno of a read or write means to the owner of a connection: Fault::cancelled when the
// peer is gone, Fault::timed_out when it is silent, else Fault::unavailable.
Error io_error(int number, std::string_view doing);

// The operations that TcpStream, Child and others are made of; they mean what Stream says. Each
// holds on to the socket, which must live until it is done or destroyed.
Task<Result<std::span<const std::byte>>> read_from(Socket& socket, Deadline deadline);
Result<std::size_t> write_now(Socket& socket, const Buffers& buffers);
Task<Result<>> write_to(Socket& socket, Buffers buffers, Deadline deadline);

}  // namespace net

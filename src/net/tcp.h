#pragma once
// A TCP connection (or one end of a socket pair). Movable, but its address must not change while
// one of its tasks waits. At most one read and one write at a time.

#include <chrono>
#include <memory>

#include "net/address.h"
#include "net/socket.h"
#include "net/stream.h"

namespace net {

// When a silent peer is probed, and when it is given up.
struct KeepAlive {
  bool is_enabled = true;
  Duration idle = std::chrono::seconds(30);
  Duration interval = std::chrono::seconds(10);
  int count = 3;
};

class TcpStream final : public Stream {
 public:
  // Takes a connected, non-blocking socket; sets TCP_NODELAY, keep-alive and TCP_USER_TIMEOUT, so
  // that a silent peer is noticed within a minute. Throws std::system_error if epoll refuses it.
  TcpStream(Loop& loop, Fd fd, Address peer);
  TcpStream(std::unique_ptr<Socket> socket, Address peer);  // the same of a registered one
  TcpStream(TcpStream&&) = default;
  TcpStream& operator=(TcpStream&&) = default;

  Task<Result<std::span<const std::byte>>> read(Deadline deadline) override;
  Socket* bare_socket() override { return socket_.get(); }
  bool is_quiet() const override;
  Result<std::size_t> write_now(const Buffers& buffers) override;
  Task<Result<>> write(Buffers buffers, Deadline deadline) override;
  Task<Result<>> finish(Deadline deadline) override;
  // Returns when the peer has vanished (reset, error, timed out; or both directions have ended). A
  // FIN alone is a legal half-close and does not count.
  Task<> gone() override;
  // From now on (or no longer) a FIN does count, for protocols in which it is how a peer leaves.
  void take_end_for_leaving(bool is_taken) { socket_->take_end_for_hangup(is_taken); }

  const Address& peer() const { return peer_; }
  Address local() const;
  Loop& loop() const { return socket_->loop(); }
  // Instead of the defaults.
  void keep_alive(const KeepAlive& settings);
  // Makes the coming close a reset instead of an orderly end: for a message that was cut in the
  // middle and must not look whole.
  void abort_on_close();
  // What has arrived can still be read; after that the peer's direction is at its end.
  void end_reading();

 private:
  std::unique_ptr<Socket> socket_;
  Address peer_;
};

// Fault::unavailable with the cause if refused or unreachable, Fault::timed_out after the deadline.
Task<Result<TcpStream>> connect(Address address, Deadline deadline);

}  // namespace net

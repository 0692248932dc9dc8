#pragma once
// Listening sockets. Each worker has its own on the same port (SO_REUSEPORT). All of them are
// opened at once, before the workers run, so that an error is known where it can be reported.

#include <memory>
#include <vector>

#include "base/signal.h"
#include "net/address.h"
#include "net/socket.h"
#include "net/tcp.h"

namespace net {

// A bound, listening socket that no loop watches yet; a value to hand to a worker.
class ListenSocket {
 public:
  ListenSocket(Fd fd, Address address) : fd_(std::move(fd)), address_(address) {}
  const Address& address() const { return address_; }  // with the real port
  Fd take() { return std::move(fd_); }

 private:
  Fd fd_;
  Address address_;
};

// `count` sockets on one port; port 0 takes a free one. Fails with Fault::conflict if the port is
// in use (also by another gateway), naming the process if /proc tells; Fault::forbidden if not
// permitted; Fault::bad_request if the address is not one of this machine.
Result<std::vector<ListenSocket>> listen_on(Address address, std::size_t count);

class Listener {
 public:
  Listener(Loop& loop, ListenSocket socket);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const Address& address() const { return address_; }
  // The next connection. While descriptors or memory lack it waits and tries again.
  // Fault::cancelled once it is drained. One task at a time.
  Task<Result<TcpStream>> accept();
  // Takes no more connections than are already queued or being made: accept() returns those, closes
  // the socket (whose queue would be lost otherwise) and then fails.
  void drain();
  bool is_draining() const { return is_draining_; }

 private:
  Task<bool> wait_for_more();

  Loop& loop_;
  Address address_;
  Socket socket_;
  bool is_draining_ = false;
  bool has_waited_ = false;  // for handshakes, once draining
};

}  // namespace net

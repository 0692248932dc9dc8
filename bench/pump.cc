// A byte pump: each connection gets a connection of its own to the upstream, and bytes go across
// as they come, unread. No proxy on this kernel can cost less, so ratios are told against it.
//
//   pump PORT UPSTREAMPORT

#include <memory>

#include <sys/epoll.h>

#include "poller.h"
#include "wire.h"

namespace bench {
namespace {

class Pipe;

// One side of a pipe.
class End final : public Peer {
 public:
  End(Poller& poller, Pipe& pipe, Descriptor socket)
      : poller_(poller), pipe_(pipe), socket_(std::move(socket)) {
    poller_.add(socket_.number(), *this, waiting_for_);
  }
  void ready(std::uint32_t events) override;
  // Moves what this side has to the other one. False if either is over.
  bool pump_to(End& other) {
    return read_more(socket_.number(), other.outgoing_.text()) && other.flush();
  }
  bool flush() {
    if (!outgoing_.flush(socket_.number())) return false;
    const std::uint32_t wanted = EPOLLIN | (outgoing_.is_empty() ? 0U : std::uint32_t{EPOLLOUT});
    if (wanted != waiting_for_) poller_.change(socket_.number(), *this, wanted);
    waiting_for_ = wanted;
    return true;
  }
  void close() { socket_ = Descriptor(); }

 private:
  Poller& poller_;
  Pipe& pipe_;
  Descriptor socket_;
  Outgoing outgoing_;
  std::uint32_t waiting_for_ = EPOLLIN;
};

// Both sides; it owns itself until one of them ends.
class Pipe final : public Peer {
 public:
  Pipe(Poller& poller, Descriptor client, Descriptor upstream)
      : poller_(poller),
        client_(poller, *this, std::move(client)),
        upstream_(poller, *this, std::move(upstream)) {}
  void ready(std::uint32_t) override {}

  void ready_at(End& end, std::uint32_t events) {
    if (is_over_) return;
    End& other = &end == &client_ ? upstream_ : client_;
    const bool goes_on = ((events & EPOLLOUT) == 0 || end.flush()) &&
                         ((events & ~std::uint32_t{EPOLLOUT}) == 0 || end.pump_to(other));
    if (goes_on) return;
    is_over_ = true;
    client_.close();
    upstream_.close();
    poller_.bury(std::unique_ptr<Peer>(this));
  }

 private:
  Poller& poller_;
  End client_;
  End upstream_;
  bool is_over_ = false;
};

void End::ready(std::uint32_t events) {
  pipe_.ready_at(*this, events);
}

class Door final : public Peer {
 public:
  Door(Poller& poller, std::uint16_t port, std::uint16_t upstream)
      : poller_(poller), listener_(listen_on(port)), upstream_(upstream) {
    poller_.add(listener_.number(), *this, EPOLLIN);
  }
  void ready(std::uint32_t) override {
    for (;;) {
      Descriptor client = accept_from(listener_);
      if (!client.is_open()) return;
      [[maybe_unused]] const Pipe* const owns_itself =
          std::make_unique<Pipe>(poller_, std::move(client), connect_to(upstream_)).release();
    }
  }

 private:
  Poller& poller_;
  Descriptor listener_;
  std::uint16_t upstream_;
};

int run(std::uint16_t port, std::uint16_t upstream) {
  raise_descriptor_limit();
  Poller poller;
  const Door door(poller, port, upstream);
  for (;;) poller.turn(-1);
}

}  // namespace
}  // namespace bench

int main(int count, char** words) {
  if (count != 3) bench::give_up("pump PORT UPSTREAMPORT");
  const auto port_of = [&](int at) {
    return static_cast<std::uint16_t>(bench::number_at(words[at]).value_or(0));
  };
  return bench::run(port_of(1), port_of(2));
}

#pragma once
// One epoll set, for the bench programs. Level-triggered: simple, and the generator is not what is
// measured.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// A descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  int release();

 private:
  int number_;
};

// Whatever waits for a descriptor.
class Peer {
 public:
  Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  virtual ~Peer() = default;
  // `events` as epoll gives them.
  virtual void ready(std::uint32_t events) = 0;
};

class Poller {
 public:
  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  // The peer must outlive the descriptor's place in the set, which ends when it is closed.
  void add(int descriptor, Peer& peer, std::uint32_t events);
  void change(int descriptor, Peer& peer, std::uint32_t events);
  // Waits at most that long and calls who is ready.
  void turn(int timeout_milliseconds);
  // Keeps a peer that has ended until the events at hand have been given out.
  void bury(std::unique_ptr<Peer> peer);

 private:
  Descriptor epoll_;
  std::vector<std::unique_ptr<Peer>> buried_;
};

// All of these end the program with a sentence if they fail: there is nothing to measure then.
Descriptor listen_on(std::uint16_t port);
// The next connection, non-blocking; not open if there is none.
Descriptor accept_from(const Descriptor& listener);
// Non-blocking from its start; it may still be connecting. `caller` is the last byte but one of the
// address it comes from, 127.0.CALLER.1: a gateway limits what one address may have.
Descriptor connect_to(std::uint16_t port, std::uint8_t caller = 0);
// Blocking, and every read ends after ten seconds.
Descriptor connect_blocking(std::uint16_t port, std::uint8_t caller);
[[noreturn]] void give_up(std::string_view why);
// As many descriptors as the system allows.
void raise_descriptor_limit();

// Bytes that wait to be written.
class Outgoing {
 public:
  std::string& text() { return text_; }
  bool is_empty() const { return text_.empty(); }
  // Writes what the socket takes. False if the connection is broken.
  bool flush(int descriptor);

 private:
  std::string text_;
  std::size_t written_ = 0;
};

// Appends what the socket has. False at its end or if it is broken.
bool read_more(int descriptor, std::string& into);

}  // namespace bench

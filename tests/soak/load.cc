#include "load.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <tuple>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "client.h"

namespace soak {
namespace {

using bench::Descriptor;
using bench::Got;
using bench::Message;
using bench::now_nanoseconds;

constexpr std::uint64_t millisecond = 1'000'000;
constexpr std::uint64_t second = 1000 * millisecond;
constexpr std::uint64_t said_every = 100 * millisecond;
constexpr std::uint64_t retried_after = 5 * millisecond;
constexpr std::uint64_t silence_max = 20 * second;

Descriptor begin_connecting(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) bench::give_up("no socket");
  const int on = 1;
  ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const erased = reinterpret_cast<const sockaddr*>(&address);
  // Whether it succeeds is seen when the socket is ready.
  std::ignore = ::connect(socket.number(), erased, sizeof(address));
  return socket;
}

volatile std::sig_atomic_t is_told_to_end = 0;

// Its end is a reset and not an orderly one.
void reset_on_close(const Descriptor& socket) {
  const linger hard{1, 0};
  ::setsockopt(socket.number(), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

}  // namespace

void end_on_sigterm() {
  struct sigaction action{};
  action.sa_handler = [](int) { is_told_to_end = 1; };
  ::sigaction(SIGTERM, &action, nullptr);
}

class Load::Connection final : public bench::Peer {
 public:
  explicit Connection(Load& load) : load_(load) {}

  // Begins the next request, which was due at `due`.
  void ask(std::uint64_t due) {
    asked_ = Asked();
    asked_.id = ++load_.started_;
    asked_.started = due;
    const std::uint64_t every = load_.shape_.leave_every;
    is_leaving_ = every != 0 && asked_.id % every == 0;
    // Every second one leaves within a long answer, the others before it begins.
    asked_.is_big = is_leaving_ && asked_.id / every % 2 == 0;
    request_.clear();
    load_.work_.ask(asked_, request_);
    is_waiting_ = true;
    if (!socket_.is_open()) {
      connect();
    } else {
      send_request();
    }
  }

  void ready(std::uint32_t events) override {
    if (!socket_.is_open()) return;
    if (is_connecting_) {
      connected();
      return;
    }
    if ((events & EPOLLOUT) != 0) flush();
    if ((events & ~std::uint32_t{EPOLLOUT}) != 0 && socket_.is_open()) receive();
  }

  // What is to be done at a time and not at an event.
  void tick(std::uint64_t now) {
    if (is_waiting_ && !socket_.is_open() && now >= retry_at_) connect();
    if (is_waiting_ && socket_.is_open() && now > asked_.started + silence_max) {
      lost("no answer in " + std::to_string(silence_max / second) + " s");
    }
  }

  bool is_waiting() const { return is_waiting_; }

 private:
  void connect() {
    incoming_.clear();
    outgoing_ = bench::Outgoing();
    socket_ = begin_connecting(load_.shape_.port);
    is_connecting_ = true;
    waiting_for_ = EPOLLIN | EPOLLOUT;
    load_.poller_.add(socket_.number(), *this, waiting_for_);
  }

  void connected() {
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(socket_.number(), SOL_SOCKET, SO_ERROR, &error, &size);
    is_connecting_ = false;
    if (error == 0) {
      send_request();
      return;
    }
    socket_ = Descriptor();
    if (error == ECONNREFUSED && load_.shape_.may_restart) {
      ++load_.counts_.refused;
      retry_at_ = now_nanoseconds() + retried_after;
      return;
    }
    lost("connecting failed: errno " + std::to_string(error));
  }

  void send_request() {
    outgoing_.text() = request_;
    flush();
  }

  void flush() {
    if (!outgoing_.flush(socket_.number())) {
      // The server may have answered and closed without reading all; the answer decides.
      receive();
      return;
    }
    wait_for(EPOLLIN | (outgoing_.is_empty() ? 0U : std::uint32_t{EPOLLOUT}));
    if (outgoing_.is_empty() && is_leaving_ && !asked_.is_big) leave();
  }

  void wait_for(std::uint32_t wanted) {
    if (wanted == waiting_for_) return;
    load_.poller_.change(socket_.number(), *this, wanted);
    waiting_for_ = wanted;
  }

  void receive() {
    const bool is_alive = bench::read_more(socket_.number(), incoming_);
    if (incoming_.empty()) {
      if (!is_alive) ended();
      return;
    }
    if (is_leaving_) {
      leave();
      return;
    }
    Message message;
    const Got got = bench::read_message(incoming_, message, scratch_);
    if (got == Got::more && is_alive) return;
    if (got != Got::message || !is_waiting_ || message.size != incoming_.size()) {
      lost(got == Got::more ? "half an answer" : "bytes that are no answer");
      return;
    }
    const std::string fault = load_.work_.fault_of(asked_, message);
    if (!fault.empty()) load_.fail("request " + std::to_string(asked_.id) + ": " + fault);
    const bool closes = message.field("connection") == "close" || !is_alive;
    incoming_.clear();
    if (closes) {
      ++load_.counts_.closed;
      socket_ = Descriptor();
    }
    done();
  }

  void ended() {
    if (is_waiting_) {
      lost("the connection ended before its answer");
      return;
    }
    socket_ = Descriptor();
    ++load_.counts_.closed;
    if (!load_.shape_.may_restart) load_.fail("an idle connection ended");
  }

  void leave() {
    if (asked_.id % 4 == 0) reset_on_close(socket_);
    socket_ = Descriptor();
    incoming_.clear();
    ++load_.counts_.left;
    load_.work_.left(asked_);
    done();
  }

  void lost(const std::string& why) {
    socket_ = Descriptor();
    is_connecting_ = false;
    incoming_.clear();
    const bool is_explained = is_waiting_ && load_.work_.explains_loss(asked_);
    if (!is_explained) load_.fail("request " + std::to_string(asked_.id) + ": " + why);
    if (is_waiting_) load_.work_.left(asked_);
    if (is_waiting_) done();
  }

  // The next request is begun from the loop: many at once must not be one inside the other.
  void done() {
    is_waiting_ = false;
    ++load_.counts_.done;
    load_.idle_.push_back(this);
  }

  Load& load_;
  Descriptor socket_;
  std::string request_;
  std::string incoming_;
  std::string scratch_;
  bench::Outgoing outgoing_;
  std::uint32_t waiting_for_ = 0;
  Asked asked_;
  std::uint64_t retry_at_ = 0;
  bool is_leaving_ = false;
  bool is_connecting_ = false;
  bool is_waiting_ = false;
};

Load::Load(bench::Poller& poller, Work& work, const Shape& shape)
    : poller_(poller), work_(work), shape_(shape) {}
Load::~Load() = default;

bool Load::may_start() const {
  return started_ < shape_.requests && is_told_to_end == 0;
}

void Load::fail(const std::string& why) {
  ++counts_.errors;
  if (counts_.first_error.empty()) counts_.first_error = why;
}

void Load::start_what_is_due() {
  while (may_start()) {
    const std::uint64_t now = now_nanoseconds();
    std::uint64_t due = now;
    if (shape_.rate > 0) {
      due = began_ + static_cast<std::uint64_t>(static_cast<double>(started_) *
                                                static_cast<double>(second) / shape_.rate);
      if (due > now) return;
    }
    if (idle_.empty() && connections_.size() == shape_.connections) return;
    if (idle_.empty()) {
      connections_.push_back(std::make_unique<Connection>(*this));
      idle_.push_back(connections_.back().get());
    }
    Connection* const next = idle_.back();
    idle_.pop_back();
    next->ask(shape_.rate > 0 ? std::min(due, now) : now);
  }
}

void Load::say_progress() {
  const std::uint64_t now = now_nanoseconds();
  if (now < said_ + said_every) return;
  said_ = now;
  std::ignore = std::printf("done %llu\n", static_cast<unsigned long long>(counts_.done));
  std::ignore = std::fflush(stdout);
}

void Load::run() {
  began_ = now_nanoseconds();
  const std::uint64_t end = began_ + shape_.seconds_max * second;
  while (!is_over()) {
    work_.disturb();
    start_what_is_due();
    poller_.turn(shape_.rate > 0 ? 1 : 5);
    const std::uint64_t now = now_nanoseconds();
    for (const auto& connection : connections_) connection->tick(now);
    say_progress();
    if (now > end) {
      fail("not finished in time: " + std::to_string(counts_.done) + " of " +
           std::to_string(shape_.requests));
      break;
    }
  }
  connections_.clear();
  work_.finish();
}

}  // namespace soak

#include "client.h"

#include <algorithm>
#include <chrono>

#include <sys/epoll.h>

namespace bench {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
// Of thousands of connections, those that open at the same time; more would overflow a listener's
// queue.
constexpr std::size_t opening_max = 64;
constexpr std::size_t connections_of_one_address = 500;

}  // namespace

std::uint64_t now_nanoseconds() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

class Client::Connection final : public Peer {
 public:
  Connection(Client& client, std::uint8_t caller)
      : client_(client), socket_(connect_to(client.load_.port, caller)) {
    client_.poller_.add(socket_.number(), *this, waiting_for_);
  }

  void ask(std::uint64_t id, std::uint64_t due) {
    id_ = id;
    due_ = due;
    is_waiting_ = true;
    client_.job_.append_request(id, outgoing_.text());
    // While it is still connecting, this says "again" and epoll goes on from there.
    send();
  }

  void ready(std::uint32_t events) override {
    if (!socket_.is_open()) return;
    if ((events & EPOLLOUT) != 0) send();
    if ((events & ~std::uint32_t{EPOLLOUT}) != 0 && socket_.is_open()) receive();
  }

 private:
  void send() {
    if (!outgoing_.flush(socket_.number())) {
      broken("the connection broke while sending");
      return;
    }
    const std::uint32_t wanted = EPOLLIN | (outgoing_.is_empty() ? 0U : std::uint32_t{EPOLLOUT});
    if (wanted != waiting_for_) client_.poller_.change(socket_.number(), *this, wanted);
    waiting_for_ = wanted;
  }

  void receive() {
    if (!read_more(socket_.number(), incoming_)) {
      broken(is_waiting_ ? "the connection ended before its answer" : "an idle connection ended");
      return;
    }
    if (incoming_.empty()) return;
    Message message;
    const Got got = read_message(incoming_, message, scratch_);
    if (got == Got::more) return;
    if (got == Got::malformed || !is_waiting_ || message.size != incoming_.size()) {
      broken("bytes that are no answer");
      return;
    }
    is_waiting_ = false;
    const std::string fault = client_.job_.fault_of(id_, message);
    if (!fault.empty()) client_.fail("request " + std::to_string(id_) + ": " + fault);
    incoming_.clear();
    client_.finished(*this, due_);
  }

  void broken(std::string_view why) {
    socket_ = Descriptor();
    client_.fail("request " + std::to_string(id_) + ": " + std::string(why));
    if (is_waiting_) ++client_.done_;
    is_waiting_ = false;
  }

  Client& client_;
  Descriptor socket_;
  std::string incoming_;
  std::string scratch_;
  Outgoing outgoing_;
  std::uint32_t waiting_for_ = EPOLLIN | EPOLLOUT;
  std::uint64_t id_ = 0;
  std::uint64_t due_ = 0;
  bool is_waiting_ = false;
};

Client::Client(Poller& poller, const Job& job, const Load& load, std::function<void()> warmed_up)
    : poller_(poller), job_(job), load_(load), warmed_up_(std::move(warmed_up)) {
  if (load_.one_each) load_.requests = load_.connections;
  latencies_.reserve(load_.requests);
}
Client::~Client() = default;

void Client::fail(const std::string& why) {
  ++errors_;
  if (first_error_.empty()) first_error_ = why;
}

std::uint8_t Client::next_caller() const {
  return static_cast<std::uint8_t>(connections_.size() / connections_of_one_address);
}

void Client::start(Connection& connection, std::uint64_t due) {
  connection.ask(++started_, due);
}

void Client::finished(Connection& connection, std::uint64_t due) {
  ++done_;
  if (done_ == load_.warm_up && warmed_up_) warmed_up_();
  if (done_ > load_.warm_up) latencies_.push_back(now_nanoseconds() - due);
  if (load_.one_each) return;
  if (load_.rate > 0) {
    idle_.push_back(&connection);
  } else if (may_start()) {
    start(connection, now_nanoseconds());
  }
}

// Opens connections and, at a fixed rate, starts what should have been started by now. A request
// that finds no idle connection waits, and its latency counts from when it was due.
void Client::start_what_is_due() {
  if (load_.rate == 0) {
    const bool is_crowded = load_.one_each && started_ - done_ >= opening_max;
    if (connections_.size() == load_.connections || is_crowded || !may_start()) return;
    connections_.push_back(std::make_unique<Connection>(*this, next_caller()));
    start(*connections_.back(), now_nanoseconds());
    return;
  }
  const auto due_of = [&](std::uint64_t number) {
    return began_ + static_cast<std::uint64_t>(static_cast<double>(number) *
                                               static_cast<double>(second) / load_.rate);
  };
  while (may_start() && due_of(started_) <= now_nanoseconds()) {
    if (idle_.empty() && connections_.size() == load_.connections) return;
    if (idle_.empty()) {
      connections_.push_back(std::make_unique<Connection>(*this, next_caller()));
      idle_.push_back(connections_.back().get());
    }
    Connection* const next = idle_.back();
    idle_.pop_back();
    start(*next, due_of(started_));
  }
}

void Client::run() {
  began_ = now_nanoseconds();
  const std::uint64_t end = began_ + load_.seconds_max * second;
  if (load_.warm_up == 0 && warmed_up_) warmed_up_();
  while (done_ < load_.requests) {
    start_what_is_due();
    // Spins while there is something to start: the generator has a core of its own.
    const bool is_starting = load_.rate > 0 || connections_.size() < load_.connections;
    poller_.turn(is_starting ? 0 : 100);
    if (now_nanoseconds() > end) {
      fail("not finished in time: " + std::to_string(done_) + " of " +
           std::to_string(load_.requests));
      return;
    }
  }
}

}  // namespace bench

#include "net/resolver.h"

#include <cctype>
#include <cstring>
#include <map>
#include <stdexcept>
#include <utility>

#include <ares.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/before.h"
#include "base/signal.h"

namespace net {
namespace {

constexpr int try_ms = 2000;
constexpr int tries = 3;
constexpr std::size_t name_bytes_max = 253;  // RFC 1035, 2.3.4, without the length bytes

bool is_localhost(std::string_view host) {
  std::string name;
  for (const char c : host) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (name.ends_with('.')) name.pop_back();
  return name == "localhost" || name.ends_with(".localhost");
}

Error lookup_error(int status, const std::string& host) {
  Fault fault = Fault::unavailable;
  if (status == ARES_ENOTFOUND || status == ARES_ENODATA) fault = Fault::not_found;
  if (status == ARES_EBADNAME) fault = Fault::bad_request;
  if (status == ARES_ETIMEOUT) fault = Fault::timed_out;
  return Error(fault, ares_strerror(status)).within("looking up \"" + host + '"');
}

}  // namespace

// What a query finds. Shared with c-ares, which cannot forget a query that is given up.
class Resolver::Query {
 public:
  explicit Query(std::uint16_t port) : port_(port) {}

  bool is_done() const { return is_done_; }
  int status() const { return status_; }
  std::vector<Address> take() { return std::move(addresses_); }
  Signal::Wait done() { return done_.wait(); }

  // c-ares' callback; `held` is a shared pointer to a query.
  static void answer(void* held, int status, int /*timeouts*/, ares_addrinfo* found) {
    const auto* holder = static_cast<std::shared_ptr<Query>*>(held);
    (*holder)->finish(status, found);
    delete holder;
    if (found != nullptr) ares_freeaddrinfo(found);
  }

 private:
  void finish(int status, const ares_addrinfo* found) {
    status_ = status;
    is_done_ = true;
    for (auto* node = found != nullptr ? found->nodes : nullptr; node != nullptr;
         node = node->ai_next) {
      sockaddr_storage storage{};
      std::memcpy(&storage, node->ai_addr, std::min<std::size_t>(node->ai_addrlen, sizeof storage));
      addresses_.push_back(Address::from_sockaddr(storage).with_port(port_));
    }
    if (status_ == ARES_SUCCESS && addresses_.empty()) status_ = ARES_ENODATA;
    // Wakes in a later turn: nobody's code runs inside c-ares.
    done_.notify_all();
  }

  std::uint16_t port_;
  bool is_done_ = false;
  int status_ = ARES_SUCCESS;
  std::vector<Address> addresses_;
  Signal done_;
};

// c-ares with its sockets and its timer in the loop.
class Resolver::Channel {
 public:
  Channel(Loop& loop, const std::string& servers) : loop_(loop), timer_(&Channel::on_time, this) {
    ares_options options{};
    options.timeout = try_ms;
    options.tries = tries;
    options.sock_state_cb = &Channel::on_socket;
    options.sock_state_cb_data = this;
    const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    int status = ares_init_options(&channel_, &options, mask);
    if (status == ARES_SUCCESS && !servers.empty()) {
      status = ares_set_servers_ports_csv(channel_, servers.c_str());
    }
    if (status != ARES_SUCCESS) throw std::runtime_error(ares_strerror(status));
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() { ares_destroy(channel_); }

  std::shared_ptr<Query> ask(const std::string& host, std::uint16_t port) {
    auto query = std::make_shared<Query>(port);
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &Query::answer,
                     new std::shared_ptr<Query>(query));
    arm();
    return query;
  }

 private:
  // One of c-ares' sockets. Level-triggered, since c-ares need not read it empty.
  class Line final : public Watch {
   public:
    Line(Channel& channel, int fd) : channel_(channel), fd_(fd), wakeup_(&Line::process, this) {}
    ~Line() override {
      if (is_watched_) channel_.loop_.unwatch(fd_);
    }
    void want(std::uint32_t events) {
      is_watched_ ? channel_.loop_.rewatch(fd_, *this, events)
                  : channel_.loop_.watch(fd_, *this, events);
      is_watched_ = true;
    }
    void on_events(std::uint32_t events) override {
      events_ |= events;
      channel_.loop_.soon(wakeup_);
    }

   private:
    static void process(void* self) {
      auto& line = *static_cast<Line*>(self);
      Channel& channel = line.channel_;
      const std::uint32_t events = std::exchange(line.events_, 0);
      const bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
      const int fd = line.fd_;
      // May destroy the line.
      ares_process_fd(channel.channel_, is_broken || (events & EPOLLIN) != 0 ? fd : ARES_SOCKET_BAD,
                      is_broken || (events & EPOLLOUT) != 0 ? fd : ARES_SOCKET_BAD);
      channel.arm();
    }

    Channel& channel_;
    int fd_;
    Wakeup wakeup_;
    std::uint32_t events_ = 0;
    bool is_watched_ = false;
  };

  static void on_socket(void* self, ares_socket_t fd, int wants_read, int wants_write) {
    auto& channel = *static_cast<Channel*>(self);
    if (wants_read == 0 && wants_write == 0) {
      channel.lines_.erase(fd);
      return;
    }
    const auto line = channel.lines_.try_emplace(fd, channel, fd).first;
    line->second.want((wants_read != 0 ? EPOLLIN : 0U) | (wants_write != 0 ? EPOLLOUT : 0U));
  }

  static void on_time(void* self) {
    auto& channel = *static_cast<Channel*>(self);
    ares_process_fd(channel.channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    channel.arm();
  }

  void arm() {
    timeval wait{};
    if (ares_timeout(channel_, nullptr, &wait) == nullptr) {
      loop_.disarm(timer_);
      return;
    }
    const auto until = std::chrono::seconds(wait.tv_sec) + std::chrono::microseconds(wait.tv_usec);
    loop_.arm(timer_, std::chrono::steady_clock::now() + until);
  }

  Loop& loop_;
  ares_channel channel_ = nullptr;
  std::map<int, Line> lines_;
  Wakeup timer_;
};

Resolver::Resolver(Loop& loop, const std::string& servers)
    : channel_(std::make_unique<Channel>(loop, servers)) {}

Resolver::~Resolver() = default;

Task<Result<std::vector<Address>>> Resolver::wait(std::shared_ptr<Query> query, std::string host) {
  while (!query->is_done()) {
    co_await query->done();
  }
  if (query->status() != ARES_SUCCESS) {
    co_return tl::unexpected<Error>(lookup_error(query->status(), host));
  }
  co_return query->take();
}

Task<Result<std::vector<Address>>> Resolver::resolve(std::string host, std::uint16_t port,
                                                     Deadline deadline) {
  std::vector<Address> known;
  const auto numeric = Address::parse(host, port);
  if (numeric) known.push_back(*numeric);
  if (is_localhost(host)) {
    known.push_back(Address::loopback(port));
    known.push_back(*Address::parse("::1", port));
  }
  if (!known.empty()) co_return known;
  if (host.empty() || host.size() > name_bytes_max || host.find('\0') != std::string::npos) {
    co_return failed(Fault::bad_request, "not a host name");
  }
  std::shared_ptr<Query> query = channel_->ask(host, port);
  co_return co_await before(deadline, wait(std::move(query), std::move(host)));
}

}  // namespace net

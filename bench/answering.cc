#include "answering.h"

#include <memory>

#include <sys/epoll.h>

namespace bench {
namespace {

class Connection final : public Peer {
 public:
  Connection(Poller& poller, Descriptor socket, const Answer& answer)
      : poller_(poller), socket_(std::move(socket)), answer_(answer) {
    poller_.add(socket_.number(), *this, EPOLLIN);
  }

  void ready(std::uint32_t events) override {
    if (is_over_) return;
    const bool is_alive = (events & EPOLLIN) == 0 || read_more(socket_.number(), incoming_);
    if (!is_alive || !answer_all() || !outgoing_.flush(socket_.number())) {
      is_over_ = true;
      socket_ = Descriptor();
      poller_.bury(std::unique_ptr<Peer>(this));
      return;
    }
    const std::uint32_t wanted = EPOLLIN | (outgoing_.is_empty() ? 0U : std::uint32_t{EPOLLOUT});
    if (wanted != waiting_for_) poller_.change(socket_.number(), *this, wanted);
    waiting_for_ = wanted;
  }

 private:
  bool answer_all() {
    std::string_view rest = incoming_;
    while (!rest.empty()) {
      Message message;
      const Got got = read_message(rest, message, scratch_);
      if (got == Got::malformed) return false;
      if (got == Got::more) break;
      answer_(message, outgoing_.text());
      rest.remove_prefix(message.size);
    }
    incoming_.erase(0, incoming_.size() - rest.size());
    return true;
  }

  Poller& poller_;
  Descriptor socket_;
  const Answer& answer_;
  std::string incoming_;
  std::string scratch_;
  Outgoing outgoing_;
  std::uint32_t waiting_for_ = EPOLLIN;
  bool is_over_ = false;
};

}  // namespace

AnsweringServer::AnsweringServer(Poller& poller, std::uint16_t port, Answer answer)
    : poller_(poller), socket_(listen_on(port)), answer_(std::move(answer)) {
  poller_.add(socket_.number(), *this, EPOLLIN);
}

void AnsweringServer::ready(std::uint32_t) {
  for (;;) {
    Descriptor taken = accept_from(socket_);
    if (!taken.is_open()) return;
    // It owns itself until its peer leaves, and then the poller buries it.
    [[maybe_unused]] const Connection* const owns_itself =
        std::make_unique<Connection>(poller_, std::move(taken), answer_).release();
  }
}

}  // namespace bench

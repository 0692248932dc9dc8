// The least MCP server over Streamable HTTP, with one session for everybody; mcp_answer.h says what
// it answers.
//
//   echo PORT

#include <array>
#include <cstdlib>
#include <memory>

#include <sys/epoll.h>

#include "mcp_answer.h"
#include "poller.h"
#include "wire.h"

namespace bench {
namespace {

constexpr std::string_view accepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view no_stream =
    "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST, DELETE\r\nContent-Length: 0\r\n\r\n";

class Connection final : public Peer {
 public:
  Connection(Poller& poller, Descriptor socket) : poller_(poller), socket_(std::move(socket)) {
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
      answer(message);
      rest.remove_prefix(message.size);
    }
    incoming_.erase(0, incoming_.size() - rest.size());
    return true;
  }

  void answer(const Message& message) {
    std::string& out = outgoing_.text();
    if (!message.start_line.starts_with("POST ")) {
      out.append(message.start_line.starts_with("DELETE ") ? accepted : no_stream);
      return;
    }
    body_.clear();
    append_mcp_answer(message.body, body_);
    if (body_.empty()) {
      out.append(accepted);
      return;
    }
    out.append(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: bench\r\n"
        "Content-Length: ");
    out.append(std::to_string(body_.size())).append("\r\n\r\n").append(body_);
  }

  Poller& poller_;
  Descriptor socket_;
  std::string incoming_;
  std::string scratch_;
  std::string body_;
  Outgoing outgoing_;
  std::uint32_t waiting_for_ = EPOLLIN;
  bool is_over_ = false;
};

class Listener final : public Peer {
 public:
  Listener(Poller& poller, std::uint16_t port) : poller_(poller), socket_(listen_on(port)) {
    poller_.add(socket_.number(), *this, EPOLLIN);
  }
  void ready(std::uint32_t) override {
    for (;;) {
      Descriptor taken = accept_from(socket_);
      if (!taken.is_open()) return;
      // It owns itself until its peer leaves, and then the poller buries it.
      [[maybe_unused]] const Connection* const owns_itself =
          std::make_unique<Connection>(poller_, std::move(taken)).release();
    }
  }

 private:
  Poller& poller_;
  Descriptor socket_;
};

}  // namespace
}  // namespace bench

int main(int count, char** words) {
  const auto port = count == 2 ? bench::number_at(words[1]) : std::nullopt;
  if (!port) bench::give_up("echo: give a port");
  bench::Poller poller;
  const bench::Listener listener(poller, static_cast<std::uint16_t>(*port));
  for (;;) poller.turn(-1);
}

#include "upstream.h"

#include <memory>

#include <sys/epoll.h>

#include "job.h"

namespace bench {
namespace {

constexpr std::string_view event_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

void append_chunk(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string size;
  for (std::size_t left = bytes.size(); left != 0; left /= 16) {
    size.insert(size.begin(), digits[left % 16]);
  }
  out.append(size).append("\r\n").append(bytes).append("\r\n");
}

std::string event(std::string_view text) {
  return "data: " + std::string(text) + "\n\n";
}

class Connection final : public Peer {
 public:
  Connection(Poller& poller, Descriptor socket, UpstreamCounts& counts)
      : poller_(poller), socket_(std::move(socket)), counts_(counts) {
    poller_.add(socket_.number(), *this, EPOLLIN);
  }

  void ready(std::uint32_t events) override {
    if (is_over_) return;
    const bool is_alive = (events & EPOLLIN) == 0 || read_more(socket_.number(), incoming_);
    if (!is_alive || !answer_all() || !outgoing_.flush(socket_.number())) {
      end();
      return;
    }
    const std::uint32_t wanted = EPOLLIN | (outgoing_.is_empty() ? 0U : std::uint32_t{EPOLLOUT});
    if (wanted != waiting_for_) poller_.change(socket_.number(), *this, wanted);
    waiting_for_ = wanted;
  }

 private:
  void end() {
    is_over_ = true;
    socket_ = Descriptor();
    poller_.bury(std::unique_ptr<Peer>(this));
  }

  bool answer_all() {
    std::string_view rest = incoming_;
    Got got = Got::message;
    while (!rest.empty()) {
      Message message;
      got = read_message(rest, message, scratch_);
      if (got != Got::message) break;
      if (!answer(message)) return false;
      rest.remove_prefix(message.size);
    }
    incoming_.erase(0, incoming_.size() - rest.size());
    if (got == Got::malformed) ++counts_.altered;
    return got != Got::malformed;
  }

  bool answer(const Message& message) {
    ++counts_.requests;
    const auto id = number_after(message.body, "\"id\":");
    constexpr std::string_view key = "?answer=";
    const std::size_t at = message.start_line.find(key);
    const std::string_view rest =
        at == std::string_view::npos ? "" : message.start_line.substr(at + key.size());
    const auto shape = answer_of(rest.substr(0, rest.find(' ')));
    if (!id || !shape || message.body != request_body(*id)) ++counts_.altered;
    const std::string body = answer_body(id.value_or(0));
    switch (shape.value_or(Answer::json)) {
      case Answer::json:
        outgoing_.text().append(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "Content-Length: ");
        outgoing_.text().append(std::to_string(body.size())).append("\r\n\r\n").append(body);
        return true;
      case Answer::chunked:
        answer_in_chunks(body);
        return true;
      case Answer::sse:
        break;
    }
    return answer_with_events(body);
  }

  void answer_in_chunks(std::string_view body) {
    std::string& out = outgoing_.text();
    out.append(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
    append_chunk(out, body.substr(0, body.size() / 2));
    append_chunk(out, body.substr(body.size() / 2));
    out.append(last_chunk);
  }

  // Each event is a write of its own, as from a server that makes them one by one.
  bool answer_with_events(std::string_view body) {
    std::string& out = outgoing_.text();
    out.append(event_head);
    for (std::size_t i = 1; i < events_in_stream; ++i) {
      append_chunk(out, event(R"({"jsonrpc":"2.0","method":"notifications/progress"})"));
      if (!outgoing_.flush(socket_.number())) return false;
    }
    append_chunk(out, event(body));
    out.append(last_chunk);
    return true;
  }

  Poller& poller_;
  Descriptor socket_;
  UpstreamCounts& counts_;
  std::string incoming_;
  std::string scratch_;
  Outgoing outgoing_;
  std::uint32_t waiting_for_ = EPOLLIN;
  bool is_over_ = false;
};

}  // namespace

Upstream::Upstream(Poller& poller, std::uint16_t port)
    : poller_(poller), listener_(listen_on(port)) {
  poller_.add(listener_.number(), *this, EPOLLIN);
}

void Upstream::ready(std::uint32_t) {
  for (;;) {
    Descriptor accepted = accept_from(listener_);
    if (!accepted.is_open()) return;
    // It owns itself until its peer leaves, and then the poller buries it.
    [[maybe_unused]] const Connection* const owns_itself =
        std::make_unique<Connection>(poller_, std::move(accepted), counts_).release();
  }
}

}  // namespace bench

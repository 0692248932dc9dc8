// An MCP server over Streamable HTTP for endurance runs: sessions that must be ended, answers as
// JSON and as event streams. It looks for what it needs instead of parsing; only what a gateway
// forwards for soak_load may use it.
//
//   soak_server PORT          `GET /sessions` there says how many sessions are open

#include <memory>
#include <set>
#include <string>

#include <sys/epoll.h>

#include "poller.h"
#include "wire.h"

namespace soak {
namespace {

using bench::Descriptor;
using bench::Got;
using bench::Message;
using bench::Poller;

constexpr std::string_view initialized =
    R"({"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"
    R"("serverInfo":{"name":"soak-server","version":"1"}})";
constexpr std::string_view tools = R"({"tools":[{"name":"echo","inputSchema":{"type":"object"}},)"
                                   R"({"name":"big","inputSchema":{"type":"object"}}]})";
constexpr std::string_view progress =
    R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"."}})";
constexpr std::size_t big_filling = std::size_t{64} * 1024;
constexpr std::uint64_t event_stream_every = 8;  // by the request's id

// The text between quotes, or the number, that follows `key`.
std::string_view raw_after(std::string_view text, std::string_view key) {
  const std::size_t found = text.find(key);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = text.substr(found + key.size());
  if (!rest.starts_with('"')) return rest.substr(0, rest.find_first_of(",}"));
  return rest.substr(1, rest.find('"', 1) - 1);
}

std::string reply(std::string_view status, std::string_view fields, std::string_view body) {
  std::string text = "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields);
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return text.append(body);
}

std::string event(std::string_view data) {
  return "event: message\ndata: " + std::string(data) + "\n\n";
}

// What all connections share.
class Sessions {
 public:
  std::string answer(const Message& message) {
    if (message.start_line.starts_with("GET /sessions ")) {
      return reply("200 OK", "Content-Type: text/plain\r\n", std::to_string(open_.size()));
    }
    if (message.start_line.starts_with("DELETE ")) {
      const bool is_known = open_.erase(std::string(message.field("mcp-session-id"))) == 1;
      return reply(is_known ? "200 OK" : "404 Not Found", "", "");
    }
    if (!message.start_line.starts_with("POST ")) return reply("405 Method Not Allowed", "", "");
    return answer_post(message);
  }

 private:
  std::string answer_post(const Message& message) {
    const std::string_view id = raw_after(message.body, "\"id\":");
    const std::string_view method = raw_after(message.body, "\"method\":");
    if (method == "initialize") {
      const std::string session = "session-" + std::to_string(++last_);
      open_.insert(session);
      return json("Mcp-Session-Id: " + session + "\r\n", id, initialized);
    }
    if (!open_.contains(std::string(message.field("mcp-session-id")))) {
      return reply("404 Not Found", "", "");
    }
    if (id.empty()) return reply("202 Accepted", "", "");
    if (method == "tools/list") return json("", id, tools);
    if (method == "tools/call") return called(id, message.body);
    return json("", id, "{}");
  }

  std::string called(std::string_view id, std::string_view body) {
    std::string result = R"({"content":[{"type":"text","text":"Echo: )";
    result.append(raw_after(body, "\"message\":")).append("\"}");
    if (raw_after(body, "\"name\":") == "big") {
      result.append(R"(,{"type":"text","text":")").append(big_filling, 'y').append("\"}");
    }
    result.append("]}");
    if (++calls_ % event_stream_every != 0) return json("", id, result);
    const std::string text = event(progress) + event(response(id, result));
    return reply("200 OK", "Content-Type: text/event-stream\r\n", text);
  }

  static std::string response(std::string_view id, std::string_view result) {
    std::string text = R"({"jsonrpc":"2.0","id":)";
    return text.append(id).append(R"(,"result":)").append(result).append("}");
  }
  static std::string json(const std::string& fields, std::string_view id, std::string_view result) {
    return reply("200 OK", "Content-Type: application/json\r\n" + fields, response(id, result));
  }

  std::set<std::string> open_;
  std::uint64_t last_ = 0;
  std::uint64_t calls_ = 0;
};

class Connection final : public bench::Peer {
 public:
  Connection(Poller& poller, Descriptor socket, Sessions& sessions)
      : poller_(poller), socket_(std::move(socket)), sessions_(sessions) {
    poller_.add(socket_.number(), *this, EPOLLIN);
  }

  void ready(std::uint32_t events) override {
    if (is_over_) return;
    const bool is_alive = (events & EPOLLIN) == 0 || bench::read_more(socket_.number(), incoming_);
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
      const Got got = bench::read_message(rest, message, scratch_);
      if (got == Got::malformed) return false;
      if (got == Got::more) break;
      outgoing_.text() += sessions_.answer(message);
      rest.remove_prefix(message.size);
    }
    incoming_.erase(0, incoming_.size() - rest.size());
    return true;
  }

  Poller& poller_;
  Descriptor socket_;
  Sessions& sessions_;
  std::string incoming_;
  std::string scratch_;
  bench::Outgoing outgoing_;
  std::uint32_t waiting_for_ = EPOLLIN;
  bool is_over_ = false;
};

class Listener final : public bench::Peer {
 public:
  Listener(Poller& poller, std::uint16_t port) : poller_(poller), socket_(bench::listen_on(port)) {
    poller_.add(socket_.number(), *this, EPOLLIN);
  }
  void ready(std::uint32_t) override {
    for (;;) {
      Descriptor taken = bench::accept_from(socket_);
      if (!taken.is_open()) return;
      // It owns itself until its peer leaves, and then the poller buries it.
      [[maybe_unused]] const Connection* const owns_itself =
          std::make_unique<Connection>(poller_, std::move(taken), sessions_).release();
    }
  }

 private:
  Poller& poller_;
  Descriptor socket_;
  Sessions sessions_;
};

}  // namespace
}  // namespace soak

int main(int count, char** words) {
  const auto port = count == 2 ? bench::number_at(words[1]) : std::nullopt;
  if (!port) bench::give_up("soak_server: give a port");
  bench::Poller poller;
  const soak::Listener listener(poller, static_cast<std::uint16_t>(*port));
  for (;;) poller.turn(-1);
}

// An MCP server over Streamable HTTP for endurance runs: sessions that must be ended, answers as
// JSON and as event streams. It looks for what it needs instead of parsing; only what a gateway
// forwards for soak_load may use it.
//
//   soak_server PORT          `GET /sessions` there says how many sessions are open

#include <set>
#include <string>

#include "answering.h"

namespace soak {
namespace {

using bench::Message;

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

}  // namespace
}  // namespace soak

int main(int count, char** words) {
  const auto port = count == 2 ? bench::number_at(words[1]) : std::nullopt;
  if (!port) bench::give_up("soak_server: give a port");
  bench::Poller poller;
  soak::Sessions sessions;
  const bench::AnsweringServer server(
      poller, static_cast<std::uint16_t>(*port),
      [&](const bench::Message& request, std::string& out) { out += sessions.answer(request); });
  for (;;) poller.turn(-1);
}

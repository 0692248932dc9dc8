#include "session.h"

#include <cerrno>

#include "job.h"

namespace bench {
namespace {

constexpr std::string_view initialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18",)"
    R"("capabilities":{},"clientInfo":{"name":"agentgateway-bench","version":"1"}}})";
constexpr std::string_view initialized =
    R"({"jsonrpc":"2.0","method":"notifications/initialized"})";

// One connection that waits for each answer.
class Caller {
 public:
  explicit Caller(const Visitor& visitor)
      : socket_(connect_blocking(visitor.port, visitor.caller)) {}

  // The answer's views are good until the next call.
  Message call(std::string request) { return ask(std::move(request), false); }
  Message call_for_head(std::string request) { return ask(std::move(request), true); }
  Descriptor take() { return std::move(socket_); }

 private:
  Message ask(std::string request, bool head_only) {
    incoming_.clear();
    Outgoing outgoing;
    outgoing.text() = std::move(request);
    if (!outgoing.flush(socket_.number())) give_up("the gateway broke the connection");
    Message message;
    for (;;) {
      errno = 0;
      const bool is_alive = read_more(socket_.number(), incoming_);
      if (!is_alive || errno == EAGAIN) give_up("no answer of the gateway");
      const Got got =
          head_only ? read_head(incoming_, message) : read_message(incoming_, message, scratch_);
      if (got == Got::malformed) give_up("a malformed answer of the gateway");
      if (got == Got::message) return message;
    }
  }

  Descriptor socket_;
  std::string incoming_;
  std::string scratch_;
};

}  // namespace

std::vector<std::string> open_sessions(const Visitor& visitor, std::size_t count) {
  std::vector<std::string> sessions;
  Caller caller(visitor);
  while (sessions.size() < count) {
    const Message answer = caller.call(mcp_request(visitor.token, "", initialize));
    std::string session(answer.field("mcp-session-id"));
    if (answer.status() != 200 || session.empty()) {
      errno = 0;
      give_up("initialize was answered " + std::to_string(answer.status()) + ": " +
              std::string(answer.body));
    }
    const Message noted = caller.call(mcp_request(visitor.token, session, initialized));
    if (noted.status() != 202) give_up("notifications/initialized was not taken");
    sessions.push_back(std::move(session));
  }
  return sessions;
}

Descriptor open_stream(const Visitor& visitor, std::string_view session) {
  Caller caller(visitor);
  const Message head = caller.call_for_head(mcp_request(visitor.token, session, ""));
  if (head.status() != 200 || !head.field("content-type").starts_with("text/event-stream")) {
    errno = 0;
    give_up("a stream was answered " + std::to_string(head.status()));
  }
  return caller.take();
}

}  // namespace bench

#include "job.h"

#include <array>

namespace bench {
namespace {

constexpr std::size_t request_size = 300;
constexpr std::size_t answer_size = 600;
constexpr std::size_t message_size = 200;

// `front` + filling + `back`, `size` bytes in all.
std::string filled(std::string_view front, std::string_view back, std::size_t size) {
  std::string text(front);
  const std::size_t ends = front.size() + back.size();
  if (ends < size) text.append(size - ends, 'x');
  text.append(back);
  return text;
}

void append_post(std::string& out, std::string_view head, std::string_view body) {
  out.append(head);
  out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  out.append(body);
}

std::string mcp_fields(std::string_view token) {
  std::string fields =
      "Host: gateway.bench.test\r\n"
      "User-Agent: agentgateway-bench/1\r\n"
      "Accept: application/json, text/event-stream\r\n"
      "Accept-Encoding: identity\r\n"
      "MCP-Protocol-Version: 2025-06-18\r\n";
  if (!token.empty()) fields.append("Authorization: Bearer ").append(token).append("\r\n");
  return fields;
}

class ProxyJob final : public Job {
 public:
  ProxyJob(Answer answer, std::string_view token) : answer_(answer) {
    head_ = "POST /bench?answer=" + std::string(name_of(answer)) + " HTTP/1.1\r\n" +
            mcp_fields(token) +
            "Content-Type: application/json\r\n"
            "Mcp-Session-Id: 0123456789abcdef0123456789abcdef\r\n";
  }

  void append_request(std::uint64_t id, std::string& out) const override {
    append_post(out, head_, request_body(id));
  }

  std::string fault_of(std::uint64_t id, const Message& message) const override {
    if (message.status() != 200) return "status " + std::to_string(message.status());
    if (answer_ != Answer::sse) {
      return message.body == answer_body(id) ? "" : "another body than the upstream's";
    }
    const std::string last = "data: " + answer_body(id) + "\n\n";
    if (count_of(message.body, "data: ") != events_in_stream) return "not three events";
    return message.body.ends_with(last) ? "" : "another last event than the upstream's";
  }

 private:
  Answer answer_;
  std::string head_;
};

class ToolJob final : public Job {
 public:
  ToolJob(const std::vector<std::string>& tokens, const std::vector<std::string>& sessions) {
    for (const std::string& session : sessions) {
      heads_.push_back("POST /mcp HTTP/1.1\r\n" + mcp_fields("") +
                       "Content-Type: application/json\r\nMcp-Session-Id: " + session + "\r\n");
    }
    for (const std::string& token : tokens) {
      credentials_.push_back("Authorization: Bearer " + token + "\r\n");
    }
  }

  void append_request(std::uint64_t id, std::string& out) const override {
    const std::string body = R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
                             R"(,"method":"tools/call","params":{"name":"echo",)"
                             R"("arguments":{"message":")" +
                             message_of(id) + R"("}}})";
    out.append(heads_[id % heads_.size()]);
    append_post(out, credentials_.empty() ? "" : credentials_[id % credentials_.size()], body);
  }

  std::string fault_of(std::uint64_t id, const Message& message) const override {
    if (message.status() != 200) return "status " + std::to_string(message.status());
    if (number_after(message.body, "\"id\":") != id) return "another id";
    if (count_of(message.body, "\"Echo: " + message_of(id) + "\"") != 1) return "another text";
    if (message.body.find("\"isError\":true") != std::string_view::npos) return "a tool's error";
    return "";
  }

 private:
  static std::string message_of(std::uint64_t id) {
    return filled("call " + std::to_string(id) + " ", "", message_size);
  }

  std::vector<std::string> heads_;
  std::vector<std::string> credentials_;
};

constexpr std::array<std::pair<Answer, std::string_view>, 3> answers = {
    std::pair{Answer::json, "json"}, {Answer::chunked, "chunked"}, {Answer::sse, "sse"}};

}  // namespace

std::optional<Answer> answer_of(std::string_view name) {
  for (const auto& [answer, known] : answers) {
    if (known == name) return answer;
  }
  return std::nullopt;
}

std::string_view name_of(Answer answer) {
  for (const auto& [known, name] : answers) {
    if (known == answer) return name;
  }
  return "";
}

std::string request_body(std::uint64_t id) {
  return filled(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
                    R"(,"method":"tools/call","params":{"name":"search","arguments":{"q":")",
                R"("}}})", request_size);
}

std::string answer_body(std::uint64_t id) {
  return filled(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
                    R"(,"result":{"content":[{"type":"text","text":")",
                R"("}]}})", answer_size);
}

std::unique_ptr<Job> make_proxy_job(Answer answer, std::string_view token) {
  return std::make_unique<ProxyJob>(answer, token);
}

std::unique_ptr<Job> make_tool_job(const std::vector<std::string>& tokens,
                                   const std::vector<std::string>& sessions) {
  return std::make_unique<ToolJob>(tokens, sessions);
}

std::string mcp_request(std::string_view token, std::string_view session, std::string_view body) {
  std::string head = (body.empty() ? "GET" : "POST") + std::string(" /mcp HTTP/1.1\r\n");
  head += mcp_fields(token);
  if (!session.empty()) head.append("Mcp-Session-Id: ").append(session).append("\r\n");
  if (body.empty()) return head + "\r\n";
  head += "Content-Type: application/json\r\n";
  std::string request;
  append_post(request, head, body);
  return request;
}

}  // namespace bench

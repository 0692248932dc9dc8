#include "telemetry/record.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace telemetry {
namespace {

// Names and messages come from clients and servers, who must not be able to fill the log.
constexpr std::size_t value_bytes_max = 512;

std::string cut(std::string_view text) {
  return std::string(text.substr(0, value_bytes_max)) + "... (" + std::to_string(text.size()) +
         " bytes)";
}

template <std::size_t size>
void add(LogLine& line, const char (&key)[size], std::string_view text) {
  if (text.empty()) return;
  if (text.size() <= value_bytes_max) {
    line.add_text(key, text);
  } else {
    line.add_text(key, cut(text));
  }
}

// "12.345ms" without an allocation.
class Milliseconds {
 public:
  explicit Milliseconds(std::int64_t microseconds) {
    microseconds = std::max<std::int64_t>(microseconds, 0);
    end_ = std::to_chars(text_.data(), text_.data() + digits_max, microseconds / 1000).ptr;
    *end_++ = '.';
    for (const int place : {100, 10, 1}) {
      *end_++ = static_cast<char>('0' + microseconds / place % 10);
    }
    *end_++ = 'm';
    *end_++ = 's';
  }
  std::string_view text() const { return {text_.data(), end_}; }

 private:
  static constexpr std::size_t digits_max = 20;
  std::array<char, digits_max + 6> text_{};
  char* end_ = nullptr;
};

void add_http(LogLine& line, const Record& record) {
  add(line, "bind", record.bind);
  add(line, "listener", record.listener);
  add(line, "route", record.route);
  add(line, "backend", record.backend);
  add(line, "endpoint", record.endpoint);
  add(line, "src.addr", record.source);
  add(line, "http.method", record.http_method);
  add(line, "http.host", record.http_host);
  add(line, "http.path", record.http_path);
  line.add_text("http.version", record.http_minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1");
  line.add("http.status", record.http_status);
}

void add_mcp(LogLine& line, const Record& record) {
  add(line, "jwt.sub", record.jwt_subject);
  add(line, "api_key.name", record.api_key);
  add(line, "basic_auth.user", record.user);
  add(line, "protocol", record.protocol);
  add(line, "mcp.method.name", record.mcp_method);
  add(line, "mcp.target", record.mcp_target);
  if (!record.tool.empty()) line.add_text("mcp.resource.type", "tool");
  if (!record.prompt.empty()) line.add_text("mcp.resource.type", "prompt");
  if (!record.resource.empty()) line.add_text("mcp.resource.type", "resource");
  add(line, "gen_ai.tool.name", record.tool);
  add(line, "gen_ai.prompt.name", record.prompt);
  add(line, "mcp.resource.uri", record.resource);
  add(line, "mcp.session.id", record.mcp_session);
  if (record.mcp_error_code != 0) line.add("mcp.error.code", record.mcp_error_code);
  add(line, "mcp.error.message", record.mcp_error);
  add(line, "authz.decision", record.authz_decision);
  add(line, "authz.rule", record.authz_rule);
}

}  // namespace

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::upstream:
      return "Upstream";
    case Reason::direct_response:
      return "DirectResponse";
    case Reason::not_found:
      return "NotFound";
    case Reason::internal:
      return "Internal";
    case Reason::invalid_request:
      return "InvalidRequest";
    case Reason::jwt_auth:
      return "JwtAuth";
    case Reason::api_key:
      return "APIKeyAuth";
    case Reason::basic_auth:
      return "BasicAuth";
    case Reason::too_many_failures:
      return "RateLimit";
    case Reason::authorization:
      return "Authorization";
    case Reason::timeout:
      return "Timeout";
    case Reason::mcp:
      return "MCP";
    case Reason::upstream_failure:
      return "UpstreamFailure";
    case Reason::client_gone:
      return "ClientGone";
  }
  return "Internal";
}

void write(const Log& log, const Record& record, WallTime now, Duration took) {
  LogLine line(log.format(), now, record.level(), "request");
  add_http(line, record);
  add_mcp(line, record);
  add(line, "error", record.error);
  if (record.reason != Reason::upstream) line.add("reason", name_of(record.reason));
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  line.add_text("duration", Milliseconds(microseconds).text());
  log.write(line);
}

}  // namespace telemetry

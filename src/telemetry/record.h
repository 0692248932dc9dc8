#pragma once
// What one exchange leaves in the access log: one line, whatever the outcome, with agentgateway's
// keys and two of our own, authz.decision and authz.rule. Never a token, a key, a cookie, a query
// string or an argument of a call.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "telemetry/arguments.h"

namespace telemetry {

// Who decided the answer. `upstream` is not written, as in agentgateway.
enum class Reason : std::uint8_t {
  upstream,
  direct_response,
  not_found,
  internal,
  invalid_request,
  jwt_auth,
  api_key,
  basic_auth,
  too_many_failures,
  authorization,
  timeout,
  mcp,
  upstream_failure,
  client_gone,
};
std::string_view name_of(Reason reason);

// Empty members are left out of the line. Views point into the exchange or into its snapshot.
struct Record {
  std::string_view bind;
  std::string_view listener;
  std::string_view route;
  std::string_view backend;
  std::string endpoint;     // of an upstream: host:port, or the target's command
  std::string_view source;  // address:port of the peer
  std::string http_method;
  std::string http_host;
  std::string http_path;  // without the query, which may hold secrets
  int http_minor_version = 1;
  int http_status = 0;  // 0: nothing could be sent
  std::string jwt_subject;
  std::string api_key;        // its name, never its text
  std::string user;           // of basic authentication
  std::string_view protocol;  // "mcp" or "http"
  std::string mcp_method;
  std::string_view mcp_target;
  std::string tool;
  std::string prompt;
  std::string resource;
  std::string mcp_session;  // the session's number; not the id that the client presents
  int mcp_error_code = 0;
  std::string mcp_error;
  std::string_view authz_decision;  // "allow" or "deny"; empty if no rule was asked
  std::string_view authz_rule;      // the rule that decided, or why none did
  // For whoever watches the traffic; not in the log.
  std::string_view authz_reason;  // why, in any case
  std::string_view authz_origin;  // where the rule that decided stands in the configuration
  std::shared_ptr<const Arguments> arguments;  // of a tool call, if the operator asked for them
  Reason reason = Reason::upstream;
  std::string error;  // for operators

  // What would be logged under one level is logged under another if it went wrong.
  LogLevel level() const { return http_status >= 500 ? LogLevel::error : LogLevel::info; }
};

// Writes the record as the line `request key=value ...`.
void write(const Log& log, const Record& record, WallTime now, Duration took);

}  // namespace telemetry

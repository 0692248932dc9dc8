#pragma once
// The whole configuration as one value, in agentgateway's shape: the `binds` tree and the `mcp`
// shorthand. Fields of agentgateway's that are not implemented are named by describe(), so that
// they are refused by name and never ignored.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/admin.h"
#include "config/limits.h"
#include "config/route.h"
#include "mcp/name.h"
#include "policy/settings.h"
#include "schema/schema.h"

namespace config {

// Which revisions of MCP a server speaks: the session-based ones (legacy), the one without sessions
// (modern), or whichever it turns out to be.
enum class EraSetting { automatic, legacy, modern };
std::vector<std::string> spellings(EraSetting);

// A server that is a child process.
struct StdioTarget {
  std::string command;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;
  bool clear_environment = false;
  std::optional<std::chrono::milliseconds> idle;
  std::uint16_t spares = 0;
  EraSetting era = EraSetting::automatic;
  bool operator==(const StdioTarget&) const = default;
};
void describe(schema::Object<StdioTarget>& o);

// The built-in target.
struct DemoTarget {
  bool operator==(const DemoTarget&) const = default;
};
void describe(schema::Object<DemoTarget>& o);

// A server over Streamable HTTP.
struct HttpTarget {
  std::string host;  // a name or address, or the whole URL
  std::optional<std::uint16_t> port;
  std::optional<std::string> path;
  EraSetting era = EraSetting::automatic;
  bool operator==(const HttpTarget&) const = default;
};
void describe(schema::Object<HttpTarget>& o);

// A server over HTTP+SSE, the transport of 2024-11-05.
struct SseTarget {
  std::string host;  // likewise
  std::optional<std::uint16_t> port;
  std::optional<std::string> path;
  bool operator==(const SseTarget&) const = default;
};
void describe(schema::Object<SseTarget>& o);

// Where an OpenAPI document is: exactly one of the three.
struct OpenApiDocumentSettings {
  std::optional<std::string> file;  // relative to the working directory
  std::optional<std::string> url;
  std::optional<std::string> text;  // the document itself
  bool operator==(const OpenApiDocumentSettings&) const = default;
};
void describe(schema::Object<OpenApiDocumentSettings>& o);

// A REST service.
struct OpenApiTarget {
  std::string host;  // likewise
  std::optional<std::uint16_t> port;
  std::optional<std::string> path;  // before those of the document
  schema::Located<OpenApiDocumentSettings> document;
  bool operator==(const OpenApiTarget&) const = default;
};
void describe(schema::Object<OpenApiTarget>& o);

// Where that is, for an upstream. Fault::bad_request with what is wrong with it.
class HttpPlace {
 public:
  std::string host;  // IPv6 without brackets
  std::uint16_t port = 80;
  std::string path;
  bool uses_tls = false;
};
Result<HttpPlace> place_of(const HttpTarget& target);
Result<HttpPlace> place_of(const SseTarget& target);
Result<HttpPlace> place_of(const OpenApiTarget& target);  // its path is "/" if none is said

using TargetKind = std::variant<StdioTarget, HttpTarget, SseTarget, OpenApiTarget, DemoTarget>;
void describe(schema::Choice<TargetKind>& c);

struct Target {
  std::string name;
  TargetKind kind;
  policy::TargetPolicySettings policies;
  bool operator==(const Target&) const = default;
};
void describe(schema::Object<Target>& o);
// "stdio", "mcp", ...: the member of the written form that says what kind of target it is.
std::string_view transport_of(const Target& target);

// What a target that fails does to the others.
enum class FailureMode { fail_closed, fail_open };
std::vector<std::string> spellings(FailureMode);

struct McpBackend {
  std::optional<std::string> name;
  std::vector<schema::Located<Target>> targets;
  mcp::PrefixMode prefix_mode = mcp::PrefixMode::conditional;
  FailureMode failure_mode = FailureMode::fail_closed;
  std::optional<bool> dns_rebinding_protection;
  bool operator==(const McpBackend&) const = default;
};
void describe(schema::Object<McpBackend>& o);

// Exactly one of the kinds.
struct Backend {
  std::optional<McpBackend> mcp;
  std::optional<std::string> host;
  policy::BackendPolicySettings policies;
  bool operator==(const Backend&) const = default;
};
void describe(schema::Object<Backend>& o);

struct Route {
  std::optional<std::string> name;
  std::vector<std::string> hostnames;
  std::vector<schema::Located<RouteMatch>> matches;
  policy::RouteSettings policies;
  std::vector<schema::Located<Backend>> backends;
  bool operator==(const Route&) const = default;
};
void describe(schema::Object<Route>& o);

enum class Protocol { http };
std::vector<std::string> spellings(Protocol);

struct Listener {
  std::optional<std::string> name;
  std::optional<std::string> hostname;
  Protocol protocol = Protocol::http;
  policy::ListenerSettings policies;
  std::vector<schema::Located<Route>> routes;
  bool operator==(const Listener&) const = default;
};
void describe(schema::Object<Listener>& o);

struct Bind {
  std::uint16_t port = 0;
  std::vector<schema::Located<Listener>> listeners;
  bool operator==(const Bind&) const = default;
};
void describe(schema::Object<Bind>& o);

// One MCP backend on a port of its own.
struct McpShorthand {
  std::uint16_t port = 3000;
  McpBackend backend;
  policy::RouteSettings policies;
  bool operator==(const McpShorthand&) const = default;
};
void describe(schema::Object<McpShorthand>& o);

inline constexpr std::chrono::hours resumable_for_default(24);
struct SessionSettings {
  std::optional<std::string> key;  // 64 hexadecimal digits
  std::optional<std::chrono::milliseconds> resumable_for;
  bool operator==(const SessionSettings&) const = default;
};
void describe(schema::Object<SessionSettings>& o);

struct McpProcessSettings {
  std::chrono::milliseconds session_idle = std::chrono::minutes(30);
  std::chrono::milliseconds stateless_idle = std::chrono::minutes(5);
  std::chrono::milliseconds questions_within = std::chrono::minutes(5);
  bool operator==(const McpProcessSettings&) const = default;
};
void describe(schema::Object<McpProcessSettings>& o);

enum class LogLevelSetting { debug, info, warn, error };
std::vector<std::string> spellings(LogLevelSetting);
enum class LogFormatSetting { text, json };
std::vector<std::string> spellings(LogFormatSetting);

struct LoggingSettings {
  LogLevelSetting level = LogLevelSetting::info;
  LogFormatSetting format = LogFormatSetting::text;
  bool operator==(const LoggingSettings&) const = default;
};
void describe(schema::Object<LoggingSettings>& o);

enum class DenyError { deny, ignore };
std::vector<std::string> spellings(DenyError);

// Ways to get agentgateway's behaviour where ours is safer.
struct CompatibilitySettings {
  DenyError failing_deny_rules = DenyError::deny;
  bool operator==(const CompatibilitySettings&) const = default;
};
void describe(schema::Object<CompatibilitySettings>& o);

// Settings of the process. All but `compatibility` and `admin.recordArguments` are read at start
// only.
struct Process {
  SessionSettings session;
  McpProcessSettings mcp;
  LoggingSettings logging;
  CompatibilitySettings compatibility;
  BackendConnections backend;
  Limits limits;
  std::uint16_t worker_threads = 0;
  std::optional<std::string> admin_address;
  AdminSettings admin;
  StorageSettings storage;
  std::chrono::milliseconds termination_deadline = std::chrono::seconds(30);
  bool operator==(const Process&) const = default;
};
void describe(schema::Object<Process>& o);

struct File {
  Process config;
  FrontendPolicies frontend;
  std::vector<schema::Located<Bind>> binds;
  std::optional<schema::Located<McpShorthand>> mcp;
  bool operator==(const File&) const = default;
};
void describe(schema::Object<File>& o);

}  // namespace config

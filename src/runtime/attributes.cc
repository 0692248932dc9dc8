#include "runtime/attributes.h"

#include <array>
#include <chrono>

#include "cel/convert.h"

namespace runtime {
namespace {

using cel::Arena;
using cel::Attribute;
using cel::ErrorCode;
using cel::Phase;
using cel::Record;
using cel::Value;
using policy::Exchange;
using policy::McpSubject;

constexpr std::array<std::string_view, 9> methods = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

// What is said of an attribute, and how its value is found. A row without a getter is a record or
// something that this gateway never has, such as the identity of a client certificate.
struct Row {
  Attribute attribute;
  Value (*get)(const Exchange& exchange, Arena& arena) = nullptr;
};

Value absent() {
  return Value::error(ErrorCode::no_such_key);
}

Value text_or_absent(std::string_view text) {
  return text.empty() ? absent() : Value::of_string(text);
}

Value copied(Arena& arena, const std::string& text) {
  const auto copy = arena.copy(text);
  return copy ? Value::of_string(*copy) : Value::error(ErrorCode::out_of_memory);
}

Value uri(const Exchange& exchange, Arena& arena) {
  const http::Request& request = exchange.request();
  if (request.authority.empty()) return Value::of_string(request.target);
  return copied(arena, request.scheme + "://" + request.authority + request.target);
}

Value start_time(const Exchange& exchange, Arena&) {
  const auto since = exchange.time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return Value::of_timestamp(
      seconds.count(),
      static_cast<std::uint32_t>(std::chrono::nanoseconds(since - seconds).count()));
}

// A caller without a token has no claims: the bare name is null, as in agentgateway.
Value jwt(const Exchange& exchange, Arena& arena) {
  const auto& claims = exchange.principal().claims();
  return claims ? cel::from_json(claims->root(), arena) : Value::null();
}

Value api_key(const Exchange& exchange, Arena& arena) {
  const auto& key = exchange.principal().api_key();
  return key ? cel::from_json(key->metadata(), arena) : Value::null();
}

Value basic_user(const Exchange& exchange, Arena&) {
  const auto& user = exchange.principal().user();
  return user ? Value::of_string(user->name()) : absent();
}

template <McpSubject::Kind kind>
Value subject_name(const Exchange& exchange, Arena&) {
  return exchange.mcp.kind == kind ? Value::of_string(exchange.mcp.name) : absent();
}
template <McpSubject::Kind kind>
Value subject_target(const Exchange& exchange, Arena&) {
  return exchange.mcp.kind == kind ? Value::of_string(exchange.mcp.target) : absent();
}

Value tool_arguments(const Exchange& exchange, Arena& arena) {
  const McpSubject& subject = exchange.mcp;
  if (subject.kind != McpSubject::Kind::tool || !subject.arguments) return absent();
  return cel::from_json(*subject.arguments, arena);
}

// What no policy of this gateway fills in; the bare name is null, as in agentgateway.
Value nothing(const Exchange&, Arena&) {
  return Value::null();
}

Value backend_type(const Exchange& exchange, Arena&) {
  const std::string_view protocol = exchange.record.protocol;
  return protocol.empty() ? absent() : Value::of_string(protocol == "mcp" ? "mcp" : "static");
}

using Kind = McpSubject::Kind;

constexpr std::array<std::string_view, 6> backend_types = {"ai",      "mcp",     "static",
                                                           "dynamic", "service", "unknown"};

const Row rows[] = {
    {{"request", "", Record::closed, Phase::request_head, "The HTTP request.", {}}},
    {{"request.method", "string", Record::none, Phase::request_head, "`GET`, `POST`, ...", methods},
     [](const Exchange& e, Arena&) { return Value::of_string(e.request().method); }},
    {{"request.uri",
      "string",
      Record::none,
      Phase::request_head,
      "Scheme, host, path and query.",
      {}},
     uri},
    {{"request.path", "string", Record::none, Phase::request_head, "The path, as it was sent.", {}},
     [](const Exchange& e, Arena&) { return Value::of_string(e.request().path()); }},
    {{"request.pathAndQuery", "string", Record::none, Phase::request_head, "Path and query.", {}},
     [](const Exchange& e, Arena&) { return Value::of_string(e.request().target); }},
    {{"request.host",
      "string",
      Record::none,
      Phase::request_head,
      "The authority the client named.",
      {}},
     [](const Exchange& e, Arena&) { return Value::of_string(e.request().authority); }},
    {{"request.scheme", "string", Record::none, Phase::request_head, "`http` or `https`.", {}},
     [](const Exchange& e, Arena&) { return Value::of_string(e.request().scheme); }},
    {{"request.version", "string", Record::none, Phase::request_head, "`HTTP/1.1`", {}},
     [](const Exchange& e, Arena&) {
       return Value::of_string(e.request().minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1");
     }},
    {{"request.headers",
      "dyn",
      Record::none,
      Phase::request_head,
      "Header fields by name: a string, or a list where a name occurs several times.",
      {}}},
    {{"request.startTime",
      "timestamp",
      Record::none,
      Phase::request_head,
      "When the request arrived.",
      {}},
     start_time},

    {{"request.body", "bytes", Record::none, Phase::request_body, "The body.", {}}},
    {{"request.bodyPrefix", "bytes", Record::none, Phase::request_body, "Its beginning.", {}}},
    {{"request.endTime", "timestamp", Record::none, Phase::log, "When it was answered.", {}}},

    {{"response", "", Record::closed, Phase::response, "The answer.", {}}},
    {{"response.code", "int", Record::none, Phase::response, "Its status.", {}}},
    {{"response.grpcStatus", "int", Record::none, Phase::response, "Its gRPC status.", {}}},
    {{"response.headers", "dyn", Record::none, Phase::response, "Its header fields.", {}}},
    {{"response.body", "bytes", Record::none, Phase::response, "Its body.", {}}},
    {{"response.bodyPrefix", "bytes", Record::none, Phase::response, "Its beginning.", {}}},

    {{"source", "", Record::closed, Phase::connection, "The caller's end of the connection.", {}}},
    {{"source.address", "string", Record::none, Phase::connection, "Its address.", {}},
     [](const Exchange& e, Arena&) { return Value::of_string(e.peer.address); }},
    {{"source.port", "int", Record::none, Phase::connection, "Its port.", {}},
     [](const Exchange& e, Arena&) { return Value::of_int(e.peer.port); }},
    {{"source.rawAddress",
      "string",
      Record::none,
      Phase::connection,
      "The TCP peer's address.",
      {}},
     [](const Exchange& e, Arena&) { return Value::of_string(e.peer.address); }},
    {{"source.rawPort", "int", Record::none, Phase::connection, "The TCP peer's port.", {}},
     [](const Exchange& e, Arena&) { return Value::of_int(e.peer.port); }},

    {{"source.identity",
      "",
      Record::closed,
      Phase::connection,
      "SPIFFE identity; not there yet.",
      {}}},
    {{"source.identity.trustDomain",
      "string",
      Record::none,
      Phase::connection,
      "Trust domain.",
      {},
      true}},
    {{"source.identity.namespace",
      "string",
      Record::none,
      Phase::connection,
      "Namespace.",
      {},
      true}},
    {{"source.identity.serviceAccount",
      "string",
      Record::none,
      Phase::connection,
      "Account.",
      {},
      true}},
    {{"source.spiffeId",
      "string",
      Record::none,
      Phase::connection,
      "Of its certificate; not there yet.",
      {},
      true}},
    {{"source.subjectAltNames",
      "list(string)",
      Record::none,
      Phase::connection,
      "Likewise.",
      {},
      true}},
    {{"source.issuer", "string", Record::none, Phase::connection, "Likewise.", {}, true}},
    {{"source.subject", "string", Record::none, Phase::connection, "Likewise.", {}, true}},
    {{"source.subjectCn", "string", Record::none, Phase::connection, "Likewise.", {}, true}},
    {{"source.certificate", "string", Record::none, Phase::connection, "Likewise.", {}, true}},

    {{"destination",
      "",
      Record::closed,
      Phase::connection,
      "Our end of the connection; not there yet.",
      {}}},
    {{"destination.address", "string", Record::none, Phase::connection, "Its address.", {}, true}},
    {{"destination.port", "int", Record::none, Phase::connection, "Its port.", {}, true}},
    {{"destination.hostname",
      "string",
      Record::none,
      Phase::connection,
      "The name TLS asked for.",
      {},
      true}},

    {{"apiKey",
      "",
      Record::open,
      Phase::identity,
      "Metadata of the caller's API key, and `key`, masked; null without one.",
      {}},
     api_key},
    {{"apiKey.key", "string", Record::none, Phase::identity, "Always `<redacted>`.", {}}},
    {{"basicAuth", "", Record::closed, Phase::identity, "Basic authentication.", {}}},
    {{"basicAuth.username",
      "string",
      Record::none,
      Phase::identity,
      "The user whose password was right.",
      {},
      true},
     basic_user},
    {{"extauthz",
      "",
      Record::open,
      Phase::identity,
      "From an authorization service; null: there is none yet.",
      {}},
     nothing},
    {{"extproc",
      "",
      Record::open,
      Phase::request_head,
      "From a processing service; null: there is none yet.",
      {}},
     nothing},
    {{"metadata",
      "",
      Record::open,
      Phase::request_head,
      "From transformations; null: there are none yet.",
      {}},
     nothing},
    {{"mcpGuardrails",
      "",
      Record::open,
      Phase::call,
      "From guardrails; null: there are none yet.",
      {}},
     nothing},

    {{"env", "", Record::closed, Phase::always, "Where the gateway runs; not there yet.", {}}},
    {{"env.podName", "string", Record::none, Phase::always, "Pod.", {}, true}},
    {{"env.namespace", "string", Record::none, Phase::always, "Namespace.", {}, true}},
    {{"env.gateway", "string", Record::none, Phase::always, "Gateway.", {}, true}},

    {{"proxy",
      "",
      Record::closed,
      Phase::request_head,
      "What of the configuration serves the request.",
      {}}},
    {{"proxy.bind", "string", Record::none, Phase::request_head, "The bind.", {}, true},
     [](const Exchange& e, Arena&) { return text_or_absent(e.record.bind); }},
    {{"proxy.listener", "", Record::closed, Phase::request_head, "The listener.", {}}},
    {{"proxy.listener.name", "string", Record::none, Phase::request_head, "Its name.", {}, true},
     [](const Exchange& e, Arena&) { return text_or_absent(e.listener_name); }},
    {{"proxy.route", "", Record::closed, Phase::request_head, "The route, once it is chosen.", {}}},
    {{"proxy.route.name", "string", Record::none, Phase::request_head, "Its name.", {}, true},
     [](const Exchange& e, Arena&) { return text_or_absent(e.route_name); }},
    {{"backend",
      "",
      Record::closed,
      Phase::list,
      "Where the request goes, once that is chosen.",
      {}}},
    {{"backend.name", "string", Record::none, Phase::list, "Its name.", {}, true},
     [](const Exchange& e, Arena&) { return text_or_absent(e.record.backend); }},
    {{"backend.type", "string", Record::none, Phase::list, "`mcp` or `static`.", backend_types,
      true},
     backend_type},
    {{"backend.protocol", "string", Record::none, Phase::list, "`mcp` or `http`.", {}, true},
     [](const Exchange& e, Arena&) { return text_or_absent(e.record.protocol); }},
    {{"llm", "", Record::open, Phase::response, "Language models; not there.", {}}, nothing},
    {{"llmRequest", "", Record::open, Phase::request_body, "Language models; not there.", {}},
     nothing},

    {{"jwt",
      "",
      Record::open,
      Phase::identity,
      "The claims of the caller's verified token; null without one.",
      {}},
     jwt},
    {{"jwt.iss", "string", Record::none, Phase::identity, "Issuer.", {}}},
    {{"jwt.sub", "string", Record::none, Phase::identity, "Subject.", {}}},
    {{"jwt.aud", "dyn", Record::none, Phase::identity, "Audience: a string or a list.", {}}},
    {{"jwt.exp", "dyn", Record::none, Phase::identity, "Expiry, in seconds since 1970.", {}}},
    {{"jwt.nbf", "dyn", Record::none, Phase::identity, "Not before, in seconds since 1970.", {}}},
    {{"jwt.iat", "dyn", Record::none, Phase::identity, "Issued at, in seconds since 1970.", {}}},
    {{"jwt.jti", "string", Record::none, Phase::identity, "The token's number.", {}}},

    {{"mcp",
      "",
      Record::closed,
      Phase::list,
      "The MCP request. Only what it touches is there.",
      {}}},
    {{"mcp.methodName",
      "string",
      Record::none,
      Phase::call,
      "`tools/call`, ...; only when something is used.",
      {}},
     [](const Exchange& e, Arena&) { return text_or_absent(e.mcp.method); }},
    {{"mcp.sessionId", "string", Record::none, Phase::call, "The session's number.", {}},
     [](const Exchange& e, Arena&) { return text_or_absent(e.mcp.session); }},
    {{"mcp.tool", "", Record::closed, Phase::list, "The tool concerned.", {}}},
    {{"mcp.tool.name", "string", Record::none, Phase::list, "Its name at the target.", {}, true},
     subject_name<Kind::tool>},
    {{"mcp.tool.target", "string", Record::none, Phase::list, "The target's name.", {}, true},
     subject_target<Kind::tool>},
    {{"mcp.tool.arguments",
      "dyn",
      Record::none,
      Phase::call,
      "The call's arguments. While a list is filtered they are unknown, and the tool is shown if "
      "some "
      "arguments could allow it.",
      {},
      true},
     tool_arguments},
    {{"mcp.prompt", "", Record::closed, Phase::list, "The prompt concerned.", {}}},
    {{"mcp.prompt.name", "string", Record::none, Phase::list, "Its name at the target.", {}, true},
     subject_name<Kind::prompt>},
    {{"mcp.prompt.target", "string", Record::none, Phase::list, "The target's name.", {}, true},
     subject_target<Kind::prompt>},
    {{"mcp.resource", "", Record::closed, Phase::list, "The resource concerned.", {}}},
    {{"mcp.resource.name",
      "string",
      Record::none,
      Phase::list,
      "Its URI at the target; of a template, the template.",
      {},
      true},
     subject_name<Kind::resource>},
    {{"mcp.resource.target", "string", Record::none, Phase::list, "The target's name.", {}, true},
     subject_target<Kind::resource>},
    {{"mcp.task",
      "",
      Record::closed,
      Phase::list,
      "The task concerned: never set, since tasks are judged as the tool that made them.",
      {}}},
    {{"mcp.task.name", "string", Record::none, Phase::list, "Its id.", {}, true}},
    {{"mcp.task.target", "string", Record::none, Phase::list, "The target's name.", {}, true}},
};

constexpr std::size_t row_count = std::size(rows);

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::always:
      return "always";
    case Phase::connection:
      return "connection";
    case Phase::identity:
      return "after authentication";
    case Phase::request_head:
      return "request";
    case Phase::list:
      return "MCP, in lists and calls";
    case Phase::call:
      return "MCP, in calls";
    case Phase::request_body:
      return "request body";
    case Phase::response:
      return "response";
    case Phase::log:
      return "log";
  }
  return "";
}

}  // namespace

cel::AttributeTable attribute_table() {
  static const auto table = [] {
    std::array<Attribute, row_count> attributes;
    for (std::size_t i = 0; i < row_count; ++i) attributes.at(i) = rows[i].attribute;
    return attributes;
  }();
  return table;
}

std::string attributes_markdown() {
  std::string text = "| variable | type | when | what |\n|---|---|---|---|\n";
  for (const Row& row : rows) {
    const Attribute& a = row.attribute;
    const std::string_view type = a.record == Record::none   ? a.type
                                  : a.record == Record::open ? "map"
                                                             : "record";
    text += "| `" + std::string(a.path) + "` | " + std::string(type) + " | " +
            std::string(name_of(a.phase)) + " | " + std::string(a.doc) + " |\n";
  }
  return text;
}

Value Attributes::get(cel::AttributeIndex index, Arena& arena) const {
  const Row& row = rows[index];
  if (row.attribute.path == "request.headers") return cel::of_headers(headers_, arena);
  return row.get != nullptr ? row.get(exchange_, arena) : absent();
}

}  // namespace runtime

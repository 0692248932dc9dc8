#include "config/file.h"

#include <set>

#include "base/secret_look.h"
#include "base/uri.h"
#include "mcp/name.h"

namespace config {
namespace {

template <class T>
void add_not_supported(schema::Object<T>& o,
                       std::initializer_list<std::pair<const char*, const char*>> fields) {
  for (const auto& [name, doc] : fields) o.not_supported(name, doc);
}

// Each session has one with every target.
constexpr std::size_t targets_max = 64;

std::string check_target_name(const std::string& name) {
  if (mcp::is_valid_target_name(name)) return "";
  return "a target's name has letters, digits, `-` and `.` only: `_` and `+` divide names";
}

std::string check_idle(const std::optional<std::chrono::milliseconds>& idle) {
  return !idle || *idle > std::chrono::milliseconds::zero() ? "" : "it must be longer than nothing";
}

constexpr const char* era_words =
    "Which revisions the server speaks: `legacy`, those with sessions (2024-11-05 to 2025-11-25); "
    "`modern`, the one without (2026-07-28); `auto`, whichever it says when it is first asked. "
    "agentgateway has no such setting.";

Result<HttpPlace> place_at(const Authority& authority, std::uint16_t port, std::string path) {
  if (port == 0) return failed(Fault::bad_request, "port 0 cannot be connected to");
  if (!is_valid_target(path) || has_dot_segment(path.substr(0, path.find('?')))) {
    return failed(Fault::bad_request, base::quoted_address(path) + " is no path");
  }
  std::string host = authority.host();
  if (authority.is_ipv6()) host = host.substr(1, host.size() - 2);
  return HttpPlace{std::move(host), port, std::move(path), false};
}

template <class T>
Result<HttpPlace> place_of_url(const T& target, std::string_view default_path) {
  if (target.port || target.path) {
    return failed(Fault::bad_request, "a URL says port and path itself: leave them out");
  }
  const Result<Uri> uri = Uri::parse(target.host);
  if (!uri) return tl::unexpected<Error>(uri.error());
  const bool says_path = target.host.find('/', target.host.find("//") + 2) != std::string::npos;
  TRY(HttpPlace place, place_at(uri->authority(), uri->port(),
                                says_path ? uri->target() : std::string(default_path)));
  place.uses_tls = uri->uses_tls();
  return place;
}

std::string check_targets(const std::vector<schema::Located<Target>>& targets) {
  if (targets.empty()) return "give one target at least";
  if (targets.size() > targets_max) {
    return "a backend has " + std::to_string(targets_max) + " targets at most";
  }
  std::set<std::string_view> names;
  for (const auto& target : targets) {
    if (!names.insert(target->name).second) {
      return "two targets have the name `" + target->name + "`";
    }
  }
  return "";
}

// Of the authority, without quoting it.
bool has_user(std::string_view host) {
  const std::size_t scheme = host.find("://");
  if (scheme != std::string_view::npos) host.remove_prefix(scheme + 3);
  return host.substr(0, host.find_first_of("/?#")).find('@') != std::string_view::npos;
}

template <class T>
Result<HttpPlace> place_in(const T& target, std::string_view default_path) {
  if (has_user(target.host)) {
    return failed(Fault::bad_request,
                  "an address has no user or password here (use `backendAuth`)");
  }
  if (target.host.find("://") != std::string::npos) return place_of_url(target, default_path);
  const Result<Authority> authority = Authority::parse(target.host);
  if (!authority) {
    return failed(Fault::bad_request,
                  base::quoted_address(target.host) + " is neither a host nor a URL");
  }
  if (authority->port() && target.port) {
    return failed(Fault::bad_request, "the port is said twice");
  }
  const std::uint16_t port = target.port.value_or(authority->port().value_or(80));
  return place_at(*authority, port, target.path.value_or(std::string(default_path)));
}

}  // namespace

Result<HttpPlace> place_of(const HttpTarget& target) {
  return place_in(target, "/mcp");
}
Result<HttpPlace> place_of(const SseTarget& target) {
  return place_in(target, "/sse");
}
Result<HttpPlace> place_of(const OpenApiTarget& target) {
  TRY(HttpPlace place, place_in(target, "/"));
  if (place.path.find('?') != std::string::npos) {
    return failed(Fault::bad_request, "the path has a query");
  }
  return place;
}

void describe(schema::Object<PathMatch>& o) {
  o.field("exact", &PathMatch::exact, "Exactly this path.");
  o.field("pathPrefix", &PathMatch::path_prefix,
          "Paths that begin with these segments: `/a` takes `/a` and `/a/b`, not `/ab`.");
  o.field("regex", &PathMatch::regex, "Paths that match as a whole (RE2).").format("regex");
  o.exactly_one_of({"exact", "pathPrefix", "regex"});
}

void describe(schema::Object<TextMatch>& o) {
  o.field("exact", &TextMatch::exact, "Exactly this text.");
  o.field("regex", &TextMatch::regex, "Texts that match as a whole (RE2).").format("regex");
  o.exactly_one_of({"exact", "regex"});
}

void describe(schema::Object<NamedMatch>& o) {
  o.field("name", &NamedMatch::name, "Its name.").required();
  o.field("value", &NamedMatch::value, "What its value must be.").required();
}

void describe(schema::Object<RouteMatch>& o) {
  o.doc("All that is given must fit.");
  o.field("path", &RouteMatch::path, "The path.");
  o.field("method", &RouteMatch::method, "The method.");
  o.field("headers", &RouteMatch::headers,
          "Header fields; `:method` and `:authority` are fields, too.");
  o.field("query", &RouteMatch::query, "Query parameters; of a repeated one the last counts.");
}

std::vector<std::string> spellings(EraSetting) {
  return {"auto", "legacy", "modern"};
}

void describe(schema::Object<StdioTarget>& o) {
  o.doc(
      "A server that is a child process and speaks over its standard input and output. It is "
      "started without a shell, one for each session.");
  o.field("cmd", &StdioTarget::command, "The program, looked up in PATH.").required();
  o.field("args", &StdioTarget::arguments, "Its arguments.");
  o.field("env", &StdioTarget::environment, "Added to its environment.").secret();
  o.field("clear_env", &StdioTarget::clear_environment,
          "Gives it nothing but `env`. Otherwise it also gets PATH, HOME, LANG and the like; never "
          "the whole environment of the gateway.")
      .alias("clearEnv");
  o.field(
       "idleTimeout", &StdioTarget::idle,
       "A child that has had nothing to do for so long is ended; the session stays, and its next "
       "request starts it again. What it kept in memory is lost, so this is for servers that "
       "keep nothing there. Not given: it lives as long as its session. agentgateway has no such "
       "setting.")
      .check(check_idle);
  o.field("spareChildren", &StdioTarget::spares,
          "So many more are started than there are sessions, on each core that opened one, so that "
          "the next session need not wait for its server to come up. They count as nobody's until "
          "they "
          "are taken, end after 10 minutes without a new session, and are started only while less "
          "than half of `maxChildren` are there. 0: none, so that no server runs for nobody. "
          "agentgateway has no such setting.")
      .check([](std::uint16_t spares) -> std::string {
        return spares <= 16 ? "" : "there may be at most 16";
      });
  o.field("era", &StdioTarget::era, era_words);
}

void describe(schema::Object<HttpTarget>& o) {
  o.doc(
      "A server over Streamable HTTP, revisions 2025-03-26 to 2026-07-28. Each session of a client "
      "has one of its own with a server that knows sessions. Nothing of the client's request but "
      "the MCP message is sent to it: no token, no cookie.");
  o.field("host", &HttpTarget::host,
          "A name or address, with or without a port; or the whole address, "
          "`https://host:port/path`. With `https` the server must prove to be that host to "
          "the system's roots, or to those of SSL_CERT_FILE.")
      .required();
  o.field("port", &HttpTarget::port, "The port, if `host` says none. Not given: 80.");
  o.field("path", &HttpTarget::path, "The path. Not given: `/mcp`.");
  o.field("era", &HttpTarget::era, era_words);
  o.not_supported("backend", "A named backend.");
  o.check("host", [](const HttpTarget& target) -> std::string {
    const Result<HttpPlace> place = place_of(target);
    return place ? "" : place.error().why();
  });
}

void describe(schema::Object<SseTarget>& o) {
  o.doc(
      "A server over HTTP with SSE, the transport of revision 2024-11-05: one stream for each "
      "session of a client, and an address for messages that the server names, of the same "
      "origin.");
  o.field("host", &SseTarget::host,
          "A name or address, with or without a port; or the whole address, "
          "`https://host:port/path`.")
      .required();
  o.field("port", &SseTarget::port, "The port, if `host` says none. Not given: 80.");
  o.field("path", &SseTarget::path, "The path of the stream. Not given: `/sse`.");
  o.not_supported("backend", "A named backend.");
  o.check("host", [](const SseTarget& target) -> std::string {
    const Result<HttpPlace> place = place_of(target);
    return place ? "" : place.error().why();
  });
}

void describe(schema::Object<OpenApiDocumentSettings>& o) {
  o.doc("An OpenAPI document, 3.0 or 3.1.");
  o.field("file", &OpenApiDocumentSettings::file,
          "Path of the document, JSON or YAML, relative to the working directory; read again when "
          "it changes.");
  o.field("url", &OpenApiDocumentSettings::url,
          "Address of the document, JSON. It is fetched when a session is opened, and used for "
          "five minutes; longer while the address does not answer.");
  o.scalar_form(&OpenApiDocumentSettings::text, "The document itself.");
  o.check([](const OpenApiDocumentSettings& s) -> std::string {
    if (s.file.has_value() + s.url.has_value() + s.text.has_value() != 1) {
      return "give the document: one of `file` and `url`, or the document as a string";
    }
    const Result<Uri> uri = s.url ? Uri::parse(*s.url) : Result<Uri>(Uri());
    return uri ? "" : "`url`: " + uri.error().why();
  });
}

void describe(schema::Object<OpenApiTarget>& o) {
  o.doc(
      "A REST service as a server of tools: one for each operation of its OpenAPI document. "
      "Nothing of the client's request but the arguments is sent to it.");
  o.field("host", &OpenApiTarget::host,
          "A name or address, with or without a port; or the whole address, "
          "`https://host:port/path`.")
      .required();
  o.field("port", &OpenApiTarget::port, "The port, if `host` says none. Not given: 80.");
  o.field("path", &OpenApiTarget::path,
          "What stands before the paths of the document. Not given: the path of the one server "
          "that the document names, if it names any.");
  o.field("schema", &OpenApiTarget::document, "The document.").required();
  o.not_supported("backend", "A named backend.");
  o.check("host", [](const OpenApiTarget& target) -> std::string {
    const Result<HttpPlace> place = place_of(target);
    return place ? "" : place.error().why();
  });
}

void describe(schema::Object<DemoTarget>& o) {
  o.doc("The built-in server: tools `echo`, `add` and `printEnv` with fixed, safe values.");
}

void describe(schema::Choice<TargetKind>& c) {
  c.option<StdioTarget>("stdio", "A child process.");
  c.option<HttpTarget>("mcp", "A server over Streamable HTTP.");
  c.option<SseTarget>("sse", "A server over HTTP with SSE, as of 2024.");
  c.option<OpenApiTarget>("openapi", "A REST service; each operation is a tool.");
  c.option<DemoTarget>("demo", "The built-in server. agentgateway has none.");
}

void describe(schema::Object<Target>& o) {
  o.field("name", &Target::name, "Its name in rules and logs.").required().check(check_target_name);
  o.include(&Target::kind);
  o.field("policies", &Target::policies, "What happens to what is sent to it over HTTP.");
  o.check("policies", [](const Target& target) -> std::string {
    const bool is_remote = !std::holds_alternative<StdioTarget>(target.kind) &&
                           !std::holds_alternative<DemoTarget>(target.kind);
    return is_remote || target.policies == policy::TargetPolicySettings()
               ? ""
               : "only for a server that is reached over HTTP";
  });
}

std::string_view transport_of(const Target& target) {
  const schema::Description<TargetKind>& kinds = schema::description<TargetKind>();
  for (std::size_t i = 0; i < kinds.entries.size(); ++i) {
    if (kinds.entries[i].is_set && kinds.entries[i].is_set(target.kind)) {
      return kinds.info.fields[i].name;
    }
  }
  return "";
}

std::vector<std::string> spellings(FailureMode) {
  return {"failClosed", "failOpen"};
}

void describe(schema::Object<McpBackend>& o) {
  o.doc("An MCP server behind the gateway, or several that look like one.");
  o.field("name", &McpBackend::name, "Its name in logs.");
  o.field("targets", &McpBackend::targets,
          "The servers. Of several, tools and prompts go by `target_name` and resources by "
          "`target+uri`.")
      .required()
      .check(check_targets);
  o.field("prefixMode", &McpBackend::prefix_mode,
          "When names carry their target's: with several targets only, or always. `never` is "
          "possible with one target only.");
  o.check("prefixMode", [](const McpBackend& backend) -> std::string {
    const bool is_never = backend.prefix_mode == mcp::PrefixMode::never;
    if (!is_never || backend.targets.size() < 2) return "";
    return "`never` with several targets is known, but not supported yet";
  });
  o.field("failureMode", &McpBackend::failure_mode,
          "What a target that fails does to the others. `failClosed`: sessions and lists need all "
          "targets. `failOpen`: it is left out, tried again, and announced when it is back.");
  o.field(
      "dnsRebindingProtection", &McpBackend::dns_rebinding_protection,
      "`true`: Host and Origin must be loopback names. `false`: neither is looked at. Not given: a "
      "request with an Origin passes if a cors policy permits that origin, or if it names the host "
      "it was sent to, which on loopback must be a loopback name.");
  o.not_supported("statefulMode", "Sessions or none.");
}

void describe(schema::Object<Backend>& o) {
  o.field("mcp", &Backend::mcp, "An MCP server.");
  o.field("host", &Backend::host, "An HTTP server, `host:port`.");
  o.field("policies", &Backend::policies, "What happens to what is sent to it.");
  o.exactly_one_of({"mcp", "host"});
  add_not_supported(o, {{"backend", "A named backend."},
                        {"service", "A service of the registry."},
                        {"dynamic", "Where the request says."},
                        {"ai", "A language model."},
                        {"aws", "An AWS service."},
                        {"internal", "A bind of this gateway."},
                        {"routeGroup", "A group of routes."},
                        {"weight", "Its share of the requests."}});
}

void describe(schema::Object<Route>& o) {
  o.field("name", &Route::name, "Its name in logs.");
  o.field("hostnames", &Route::hostnames,
          "Hosts it answers for, `*.` at the start for any below; none: any.");
  o.field("matches", &Route::matches, "Requests it takes: any of these; none: all.");
  o.field("policies", &Route::policies, "What happens to its requests.");
  o.field("backends", &Route::backends, "Where they go.")
      .check([](const std::vector<schema::Located<Backend>>& backends) -> std::string {
        return backends.size() <= 1 ? "" : "several backends are known, not supported yet";
      });
  add_not_supported(o, {{"namespace", "Its namespace."}, {"ruleName", "Its rule's name."}});
}

std::vector<std::string> spellings(Protocol) {
  return {"HTTP"};
}

void describe(schema::Object<Listener>& o) {
  o.field("name", &Listener::name, "Its name in logs.");
  o.field("hostname", &Listener::hostname,
          "The host it answers for, `*.` at the start for any below.");
  o.field("protocol", &Listener::protocol, "What it speaks.");
  o.field("policies", &Listener::policies, "What happens before a route is chosen.");
  o.field("routes", &Listener::routes, "Its routes.").required();
  add_not_supported(o, {{"namespace", "Its namespace."},
                        {"tls", "Certificates."},
                        {"tcpRoutes", "Routes of TCP connections."}});
}

void describe(schema::Object<Bind>& o) {
  o.doc("A port, on all addresses.");
  o.field("port", &Bind::port, "The port; 0 takes a free one.").required();
  o.field("listeners", &Bind::listeners, "Who answers on it.").required();
  add_not_supported(
      o, {{"mode", "Without a socket."}, {"tunnelProtocol", "What carries the connections."}});
}

void describe(schema::Object<McpShorthand>& o) {
  o.doc("An MCP backend on a port of its own, at every path.");
  o.field("port", &McpShorthand::port, "The port.");
  o.include(&McpShorthand::backend);
  o.field("policies", &McpShorthand::policies, "What happens to its requests.");
  o.not_supported("gateways", "Gateways it is attached to.");
}

void describe(schema::Object<SessionSettings>& o) {
  o.field("key", &SessionSettings::key,
          "64 hexadecimal digits with which session ids are sealed; not given: a new random key at "
          "each start.")
      .secret()
      .check([](const std::optional<std::string>& key) -> std::string {
        const bool is_key =
            key->size() == 64 && key->find_first_not_of("0123456789abcdefABCDEF") == key->npos;
        return is_key ? "" : "expected 64 hexadecimal digits";
      });
  o.field("resumableFor", &SessionSettings::resumable_for,
          "With a `key`: how long after `initialize` a session can be gone on with by another "
          "process that has the key, a replica or a restarted gateway, if its targets allow it. "
          "Not given: 24 hours. `0s`: sessions stay in the process that opened them. agentgateway "
          "has no such setting.");
  o.check("resumableFor", [](const SessionSettings& session) -> std::string {
    const bool is_for_nothing =
        !session.key && session.resumable_for && *session.resumable_for > Duration::zero();
    return is_for_nothing ? "needs a `key`: without one, no other process knows the sessions" : "";
  });
}

void describe(schema::Object<McpProcessSettings>& o) {
  o.field("sessionTtl", &McpProcessSettings::session_idle,
          "An MCP session that is idle for this long ends.");
  o.field("statelessSessionTtl", &McpProcessSettings::stateless_idle,
          "A server's session that is kept for stateless clients (2026-07-28) and is idle for this "
          "long ends.");
  o.field("answerTimeout", &McpProcessSettings::questions_within,
          "How long a call waits for a stateless client to come back with the answers to what the "
          "server asked.");
}

std::vector<std::string> spellings(LogLevelSetting) {
  return {"debug", "info", "warn", "error"};
}
std::vector<std::string> spellings(LogFormatSetting) {
  return {"text", "json"};
}

void describe(schema::Object<LoggingSettings>& o) {
  o.field("level", &LoggingSettings::level, "The least important lines that are written.");
  o.field("format", &LoggingSettings::format, "How lines are written.");
  o.not_supported("filter", "Which requests are logged.");
  o.not_supported("fields", "Fields of request lines.");
}

std::vector<std::string> spellings(DenyError) {
  return {"deny", "ignore"};
}

void describe(schema::Object<CompatibilitySettings>& o) {
  o.doc("agentgateway's behaviour where ours is safer. No field of agentgateway's.");
  o.field(
      "failingDenyRules", &CompatibilitySettings::failing_deny_rules,
      "What a deny rule that fails does, for instance for want of a claim: `deny`, or `ignore` as "
      "agentgateway does.");
}

void describe(schema::Object<Process>& o) {
  o.doc(
      "Settings of the process. They are read at start; a reload changes `compatibility` and "
      "`admin.recordArguments` only.");
  o.field("session", &Process::session, "Session ids.");
  o.field("mcp", &Process::mcp, "MCP sessions.");
  o.field("logging", &Process::logging, "The log, on standard output.");
  o.field("compatibility", &Process::compatibility,
          "agentgateway's behaviour where ours is safer.");
  o.field("backend", &Process::backend, "Connections to upstreams.");
  o.field("limits", &Process::limits, "What clients and servers are allowed.");
  o.field("workerThreads", &Process::worker_threads, "Threads that serve; 0: one a processor.")
      .range(0, 256);
  o.field("connectionTerminationDeadline", &Process::termination_deadline,
          "How long requests in flight may take to end when the gateway stops.");
  o.field("adminAddr", &Process::admin_address,
          "Where the admin interface and its API listen: `localhost:15000` if not given, "
          "`ADDRESS:PORT`, or `off`. The environment variable ADMIN_ADDR comes first.")
      .check([](const std::optional<std::string>& address) -> std::string {
        const Result<AdminPlace> place = AdminPlace::parse(*address);
        return place ? "" : place.error().why();
      });
  o.field("admin", &Process::admin, "Who may use the admin interface.");
  o.field("storage", &Process::storage, "Where edits made in the admin interface go.");
  add_not_supported(o, {{"statsAddr", "Address of the metrics."},
                        {"readinessAddr", "Address of the readiness probe."},
                        {"enableIpv6", "IPv6."},
                        {"dns", "Name resolution."},
                        {"localXdsPath", "Source of the dynamic part."},
                        {"database", "Store of requests."},
                        {"tracing", "Traces."},
                        {"metrics", "Metrics."},
                        {"histograms", "Kind of histograms."},
                        {"sensitiveHeaders", "Fields masked in debug output."},
                        {"customFunctions", "Functions for expressions."},
                        {"standardAttributes", "Attributes of the log."},
                        {"connectionMinTerminationDeadline", "Least time to drain."},
                        {"modelCatalog", "Language models."}});
}

void describe(schema::Object<File>& o) {
  o.doc(
      "The configuration of the gateway, YAML or JSON. `$NAME`, `${NAME}` and `${NAME:-default}` "
      "in values are replaced from the environment, `$$` is a dollar sign.");
  o.field("config", &File::config, "Settings of the process.");
  o.field("frontendPolicies", &File::frontend, "Limits of every listener.");
  o.field("binds", &File::binds, "Ports, and what is served on them.");
  o.field("mcp", &File::mcp, "One MCP backend on a port of its own.");
  add_not_supported(o, {{"gateways", "Ports by name."},
                        {"routes", "Routes attached to gateways."},
                        {"tcpRoutes", "Routes of TCP connections."},
                        {"backends", "Named backends."},
                        {"routeGroups", "Groups of routes."},
                        {"services", "Services of the registry."},
                        {"workloads", "Workloads of the registry."},
                        {"policies", "Policies attached by name."},
                        {"llm", "Language models."},
                        {"ui", "The web interface."}});
}

}  // namespace config

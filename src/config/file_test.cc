#include "config/file.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace config {
namespace {

std::optional<std::string> environment(std::string_view name) {
  if (name == "PORT") return "8080";
  if (name == "HOST") return "a.example";
  if (name == "TRICK") return "x, port: 1, $HOST";
  return std::nullopt;
}

schema::Reading<File> reading(const std::string& text) {
  return schema::read_text<File>(yaml::Source{"c.yaml", text}, &environment);
}
// All that is wrong with it, with the lines of the file.
std::string problems(const std::string& text) {
  return schema::render(reading(text).problems, yaml::Source{"c.yaml", text});
}
// The problems' first lines only.
std::vector<std::string> messages(const std::string& text) {
  std::vector<std::string> lines;
  const yaml::Source source{"c.yaml", text};
  for (const schema::Problem& problem : reading(text).problems) {
    const std::string rendered = schema::render(problem, source);
    lines.push_back(rendered.substr(0, rendered.find('\n')));
  }
  return lines;
}
File file(const std::string& text) {
  auto read = reading(text);
  EXPECT_EQ(schema::render(read.problems, yaml::Source{"c.yaml", text}), "");
  return std::move(read.value);
}
std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}
const Route& first_route(const File& file) {
  return *file.binds.at(0)->listeners.at(0)->routes.at(0);
}

using Lines = std::vector<std::string>;

TEST(ConfigFile, reads_the_walkthrough) {
  const File read = file(content("examples/authorization/config.yaml"));
  ASSERT_EQ(read.binds.size(), 1U);
  EXPECT_EQ(read.binds[0]->port, 3000);
  const Route& route = first_route(read);
  const auto& jwt = route.policies.jwt_auth->value;
  EXPECT_EQ(jwt.mode, policy::JwtMode::optional);
  EXPECT_EQ(jwt.issuer, "agentgateway.dev");
  EXPECT_EQ(jwt.audiences, Lines{"test.agentgateway.dev"});
  EXPECT_EQ(jwt.jwks->file, "./manifests/jwt/pub-key");
  const auto& rules = route.policies.mcp_authorization->value.rules;
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules[0].mode(), cel::RuleMode::allow);
  EXPECT_EQ(rules[0].expression().value, R"(mcp.tool.name == "echo")");
  const McpBackend& backend = *route.backends.at(0)->mcp;
  EXPECT_EQ(backend.name, "default");
  const auto& stdio = std::get<StdioTarget>(backend.targets.at(0)->kind);
  EXPECT_EQ(backend.targets[0]->name, "everything");
  EXPECT_EQ(stdio.command, "npx");
  EXPECT_EQ(stdio.arguments, (Lines{"-y", "@modelcontextprotocol/server-everything@2025.12.18"}));
}

TEST(ConfigFile, reads_the_other_examples) {
  const File proxy = file(content("examples/proxy/config.yaml"));
  EXPECT_EQ(proxy.binds.at(0)->listeners.at(0)->routes.at(1)->backends.at(0)->host,
            "127.0.0.1:8000");
  const File shorthand = file(content("examples/shorthand/config.yaml"));
  ASSERT_TRUE(shorthand.mcp);
  EXPECT_EQ(shorthand.mcp->value.backend.targets.at(0)->name, "memory");
}

TEST(ConfigFile, has_these_defaults) {
  const File read = file(R"(
binds:
- port: 0
  listeners: [{ routes: [{ backends: [{ mcp: { targets: [{ name: t, stdio: { cmd: c } }] } }] }] }]
mcp: { targets: [{ name: t, demo: {} }] }
)");
  EXPECT_EQ(read.config, Process());
  EXPECT_EQ(read.config.mcp.session_idle, std::chrono::minutes(30));
  EXPECT_EQ(read.config.logging.level, LogLevelSetting::info);
  EXPECT_EQ(read.config.logging.format, LogFormatSetting::text);
  EXPECT_EQ(read.config.compatibility.failing_deny_rules, DenyError::deny);
  EXPECT_EQ(read.config.termination_deadline, std::chrono::seconds(30));
  EXPECT_EQ(read.config.worker_threads, 0);
  EXPECT_EQ(read.config.session.key, std::nullopt);
  const Listener& listener = *read.binds[0]->listeners[0];
  EXPECT_EQ(listener.name, std::nullopt);
  EXPECT_EQ(listener.hostname, std::nullopt);
  EXPECT_EQ(listener.protocol, Protocol::http);
  const Route& route = first_route(read);
  EXPECT_TRUE(route.matches.empty());
  EXPECT_EQ(route.policies, policy::RouteSettings());
  const McpBackend& backend = *route.backends[0]->mcp;
  EXPECT_EQ(backend.dns_rebinding_protection, std::nullopt);
  EXPECT_FALSE(std::get<StdioTarget>(backend.targets[0]->kind).clear_environment);
  EXPECT_EQ(read.mcp->value.port, 3000);
}

TEST(ConfigFile, reads_what_a_process_may_say) {
  const File read = file(R"(
config:
  session: { key: 00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF }
  mcp: { sessionTtl: 1h30m }
  logging: { level: debug, format: json }
  compatibility: { failingDenyRules: ignore }
  workerThreads: 4
  connectionTerminationDeadline: 500ms
)");
  EXPECT_EQ(read.config.session.key->size(), 64U);
  EXPECT_EQ(read.config.mcp.session_idle, std::chrono::minutes(90));
  EXPECT_EQ(read.config.logging.level, LogLevelSetting::debug);
  EXPECT_EQ(read.config.logging.format, LogFormatSetting::json);
  EXPECT_EQ(read.config.compatibility.failing_deny_rules, DenyError::ignore);
  EXPECT_EQ(read.config.worker_threads, 4);
  EXPECT_EQ(read.config.termination_deadline, std::chrono::milliseconds(500));
}

TEST(ConfigFile, reads_json_as_well) {
  const std::string yaml = R"(
binds:
- port: 3000
  listeners:
  - hostname: "*.example"
    routes:
    - name: r
      matches: [{ path: { exact: /a }, method: GET, headers: [{ name: x, value: { regex: "a+" } }] }]
      backends: [{ mcp: { targets: [{ name: t, stdio: { cmd: c, env: { A: b } } }] } }]
)";
  const std::string json = R"({"binds":[{"port":3000,"listeners":[{"hostname":"*.example",
    "routes":[{"name":"r","matches":[{"path":{"exact":"/a"},"method":"GET",
      "headers":[{"name":"x","value":{"regex":"a+"}}]}],
      "backends":[{"mcp":{"targets":[{"name":"t","stdio":{"cmd":"c","env":{"A":"b"}}}]}}]}]}]}]})";
  EXPECT_EQ(file(yaml), file(json));
}

// Found by config_fuzz.
TEST(ConfigFile, leaves_the_default_prefix_out_where_a_path_is_exact) {
  const File read = file(R"(
binds:
- port: 1
  listeners:
  - routes:
    - matches: [{ path: { exact: /a } }, { path: { regex: /b } }, { method: GET }]
)");
  const auto& matches = first_route(read).matches;
  EXPECT_FALSE(matches.at(0)->path.path_prefix);
  EXPECT_FALSE(matches.at(1)->path.path_prefix);
  EXPECT_EQ(matches.at(2)->path.path_prefix, "/");
  EXPECT_EQ(file(schema::dump(read, schema::Show::plain)), read);
}

TEST(ConfigFile, reads_its_own_dump) {
  const File read = file(content("examples/authorization/config.yaml"));
  EXPECT_EQ(file(schema::dump(read, schema::Show::plain)), read);
}

TEST(ConfigFile, keeps_secrets_out_of_what_it_shows) {
  const std::string text = R"(
config: { session: { key: 00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF } }
mcp: { targets: [{ name: t, stdio: { cmd: c, env: { TOKEN: canary } } }] }
)";
  const std::string shown = schema::dump(file(text), schema::Show::redacted);
  EXPECT_EQ(shown.find("canary"), std::string::npos);
  EXPECT_EQ(shown.find("00112233"), std::string::npos);
  const std::string wrong = problems("config: { session: { key: canary } }\n");
  EXPECT_EQ(wrong, "c.yaml:1:27: config.session.key: expected 64 hexadecimal digits\n");
}

TEST(ConfigFile, shows_the_classic_typo_and_what_was_meant) {
  EXPECT_EQ(problems("binds:\n- post: 3000\n  listeners: []\n"),
            "c.yaml:2:3: binds[0]: unknown field `post`, did you mean `port`?\n"
            "    - post: 3000\n"
            "      ^\n"
            "c.yaml:2:3: binds[0]: `port` is required\n"
            "    - post: 3000\n"
            "      ^\n");
}

TEST(ConfigFile, says_all_that_is_wrong_at_once) {
  const auto found = messages(R"(binds:
- port: 99999
  listeners:
  - protocol: HTP
    routes:
    - matchs: []
      policies: { jwtAuth: { isuer: x, jwks: "{}" } }
      backends: [{ mcp: { targets: [{ name: a_b, demo: {} }] } }]
    - backends: [{ host: "a:1" }, { host: "b:1" }]
    - backends: [{ host: "a:1", mcp: { targets: [] } }]
config: { mcp: { sessionTtl: soon }, logging: { level: loud } }
)");
  const std::string expected[] = {
      "c.yaml:2:9: binds[0].port: ",
      "c.yaml:4:15: binds[0].listeners[0].protocol: ",
      "c.yaml:6:7: binds[0].listeners[0].routes[0]: unknown field `matchs`, did you mean "
      "`matches`?",
      "c.yaml:7:30: binds[0].listeners[0].routes[0].policies.jwtAuth: unknown field `isuer`, did "
      "you mean `issuer`?",
      "c.yaml:8:45: binds[0].listeners[0].routes[0].backends[0].mcp.targets[0].name: a target's "
      "name has letters",
      "c.yaml:9:17: binds[0].listeners[0].routes[1].backends: several backends are known, not "
      "supported yet",
      "c.yaml:10:49: binds[0].listeners[0].routes[2].backends[0].mcp.targets: give one target",
      "c.yaml:10:33: ",
      "c.yaml:11:30: config.mcp.sessionTtl: ",
      "c.yaml:11:56: config.logging.level: ",
  };
  for (const std::string& line : expected) {
    EXPECT_TRUE(std::any_of(found.begin(), found.end(),
                            [&](const std::string& message) { return message.starts_with(line); }))
        << line << "\n in:\n"
        << ::testing::PrintToString(found);
  }
  EXPECT_EQ(found.size(), std::size(expected));
}

TEST(ConfigFile, knows_every_unsupported_field_by_its_name) {
  const schema::ObjectNames names(schema::object_info<File>());
  std::size_t count = 0;
  for (const schema::ObjectInfo* object : names.objects()) {
    for (const schema::FieldInfo& field : object->fields) {
      if (field.is_supported) continue;
      ++count;
      EXPECT_FALSE(field.doc.empty()) << object->name << "." << field.name;
      schema::Problems found;
      schema::Reader reader(found);
      const auto node = yaml::read(field.name + ": {}\n");
      ASSERT_TRUE(node);
      schema::read_object(*node, *object, [](std::size_t, const yaml::Node&) {}, reader);
      const bool is_said =
          std::any_of(found.begin(), found.end(), [&](const schema::Problem& problem) {
            return problem.message == "field `" + field.name + "` is known, but not supported yet";
          });
      EXPECT_TRUE(is_said) << object->name << "." << field.name;
      for (const schema::Problem& problem : found) {
        EXPECT_EQ(problem.message.find("unknown"), std::string::npos) << problem.message;
      }
    }
  }
  EXPECT_GE(count, 90U);
}

TEST(ConfigFile, refuses_what_is_known_and_not_supported_wherever_it_stands) {
  const std::string route = "binds: [{ port: 1, listeners: [{ routes: [{ ";
  const struct {
    std::string text, message;
  } table[] = {
      {"llm: {}", "c.yaml:1:1: field `llm` is known, but not supported yet"},
      {"config: { statsAddr: x }",
       "c.yaml:1:11: config: field `statsAddr` is known, but not supported yet"},
      {route + "policies: { extAuthz: {} } }] }] }]",
       "c.yaml:1:57: binds[0].listeners[0].routes[0].policies: field `extAuthz` is known, but not "
       "supported yet"},
      {"binds: [{ port: 1, listeners: [{ tls: {}, routes: [] }] }]",
       "c.yaml:1:34: binds[0].listeners[0]: field `tls` is known, but not supported yet"},
  };
  for (const auto& row : table) EXPECT_EQ(messages(row.text), Lines{row.message}) << row.text;
}

// agentgateway's ways to say where a server is, and one more (a host with its port).
TEST(ConfigFile, reads_where_a_remote_target_is) {
  const std::vector<std::array<std::string, 3>> cases = {
      {"host: http://127.0.0.1:3001/mcp", "127.0.0.1:3001", "/mcp"},
      {"host: 'http://Tools.Example/v1/mcp?team=a'", "tools.example:80", "/v1/mcp?team=a"},
      {"host: http://tools.example:3001", "tools.example:3001", "/mcp"},
      {"host: http://tools.example/", "tools.example:80", "/"},
      {"host: 'http://[::1]:3001/mcp'", "::1:3001", "/mcp"},
      {"host: 'https://tools.example/mcp'", "tools.example:443 with TLS", "/mcp"},
      {"host: 'https://tools.example:8443'", "tools.example:8443 with TLS", "/mcp"},
      {"host: localhost, port: 3001, path: /other", "localhost:3001", "/other"},
      {"host: localhost, port: 3001", "localhost:3001", "/mcp"},
      {"host: localhost:3001", "localhost:3001", "/mcp"},
      {"host: localhost", "localhost:80", "/mcp"},
  };
  for (const auto& [text, address, path] : cases) {
    const File read = file("mcp: { targets: [{ name: t, mcp: { " + text + " } }] }");
    ASSERT_TRUE(read.mcp) << text;
    const TargetKind& kind = (**read.mcp).backend.targets.front()->kind;
    const Result<HttpPlace> place = place_of(std::get<HttpTarget>(kind));
    ASSERT_TRUE(place) << text;
    EXPECT_EQ(
        place->host + ":" + std::to_string(place->port) + (place->uses_tls ? " with TLS" : ""),
        address)
        << text;
    EXPECT_EQ(place->path, path) << text;
  }
}

TEST(ConfigFile, says_what_is_wrong_with_the_place_of_a_remote_target) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"host: 'ftp://tools.example/'", "the scheme is not http or https"},
      {"host: 'http://user:secret@tools.example/'",
       "an address has no user or password here (use `backendAuth`)"},
      {"host: 'user:secret@tools.example'",
       "an address has no user or password here (use `backendAuth`)"},
      {"host: 'http://a/b#c'", "invalid path or query"},
      {"host: 'http://a/x/../y'", "`/x/../y` is no path"},
      {"host: 'http://a:1/mcp', port: 2", "a URL says port and path itself: leave them out"},
      {"host: 'http://a/mcp', path: /mcp", "a URL says port and path itself: leave them out"},
      {"host: 'a:1', port: 2", "the port is said twice"},
      {"host: 'a/mcp'", "`a/mcp` is neither a host nor a URL"},
      {"host: h/mcp/ghp_0123456789abcdef", "this is neither a host nor a URL"},
      {"host: a, port: 0", "port 0 cannot be connected to"},
      {"host: a, path: mcp", "`mcp` is no path"},
      {"host: a, path: '/m cp'", "`/m cp` is no path"},
  };
  for (const auto& [text, why] : cases) {
    const auto found = messages("mcp: { targets: [{ name: t, mcp: { " + text + " } }] }");
    ASSERT_EQ(found.size(), 1U) << text;
    EXPECT_TRUE(found[0].find("mcp.targets[0].mcp.host: " + why) != std::string::npos) << found[0];
  }
  const auto backend = messages("mcp: { targets: [{ name: t, mcp: { host: a, backend: b } }] }");
  ASSERT_EQ(backend.size(), 1U);
  EXPECT_TRUE(backend[0].find("`backend` is known, but not supported yet") != std::string::npos);
}

TEST(ConfigFile, says_of_resumable_for_that_it_needs_a_key) {
  const std::string key(64, 'a');
  for (const std::string& text : {"{ resumableFor: 1h, key: " + key + " }", "{ key: " + key + " }",
                                  std::string("{ resumableFor: 0s }"), std::string("{}")}) {
    EXPECT_TRUE(messages("config: { session: " + text + " }").empty()) << text;
  }
  for (const char* said : {"24h", "1h"}) {
    const auto found = messages("config: { session: { resumableFor: " + std::string(said) + " } }");
    ASSERT_EQ(found.size(), 1U) << said;
    EXPECT_NE(found[0].find("config.session.resumableFor: needs a `key`"), std::string::npos)
        << found[0];
  }
}

// Neither in the message nor as the line that it is about.
TEST(ConfigFile, shows_no_secret_of_an_address) {
  for (const char* text :
       {"host: 'http://user:canary@localhost/mcp?token=canary2'", "host: 'user:canary@localhost'",
        "host: 'http://a/x/../y?token=canary'", "host: 'http://a/mcp?token=canary', port: 1",
        "host: a, path: 'mcp?token=canary'", "host: 'a/mcp?token=canary'",
        "host: a, path: '/x/../y?token=canary'", "host: 'http://a/mcp?token=canary', prot: 1",
        "hots: 'http://a/mcp?token=canary'", "host: ['http://a/mcp?token=canary']",
        "host: a, port: 'http://a/mcp?token=canary'"}) {
    const yaml::Source source{
        "c.yaml", std::string("mcp: { targets: [{ name: t, mcp: { ") + text + " } }] }"};
    const schema::Problems problems = reading(source.text).problems;
    ASSERT_TRUE(schema::has_errors(problems)) << text;
    const std::string said = schema::render(problems, source);
    EXPECT_EQ(said.find("canary"), std::string::npos) << said;
  }
}

TEST(ConfigFile, refuses_listener_policies_that_only_routes_have) {
  const auto found = messages(
      "binds: [{ port: 1, listeners: [{ policies: { mcpAuthorization: { rules: [] } }, "
      "routes: [] }] }]");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].starts_with(
      "c.yaml:1:46: binds[0].listeners[0].policies: unknown field `mcpAuthorization`"))
      << found[0];
}

TEST(ConfigFile, refuses_policies_without_a_value) {
  // An `authorization:` whose rules were all commented out must not let everybody in.
  EXPECT_EQ(messages("mcp:\n  targets: [{ name: t, demo: {} }]\n  policies:\n    authorization:\n"),
            (Lines{"c.yaml:4:19: mcp.policies.authorization: has no value; give it one or remove "
                   "it"}));
}

TEST(ConfigFile, expands_variables_in_values) {
  const File read = file(R"(
binds:
- port: $PORT
  listeners:
  - hostname: "*.${HOST}"
    routes: [{ name: "${NONE:-none}-$$HOST", backends: [{ host: "$HOST:${PORT}" }] }]
)");
  EXPECT_EQ(read.binds.at(0)->port, 8080);
  EXPECT_EQ(read.binds[0]->listeners.at(0)->hostname, "*.a.example");
  EXPECT_EQ(first_route(read).name, "none-$HOST");
  EXPECT_EQ(first_route(read).backends.at(0)->host, "a.example:8080");
}

TEST(ConfigFile, takes_a_variables_value_for_text_and_nothing_else) {
  const File read = file("binds: [{ port: 1, listeners: [{ name: $TRICK, routes: [] }] }]\n");
  EXPECT_EQ(read.binds.at(0)->listeners.at(0)->name, "x, port: 1, $HOST");
}

TEST(ConfigFile, refuses_a_variable_that_is_not_set) {
  const auto found = messages("binds: [{ port: $NONE, listeners: [] }]\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].starts_with("c.yaml:1:17: ")) << found[0];
  EXPECT_NE(found[0].find("NONE"), std::string::npos) << found[0];
}

TEST(ConfigFile, wants_target_names_that_can_stand_before_other_names) {
  for (const std::string name : {"a_b", "a+b", "a b", "''"}) {
    const auto found = messages("mcp: { targets: [{ name: " + name + ", demo: {} }] }");
    EXPECT_EQ(found.size(), 1U) << name;
  }
  EXPECT_TRUE(messages("mcp: { targets: [{ name: a-B.9, demo: {} }] }").empty());
}

TEST(ConfigFile, is_checked_by_positions_and_not_compared_by_them) {
  EXPECT_EQ(file("mcp: { targets: [{ name: t, demo: {} }] }"),
            file("\n\nmcp:\n  targets:\n  - demo: {}\n    name: t\n"));
}

TEST(ConfigFile, reads_limits_under_agentgateways_names_and_its_own) {
  const File read = file(
      "frontendPolicies:\n"
      "  http: {maxBufferSize: 1048576, http1MaxHeaders: 50, http1IdleTimeout: 10m}\n"
      "  tcp: {keepalives: {enabled: false, time: 3m}}\n"
      "config:\n"
      "  backend: {connectTimeout: 2s, poolIdleTimeout: 90s, poolMaxSize: 7}\n"
      "  limits: {maxConnections: 9, memory: 256MiB, headerTimeout: 5s, childLine: 1MiB}\n");

  EXPECT_EQ(read.frontend.http.buffer.count, 1'048'576U);
  EXPECT_EQ(read.frontend.http.fields, 50);
  EXPECT_EQ(read.frontend.http.idle, std::chrono::minutes(10));
  EXPECT_FALSE(read.frontend.tcp.keep_alives.is_enabled);
  EXPECT_EQ(read.config.backend.idle_per_endpoint, 7);
  EXPECT_EQ(read.config.limits.connections, 9U);
  EXPECT_EQ(read.config.limits.memory.count, std::uint64_t{256} << 20);
  EXPECT_EQ(read.config.limits.head_within, std::chrono::seconds(5));
  EXPECT_EQ(read.config.limits.children, 1'000U);
}

TEST(ConfigFile, refuses_limits_that_would_serve_nobody) {
  const Lines found = messages(
      "frontendPolicies: {http: {maxBufferSize: 10, http1MaxHeaders: 0}}\n"
      "config: {limits: {memory: 1MiB, headerTimeout: 0s, maxConnections: -1}}\n");

  EXPECT_EQ(found.size(), 5U) << testing::PrintToString(found);
}

}  // namespace
}  // namespace config

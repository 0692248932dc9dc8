#include "runtime/build.h"

#include <gtest/gtest.h>

#include "schema/schema.h"
#include "upstream/stdio.h"

namespace runtime {
namespace {

class NoLog final : public LogSink {
 public:
  void write(std::string_view) override {}
};

// The targets of these tests are all built in: no child is ever started.
net::Spawner& no_spawner() {
  alignas(std::max_align_t) static std::byte nothing[1];
  return reinterpret_cast<net::Spawner&>(nothing);
}

// A bind on port 3000 whose one listener has these routes; `routes` begins in column 5, line 5.
std::string with_routes(const std::string& routes) {
  return "binds:\n- port: 3000\n  listeners:\n  - routes:\n" + routes;
}

class BuildTest : public testing::Test {
 protected:
  Built build(const std::string& text) {
    source_ = yaml::Source{"c.yaml", text};
    const auto none = [](std::string_view) { return std::optional<std::string>(); };
    file_ = schema::read_text<config::File>(source_, none);
    EXPECT_FALSE(schema::has_errors(file_.problems)) << schema::render(file_.problems, source_);
    return runtime::build(file_.value, stores_);
  }
  // What is wrong with it, without the lines of the file.
  std::vector<std::string> problems(const std::string& text) {
    const Built built = build(text);
    EXPECT_EQ(built.snapshot == nullptr, schema::has_errors(built.problems));
    std::vector<std::string> lines;
    for (const schema::Problem& problem : built.problems) {
      const std::string rendered = schema::render(problem, source_);
      lines.push_back(rendered.substr(0, rendered.find('\n')));
    }
    return lines;
  }
  std::shared_ptr<const Snapshot> snapshot(const std::string& text) {
    Built built = build(text);
    EXPECT_NE(built.snapshot, nullptr) << schema::render(built.problems, source_);
    return built.snapshot;
  }
  std::string key(const std::string& route) {
    return snapshot(with_routes(route))->binds.at(0).listeners.at(0).routes.at(0).key;
  }
  static std::uint64_t target_number(const Snapshot& snapshot) {
    return *snapshot.targets().begin();
  }

  NoLog sink_;
  auth::KeyStore keys_;
  TargetStore targets_{no_spawner(), Log(sink_, LogFormat::text, LogLevel::error)};
  Stores stores_{keys_, targets_};
  yaml::Source source_;
  schema::Reading<config::File> file_;
};

using Lines = std::vector<std::string>;

const std::string demo_backend =
    "      backends: [{ mcp: { targets: [{ name: t, demo: {} }] } }]\n";

TEST_F(BuildTest, makes_what_the_file_says) {
  const auto built = snapshot(R"(
binds:
- port: 3000
  listeners:
  - name: any
    routes:
    - name: web
      matches: [{ path: { exact: /web } }]
      policies: { timeout: { requestTimeout: 5s, backendRequestTimeout: 2s } }
      backends: [{ host: "127.0.0.1:8000" }]
    - backends: [{ mcp: { name: tools, dnsRebindingProtection: true, targets: [{ name: t, demo: {} }] } }]
    - policies: { directResponse: { status: 204 } }
  - name: narrow
    hostname: a.example
    routes: []
  - name: wide
    hostname: "*.example"
    routes: []
)");
  ASSERT_EQ(built->binds.size(), 1U);
  const Bind& bind = built->binds[0];
  EXPECT_EQ(bind.name, "bind/3000");
  ASSERT_EQ(bind.listeners.size(), 3U);
  EXPECT_EQ(bind.listeners[0].name, "narrow");
  EXPECT_EQ(bind.listeners[1].name, "wide");
  const Listener& any = bind.listeners[2];
  ASSERT_EQ(any.routes.size(), 3U);
  EXPECT_EQ(any.routes[0].name, "web");
  EXPECT_EQ(any.routes[0].request_timeout, std::chrono::seconds(5));
  EXPECT_EQ(any.routes[0].backend_request_timeout, std::chrono::seconds(2));
  EXPECT_EQ(std::get<HostBackend>(any.routes[0].backend).endpoint.host, "127.0.0.1");
  EXPECT_EQ(std::get<HostBackend>(any.routes[0].backend).endpoint.port, 8000);
  const auto& mcp = std::get<McpBackend>(any.routes[1].backend);
  EXPECT_EQ(mcp.name, "tools");
  EXPECT_EQ(mcp.target->target->name().text(), "t");
  EXPECT_EQ(mcp.dns_rebinding_protection, true);
  EXPECT_FALSE(mcp.rules.has_rules());
  EXPECT_TRUE(std::holds_alternative<std::monostate>(any.routes[2].backend));
  EXPECT_EQ(any.routes[2].chain.size(), 1U);
  EXPECT_EQ(any.router.find(http::Request("GET", "/web", "b")), 0U);
  EXPECT_EQ(any.router.find(http::Request("GET", "/", "b")), 1U);
}

TEST_F(BuildTest, makes_one_target_of_several_and_keeps_it) {
  const auto backend = [](const std::string& more) {
    return "      backends: [{ mcp: { " + more +
           "targets: [{ name: b, demo: {} }, { name: a, demo: {} }] } }]\n";
  };
  const auto entry_of = [](const Snapshot& built) {
    return std::get<McpBackend>(built.binds.at(0).listeners.at(0).routes.at(0).backend).target;
  };
  const auto first = snapshot(with_routes("    -\n" + backend("")));
  const auto entry = entry_of(*first);
  ASSERT_NE(entry->naming, nullptr);
  EXPECT_EQ(entry->naming->target(0).text(), "b");
  EXPECT_EQ(entry->parts.at(1)->target->name().text(), "a");
  EXPECT_EQ(first->targets(), std::set<std::uint64_t>{entry->number});
  EXPECT_TRUE(first->has_target(entry->number));
  EXPECT_FALSE(first->has_target(entry->number + 1));
  EXPECT_EQ(entry_of(*snapshot(with_routes("    -\n" + backend("")))), entry);
  const auto open =
      entry_of(*snapshot(with_routes("    -\n" + backend("failureMode: failOpen, "))));
  EXPECT_NE(open, entry);
  EXPECT_EQ(open->parts, entry->parts);
  const auto single = snapshot(with_routes("    -\n" + demo_backend));
  EXPECT_EQ(entry_of(*single)->naming, nullptr);
}

TEST_F(BuildTest, makes_the_shorthand_a_bind_of_its_own) {
  const auto built = snapshot(R"(
mcp:
  port: 3100
  targets: [{ name: t, demo: {} }]
  policies: { mcpAuthorization: { rules: ["mcp.tool.name == 'echo'"] } }
)");
  const Bind* bind = built->find_bind(3100);
  ASSERT_NE(bind, nullptr);
  const Route& route = bind->listeners.at(0).routes.at(0);
  EXPECT_TRUE(std::get<McpBackend>(route.backend).rules.has_rules());
  EXPECT_EQ(bind->listeners[0].router.find(http::Request("POST", "/any/path", "h")), 0U);
  EXPECT_EQ(built->find_route(route.key), &route);
  EXPECT_EQ(built->find_bind(3000), nullptr);
  EXPECT_EQ(built->find_route("other"), nullptr);
}

TEST_F(BuildTest, warns_that_nothing_is_served) {
  EXPECT_EQ(problems("config: {}\n"),
            (Lines{"c.yaml: warning: nothing is served: there is no bind"}));
}

TEST_F(BuildTest, refuses_a_port_that_is_bound_twice) {
  EXPECT_EQ(problems("binds:\n- { port: 3000, listeners: [] }\n- { port: 3000, listeners: [] }\n"),
            (Lines{"c.yaml:3:3: binds[1]: port 3000 is bound twice"}));
  EXPECT_EQ(problems("binds:\n- { port: 3000, listeners: [] }\n"
                     "mcp: { targets: [{ name: t, demo: {} }] }\n"),
            (Lines{"c.yaml:3:6: mcp: port 3000 is bound twice"}));
}

TEST_F(BuildTest, refuses_hosts_without_a_port) {
  for (const std::string host : {"example", "example:", "example:0x50", "http://a:80", ":80"}) {
    EXPECT_EQ(problems(with_routes("    - backends: [{ host: \"" + host + "\" }]\n")),
              (Lines{"c.yaml:5:18: binds[0].listeners[0].routes[0].backends[0]: `" + host +
                     "` is no address: write `host:port`"}));
  }
}

TEST_F(BuildTest, takes_names_and_addresses_for_hosts) {
  const auto built = snapshot(with_routes(
      "    - backends: [{ host: \"a.example:80\" }]\n    - backends: [{ host: \"[::1]:81\" }]\n"));
  const auto& routes = built->binds[0].listeners[0].routes;
  EXPECT_EQ(std::get<HostBackend>(routes.at(0).backend).endpoint.host, "a.example");
  EXPECT_EQ(std::get<HostBackend>(routes.at(1).backend).endpoint.host, "::1");
}

TEST_F(BuildTest, points_at_the_character_of_a_rule_that_is_wrong) {
  const auto found =
      problems(with_routes("    - policies:\n"
                           "        mcpAuthorization:\n"
                           "          rules:\n"
                           "          - mcp.tool.name == 'a' &&\n"
                           "          - 'mcp.tool.nam == \"a\"'\n"
                           "          - require: mcp.tool.name\n" +
                           demo_backend));
  ASSERT_EQ(found.size(), 3U);
  const std::string path = "binds[0].listeners[0].routes[0].policies.mcpAuthorization.rules";
  EXPECT_TRUE(found[0].starts_with("c.yaml:8:36: " + path + "[0]: ")) << found[0];
  EXPECT_TRUE(found[1].starts_with("c.yaml:9:23: " + path + "[1]: ")) << found[1];
  EXPECT_NE(found[1].find("name"), std::string::npos) << found[1];
  EXPECT_TRUE(found[2].starts_with("c.yaml:10:31: " + path + "[2]")) << found[2];
}

TEST_F(BuildTest, warns_of_a_deny_rule_about_what_not_every_request_has) {
  const auto found = problems(with_routes(
      "    - policies: { mcpAuthorization: { rules: [{ deny: \"mcp.tool.name == 'a'\" }, "
      "{ deny: \"has(mcp.tool) && mcp.tool.name == 'b'\" }] } }\n" +
      demo_backend));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("rules[0]"), std::string::npos) << found[0];
  EXPECT_NE(found[0].find("if mcp.tool is missing"), std::string::npos) << found[0];
}

TEST_F(BuildTest, refuses_attributes_that_do_not_exist_yet_when_http_rules_are_asked) {
  const auto found = problems(with_routes(
      "    - policies: { authorization: { rules: [\"mcp.tool.name == 'a'\"] } }\n" + demo_backend));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].starts_with(
      "c.yaml:5:54: binds[0].listeners[0].routes[0].policies.authorization.rules[0]: "))
      << found[0];
}

TEST_F(BuildTest, names_a_key_file_that_is_not_there_and_watches_for_it) {
  const Built built =
      build(with_routes("    - policies:\n"
                        "        jwtAuth: { mode: strict, issuer: i, audiences: [a], jwks: { file: "
                        "./nowhere.json } }\n" +
                        demo_backend));
  ASSERT_EQ(built.problems.size(), 1U);
  EXPECT_EQ(built.problems[0].path, "binds[0].listeners[0].routes[0].policies.jwtAuth");
  EXPECT_NE(built.problems[0].message.find("key set of issuer `i`"), std::string::npos);
  EXPECT_NE(built.problems[0].message.find("./nowhere.json"), std::string::npos);
  EXPECT_EQ(built.snapshot, nullptr);
  EXPECT_EQ(built.watched, std::set<std::string>{"./nowhere.json"});
}

TEST_F(BuildTest, watches_the_key_files_it_has_read) {
  const Built built =
      build(with_routes("    - policies: { jwtAuth: { mode: strict, issuer: i, audiences: [a], "
                        "jwks: { file: ./manifests/jwt/pub-key } } }\n" +
                        demo_backend));
  EXPECT_NE(built.snapshot, nullptr);
  EXPECT_EQ(built.watched, std::set<std::string>{"./manifests/jwt/pub-key"});
}

TEST_F(BuildTest, refuses_patterns_that_do_not_compile) {
  const auto found =
      problems(with_routes("    - matches: [{ path: { regex: \"(\" } }]\n      policies: { "
                           "directResponse: { status: 200 } "
                           "}\n"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].starts_with("c.yaml:5:7: binds[0].listeners[0].routes[0]: ")) << found[0];
}

TEST_F(BuildTest, warns_of_mcp_rules_where_nobody_asks_them) {
  EXPECT_EQ(
      problems(with_routes(
          "    - policies: { mcpAuthorization: { rules: [\"mcp.tool.name == 'a'\"] } }\n"
          "      backends: [{ host: \"127.0.0.1:80\" }]\n")),
      (Lines{"c.yaml:5:37: binds[0].listeners[0].routes[0].policies.mcpAuthorization: warning: "
             "the route has no MCP backend: these rules are never asked"}));
}

TEST_F(BuildTest, says_everything_that_is_wrong_at_once_in_the_order_of_the_file) {
  const auto found = problems(
      "binds:\n"
      "- port: 3000\n"
      "  listeners:\n"
      "  - routes:\n"
      "    - backends: [{ host: nowhere }]\n"
      "    - policies: { authorization: { rules: [\"request.pth == 'a'\"] } }\n"
      "- { port: 3000, listeners: [] }\n"
      "mcp: { port: 3001, targets: [{ name: t, demo: {} }],\n"
      "       policies: { mcpAuthorization: { rules: [\"mcp.tool.nme == 'a'\"] } } }\n");
  ASSERT_EQ(found.size(), 4U) << testing::PrintToString(found);
  EXPECT_TRUE(found[0].starts_with("c.yaml:5:")) << found[0];
  EXPECT_TRUE(found[1].starts_with("c.yaml:6:")) << found[1];
  EXPECT_TRUE(found[2].starts_with("c.yaml:7:")) << found[2];
  EXPECT_TRUE(found[3].starts_with("c.yaml:9:")) << found[3];
}

TEST_F(BuildTest, keeps_a_routes_key_when_only_its_policies_or_backends_change) {
  const std::string plain = key("    - matches: [{ path: { pathPrefix: /a } }]\n" + demo_backend);
  EXPECT_EQ(plain, key("    - matches: [{ path: { pathPrefix: /a } }]\n"
                       "      policies: { mcpAuthorization: { rules: [\"true\"] } }\n" +
                       demo_backend));
  EXPECT_EQ(plain, key("    - matches: [{ path: { pathPrefix: /a } }]\n"
                       "      backends: [{ host: \"a:1\" }]\n"));
}

TEST_F(BuildTest, gives_another_key_when_a_route_takes_other_requests) {
  const std::vector<std::string> routes = {
      "    - matches: [{ path: { pathPrefix: /a } }]\n",
      "    - matches: [{ path: { pathPrefix: /b } }]\n",
      "    - matches: [{ path: { exact: /a } }]\n",
      "    - matches: [{ path: { pathPrefix: /a }, method: GET }]\n",
      "    - hostnames: [a.example]\n      matches: [{ path: { pathPrefix: /a } }]\n",
      "    - name: a\n      matches: [{ path: { pathPrefix: /a } }]\n",
      "    - name: b\n      matches: [{ path: { pathPrefix: /a } }]\n",
  };
  std::set<std::string> keys;
  for (const std::string& route : routes) keys.insert(key(route + demo_backend));
  EXPECT_EQ(keys.size(), routes.size());
}

// -- what sessions are bound to ------------------------------------------------------------------

std::string bind_of(int port, const std::string& route) {
  return "- port: " + std::to_string(port) + "\n  listeners: [ { routes: [ " + route + " ] } ]\n";
}
std::string route_to(const std::string& target, const std::string& more = "") {
  return "{ " + more + "backends: [ { mcp: { targets: [ " + target + " ] } } ] }";
}

TEST_F(BuildTest, binds_sessions_to_the_same_on_any_port) {
  const std::string target = "{ name: t, mcp: { host: \"http://a:1/mcp\" } }";
  const auto one = snapshot("binds:\n" + bind_of(3000, route_to(target)));
  const auto two = snapshot("binds:\n" + bind_of(3001, route_to(target)));
  const Route& first = one->binds.at(0).listeners.at(0).routes.at(0);
  const Route& second = two->binds.at(0).listeners.at(0).routes.at(0);
  EXPECT_EQ(first.session_key, second.session_key);
  EXPECT_NE(first.key, second.key);
  const std::string matching = "matches: [ { path: { pathPrefix: /b } } ], ";
  const auto other = snapshot("binds:\n" + bind_of(3000, route_to(target, matching)));
  EXPECT_NE(other->binds.at(0).listeners.at(0).routes.at(0).session_key, first.session_key);
}

TEST_F(BuildTest, binds_sessions_to_the_same_whatever_other_ports_there_are) {
  const std::string target = "{ name: t, mcp: { host: \"http://a:1/mcp\" } }";
  const std::string one = bind_of(3000, route_to(target));
  const auto alone = snapshot("binds:\n" + one);
  const auto beside = snapshot("binds:\n" + one + bind_of(3001, route_to(target)));
  const Route& before = alone->binds.at(0).listeners.at(0).routes.at(0);
  const Route& after = beside->binds.at(0).listeners.at(0).routes.at(0);
  const Route& other = beside->binds.at(1).listeners.at(0).routes.at(0);
  EXPECT_EQ(before.session_key, after.session_key);
  EXPECT_EQ(before.key, after.key);
  EXPECT_EQ(after.session_key, other.session_key);
  EXPECT_NE(after.key, other.key);
}

TEST_F(BuildTest, knows_a_target_by_kind_name_and_address) {
  const auto fingerprint = [&](const std::string& targets) {
    const auto made = snapshot("mcp: { targets: [ " + targets + " ] }\n");
    const Route& route = made->binds.at(0).listeners.at(0).routes.at(0);
    return std::get<McpBackend>(route.backend).target->fingerprint;
  };
  const std::string plain = "{ name: t, mcp: { host: \"http://a:1/mcp\" } }";
  EXPECT_EQ(fingerprint(plain), fingerprint("{ name: t, mcp: { host: a, port: 1 } }"));
  EXPECT_EQ(fingerprint(plain),
            fingerprint("{ name: t, mcp: { host: \"http://a:1/mcp\", era: legacy } }"));
  const std::vector<std::string> others = {
      plain,
      "{ name: u, mcp: { host: \"http://a:1/mcp\" } }",
      "{ name: t, mcp: { host: \"https://a:1/mcp\" } }",
      "{ name: t, mcp: { host: \"http://b:1/mcp\" } }",
      "{ name: t, mcp: { host: \"http://a:2/mcp\" } }",
      "{ name: t, mcp: { host: \"http://a:1/\" } }",
      "{ name: t, sse: { host: \"http://a:1/mcp\" } }",
      "{ name: t, demo: {} }",
      plain + ", { name: u, demo: {} }",
      "{ name: u, demo: {} }, " + plain,
  };
  std::set<std::uint64_t> different;
  for (const std::string& each : others) different.insert(fingerprint(each));
  EXPECT_EQ(different.size(), others.size());
}

TEST_F(BuildTest, keeps_a_named_routes_key_whatever_it_takes) {
  EXPECT_EQ(key("    - name: a\n      matches: [{ path: { exact: /a } }]\n" + demo_backend),
            key("    - name: a\n      matches: [{ path: { exact: /b } }]\n" + demo_backend));
}

TEST_F(BuildTest, shares_targets_between_builds_as_long_as_they_are_the_same) {
  const auto first = snapshot("mcp: { targets: [{ name: t, demo: {} }] }\n");
  // Moved to another place, and with other policies.
  const auto second =
      snapshot(with_routes(demo_backend.substr(0, 4) + "- " + demo_backend.substr(6)));
  const auto third = snapshot("mcp: { targets: [{ name: u, demo: {} }] }\n");
  EXPECT_EQ(target_number(*first), target_number(*second));
  EXPECT_NE(target_number(*first), target_number(*third));
}

TEST_F(BuildTest, makes_a_target_anew_when_any_of_its_settings_changes) {
  const std::vector<std::string> targets = {
      "{ name: t, stdio: { cmd: a } }",
      "{ name: t, stdio: { cmd: b } }",
      "{ name: u, stdio: { cmd: a } }",
      "{ name: t, stdio: { cmd: a, args: [x] } }",
      "{ name: t, stdio: { cmd: a, env: { X: y } } }",
      "{ name: t, stdio: { cmd: a, clear_env: true } }",
      "{ name: t, demo: {} }",
  };
  std::set<std::uint64_t> numbers;
  for (int round = 0; round < 2; ++round) {
    for (const std::string& target : targets) {
      numbers.insert(target_number(*snapshot("mcp: { targets: [" + target + "] }\n")));
    }
  }
  EXPECT_EQ(numbers.size(), targets.size());
}

TEST_F(BuildTest, never_gives_a_forgotten_targets_number_to_another) {
  auto first = snapshot("mcp: { targets: [{ name: t, demo: {} }] }\n");
  const std::uint64_t number = target_number(*first);
  targets_.forget_unused();
  EXPECT_EQ(target_number(*snapshot("mcp: { targets: [{ name: t, demo: {} }] }\n")), number);
  first.reset();
  targets_.forget_unused();
  EXPECT_NE(target_number(*snapshot("mcp: { targets: [{ name: t, demo: {} }] }\n")), number);
}

}  // namespace
}  // namespace runtime

#include "admin/model.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "json/value.h"
#include "net/spawner.h"
#include "runtime/build.h"

namespace admin {
namespace {

class NoSink final : public LogSink {
 public:
  void write(std::string_view) override {}
};

constexpr std::string_view binds = R"(binds:
- port: 3000
  listeners:
  - name: front
    policies:
      cors:
        allowOrigins: ["*"]
    routes:
    - name: tools
      hostnames: [gateway.example]
      matches:
      - path: {pathPrefix: /tools}
      policies:
        apiKey:
          mode: strict
          keys:
          - key: canary-secret-key
        mcpAuthorization:
          rules: ['mcp.tool.name == "echo"']
      backends:
      - mcp:
          targets:
          - name: everything
            stdio:
              cmd: npx
              args: [one, two]
              env:
                TOKEN: canary-secret-value
    - backends:
      - host: 127.0.0.1:8080
)";

constexpr std::string_view shorthand = R"(mcp:
  port: 3001
  targets:
  - name: demo
    demo: {}
  policies:
    mcpAuthorization:
      rules: []
)";

class ModelTest : public testing::Test {
 protected:
  json::Document model_of(std::string_view text) {
    const yaml::Source source{"test.yaml", std::string(text)};
    running.environment = [](std::string_view) { return std::nullopt; };
    auto reading = schema::read_text<config::File>(source, running.environment);
    EXPECT_FALSE(schema::has_errors(reading.problems)) << schema::render(reading.problems, source);
    runtime::Built built = runtime::build(reading.value, stores);
    EXPECT_TRUE(built.snapshot) << schema::render(built.problems, source);
    running.runs(source, reading.value, built.snapshot, {});
    running.serves_on(3000, 41000);
    json::Writer writer;
    Model(source, running.file(), *running.snapshot(), running).write(writer);
    written = writer.take();
    return json::Document::parse(written).value();
  }

  static json::Value at(json::Value value, std::initializer_list<std::string_view> path) {
    for (const std::string_view step : path) {
      if (value.is_array()) {
        auto element = value.elements().begin();
        for (int i = step[0] - '0'; i > 0; --i) ++element;
        value = *element;
      } else {
        value = value.find(step).value();
      }
    }
    return value;
  }

  NoSink sink;
  Log log{sink, LogFormat::text, LogLevel::error};
  net::Spawner spawner;
  auth::KeyStore keys;
  runtime::TargetStore targets{spawner, log};
  runtime::Stores stores{keys, targets};
  Running running;
  std::string written;
};

TEST_F(ModelTest, is_one_tree_of_binds_with_what_is_in_force_and_where_it_stands) {
  const json::Document model = model_of(binds);
  const json::Value root = model.root();
  EXPECT_EQ(root.find_string("dialect"), "binds");
  EXPECT_EQ(at(root, {"counts"}).raw(),
            R"({"binds":1,"listeners":1,"routes":2,"backends":2,"targets":1,"policies":3})");
  const json::Value bind = at(root, {"binds", "0"});
  EXPECT_EQ(at(bind, {"boundPort"}).as_int(), 41000);
  const json::Value route = at(bind, {"listeners", "0", "routes", "0"});
  EXPECT_EQ(route.find_string("id"), running.snapshot()->binds[0].listeners[0].routes[0].key);
  EXPECT_EQ(route.find_string("kind"), "mcp");
  EXPECT_EQ(route.find_string("endpoint"), "http://gateway.example:41000/tools");
  EXPECT_EQ(at(route, {"policies", "0"}).find_string("kind"), "cors");
  EXPECT_EQ(at(route, {"policies", "0"}).find_string("from"), "listener");
  const json::Value key = at(route, {"policies", "1"});
  EXPECT_EQ(key.find_string("path"), "binds[0].listeners[0].routes[0].policies.apiKey");
  EXPECT_EQ(at(key, {"origins", "mode"}).raw(), R"({"line":15,"column":11})");
  EXPECT_EQ(at(key, {"value", "keys", "0"}).find_string("key"), "<redacted>");
  const json::Value target = at(route, {"backends", "0", "targets", "0"});
  EXPECT_EQ(target.find_string("transport"), "stdio");
  EXPECT_EQ(at(target, {"settings", "origins", "stdio.args[1]"}).raw(),
            R"({"line":26,"column":27})");
  EXPECT_EQ(at(bind, {"listeners", "0", "routes", "1"}).find_string("kind"), "http");
  EXPECT_EQ(written.find("canary"), std::string::npos);
}

TEST_F(ModelTest, shows_addresses_without_what_is_secret_in_them) {
  const json::Document model = model_of(R"(binds:
- port: 3000
  listeners:
  - routes:
    - policies:
        jwtAuth:
          issuer: https://issuer.example/?x=1
          audiences: [a]
          jwks: {url: "https://issuer.example/keys?token=canary-1"}
      backends:
      - mcp:
          targets:
          - name: one
            mcp: {host: "https://tools.example/mcp?api_key=canary-2"}
          - name: two
            sse: {host: tools.example, path: "/sse?token=canary-3"}
          - name: three
            stdio: {cmd: npx, args: ["https://user:canary-4@tools.example/"]}
)");
  EXPECT_EQ(written.find("canary"), std::string::npos) << written;
  for (const char* shown :
       {"https://issuer.example/keys?<redacted>", "https://tools.example/mcp?<redacted>",
        "/sse?<redacted>", "https://<redacted>@tools.example/", "https://issuer.example/?x=1"}) {
    EXPECT_NE(written.find(shown), std::string::npos) << shown << " in " << written;
  }
}

TEST_F(ModelTest, says_of_a_default_that_it_is_written_nowhere) {
  const json::Document model = model_of(binds);
  const json::Value settings = at(model.root(), {"config"});
  EXPECT_EQ(at(settings, {"value", "logging", "level"}).as_string(), "info");
  EXPECT_EQ(at(settings, {"origins"}).size(), 0U);
}

TEST_F(ModelTest, shows_the_shorthand_as_the_same_tree) {
  const json::Document model = model_of(shorthand);
  const json::Value root = model.root();
  EXPECT_EQ(root.find_string("dialect"), "mcp");
  const json::Value route = at(root, {"binds", "0", "listeners", "0", "routes", "0"});
  EXPECT_EQ(route.find_string("id"), "mcp");
  EXPECT_EQ(route.find_string("endpoint"), "http://localhost:3001/mcp");
  EXPECT_EQ(at(route, {"policies", "0"}).find_string("path"), "mcp.policies.mcpAuthorization");
  EXPECT_EQ(at(route, {"backends", "0", "targets", "0"}).find_string("path"), "mcp.targets[0]");
}

TEST_F(ModelTest, finds_routes_by_their_ids) {
  model_of(binds);
  const FoundRoute first = first_mcp_route(*running.snapshot());
  ASSERT_NE(first.route, nullptr);
  EXPECT_EQ(first.route->name, "tools");
  EXPECT_EQ(find_route(*running.snapshot(), first.route->key).route, first.route);
  EXPECT_EQ(find_route(*running.snapshot(), "nobody").route, nullptr);
  EXPECT_EQ(written_route(running.file(), first).route->name, "tools");
}

TEST(Running, keeps_each_text_once_and_no_more_than_twenty) {
  Running running;
  for (int i = 0; i < 30; ++i) {
    running.runs(yaml::Source{"x", "text " + std::to_string(i % 25)}, {}, nullptr, {});
  }
  EXPECT_EQ(running.history().size(), Running::history_max);
  EXPECT_EQ(running.revision().text, "text 4");
  EXPECT_EQ(running.revision().id, revision_of("text 4"));
  EXPECT_EQ(running.revision().id.size(), 16U);
}

TEST(Running, says_what_became_of_the_file) {
  Running running;
  running.runs(yaml::Source{"x", "good"}, {}, nullptr, {});
  running.rejects(yaml::Source{"x", "bad"}, {schema::Problem{}});
  EXPECT_EQ(running.state(), FileState::rejected);
  EXPECT_EQ(running.judged().text, "bad");
  EXPECT_EQ(running.revision().text, "good");
  running.misses("gone");
  EXPECT_EQ(running.state(), FileState::missing);
  running.agrees();
  EXPECT_EQ(running.state(), FileState::ok);
  EXPECT_TRUE(running.problems().empty());
  EXPECT_EQ(running.generation(), 4U);
}

}  // namespace
}  // namespace admin

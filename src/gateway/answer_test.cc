#include "gateway/answer.h"

#include <gtest/gtest.h>

#include "base/sleep.h"
#include "net/test_loop.h"
#include "runtime/attributes.h"
#include "upstream/demo.h"

namespace gateway {
namespace {

class NoLog final : public LogSink {
 public:
  void write(std::string_view) override {}
};

// Notes that it was asked, and may answer or take its time.
class Marker final : public policy::Policy {
 public:
  explicit Marker(std::string name, int status = 0, Duration takes = Duration(0))
      : name_(std::move(name)), status_(status), takes_(takes) {}

  Task<policy::Verdict> on_request(policy::Exchange& exchange) const override {
    exchange.record.error += name_ + " ";
    const Deadline until = Deadline::in(exchange.began, takes_);
    if (takes_ > Duration(0)) {
      co_await sleep_until(until);
    }
    if (status_ == 0) co_return policy::pass;
    http::Response response(status_, "text/plain", name_);
    co_return response;
  }
  policy::Verdict decide(policy::Exchange&) const override { return policy::undecided; }
  void on_response(policy::Exchange&, http::Response& response) const override {
    response.headers.add("x-seen", name_);
  }

 private:
  std::string name_;
  int status_;
  Duration takes_;
};

runtime::Listener listener(const std::string& name, std::string_view host) {
  return runtime::Listener{name, runtime::HostPattern(host), {}, {}, {}};
}

// A route at this path prefix.
runtime::Route& add_route(runtime::Listener& listener, const std::string& prefix) {
  config::RouteMatch match;
  match.path.path_prefix = prefix;
  EXPECT_TRUE(listener.router.add(listener.routes.size(), {}, {match}));
  runtime::Route& route = listener.routes.emplace_back();
  route.name = prefix;
  route.key = prefix;
  return route;
}

// Knows at once.
class Ready final : public policy::Policy {
 public:
  explicit Ready(std::string name, int status = 0) : name_(std::move(name)), status_(status) {}

  policy::Verdict decide(policy::Exchange& exchange) const override {
    exchange.record.error += name_ + " ";
    if (status_ == 0) return policy::pass;
    return http::Response(status_, "text/plain", name_);
  }

 private:
  std::string name_;
  int status_;
};

// Is undecided and never says more, which is a bug.
class Mute final : public policy::Policy {
 public:
  policy::Verdict decide(policy::Exchange&) const override { return policy::undecided; }
};

class AnswerTest : public testing::Test {
 protected:
  http::Response ask(http::Request request, telemetry::Record* record = nullptr) {
    loop_.turn(Instant::min());
    policy::Exchange exchange(std::move(request), policy::Peer(), loop_.now(), clock_.wall());
    const runtime::Attributes attributes(exchange);
    exchange.attributes = &attributes;
    exchange.tokens = &core_.tokens();
    exchange.last_token = &last_token_;
    WayBack way;
    http::Response response = net::run_to_end(loop_, answer(core_, bind_, exchange, way));
    lead_back(way, exchange, response);
    if (record != nullptr) *record = exchange.record;
    return response;
  }
  http::Response get(const std::string& target, const std::string& host = "gw.example") {
    return ask(http::Request("GET", target, host));
  }

  // A route to the built-in server, whose tools may be used as the rules say.
  void serve_demo(const std::string& rule) {
    runtime::Listener any = listener("any", "");
    runtime::Route& route = add_route(any, "/mcp");
    auto entry = std::make_shared<runtime::TargetEntry>();
    entry->number = 1;
    entry->target = upstream::make_demo_target(mcp::TargetName("demo"));
    runtime::McpBackend backend;
    backend.target = std::move(entry);
    policy::RulesSettings settings;
    settings.rules.emplace_back().allow = schema::Located<std::string>(rule);
    backend.rules = policy::make_mcp_authorization(settings, context_);
    route.backend = std::move(backend);
    any.router.finish();
    bind_.listeners.push_back(std::move(any));
  }
  static http::Request post(const std::string& body, const std::string& session = "") {
    http::Request request("POST", "/mcp", "gw.example");
    request.headers.add("content-type", "application/json");
    request.headers.add("accept", "application/json, text/event-stream");
    if (!session.empty()) request.headers.add("mcp-session-id", session);
    request.body = http::Body(body);
    return request;
  }
  static std::string call(const std::string& tool) {
    return R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":")" + tool +
           R"(","arguments":{"message":"hello"}}})";
  }
  std::string open_session() {
    const http::Response opened = ask(post(
        R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
        R"("capabilities":{},"clientInfo":{"name":"c","version":"1"}}})"));
    EXPECT_EQ(opened.status, 200);
    return std::string(opened.headers.find("mcp-session-id").value_or(""));
  }

  NoLog sink_;
  SystemClock clock_;
  SystemRandom random_;
  SessionIds ids_{crypto::SealKey::from_random(random_), random_};
  cel::Environment environment_{runtime::attribute_table()};
  auth::KeyStore keys_;
  policy::BuildContext context_{environment_, keys_, true};
  runtime::Bind bind_{"bind/1", 1, {}};
  net::Loop loop_;
  SessionTable sessions_{SessionLimits()};
  Load load_{Limits()};
  Shared shared_{Log(sink_, LogFormat::text, LogLevel::error), clock_, ids_, sessions_, load_};
  Core core_{loop_, shared_, 0};
  auth::LastToken last_token_;
};

TEST_F(AnswerTest, finds_the_listener_by_its_host_and_the_route_by_its_path) {
  for (const std::string host : {"a.example", "*.example"}) {
    runtime::Listener made = listener(host, host);
    for (const std::string path : {"/x", "/"}) {
      add_route(made, path).chain.add(std::make_unique<Marker>(host + path, 200));
    }
    made.router.finish();
    bind_.listeners.push_back(std::move(made));
  }
  EXPECT_EQ(get("/x/y", "a.example:80").body.text(), "a.example/x");
  EXPECT_EQ(get("/", "a.example").body.text(), "a.example/");
  EXPECT_EQ(get("/x", "b.example").body.text(), "*.example/x");
  telemetry::Record record;
  EXPECT_EQ(ask(http::Request("GET", "/", "other"), &record).status, 404);
  EXPECT_EQ(record.reason, policy::Reason::not_found);
  EXPECT_EQ(record.listener, "");
}

TEST_F(AnswerTest, answers_404_where_there_is_no_route_or_no_backend) {
  runtime::Listener any = listener("any", "");
  add_route(any, "/a");
  any.router.finish();
  any.chain.add(std::make_unique<Marker>("listener"));
  bind_.listeners.push_back(std::move(any));
  const http::Response missing = get("/b");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body.text(), "route not found");
  EXPECT_EQ(missing.headers.find("x-seen"), "listener");
  EXPECT_EQ(get("/a").status, 404);
}

TEST_F(AnswerTest, asks_the_listeners_policies_first_and_tells_all_of_the_answer) {
  runtime::Listener any = listener("any", "");
  any.chain.add(std::make_unique<Marker>("l1"));
  any.chain.add(std::make_unique<Marker>("l2"));
  runtime::Route& route = add_route(any, "/");
  route.chain.add(std::make_unique<Marker>("r1"));
  route.chain.add(std::make_unique<Marker>("r2", 401));
  route.chain.add(std::make_unique<Marker>("r3"));
  any.router.finish();
  bind_.listeners.push_back(std::move(any));
  telemetry::Record record;
  const http::Response response = ask(http::Request("GET", "/", "h"), &record);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(record.error, "l1 l2 r1 r2 ");
  EXPECT_EQ(record.route, "/");
  EXPECT_EQ(response.headers.all("x-seen"),
            (std::vector<std::string_view>{"r3", "r2", "r1", "l2", "l1"}));
}

TEST_F(AnswerTest, asks_those_that_know_at_once_in_their_place_among_those_that_wait) {
  runtime::Listener any = listener("any", "");
  any.chain.add(std::make_unique<Ready>("l1"));
  any.chain.add(std::make_unique<Marker>("l2"));
  any.chain.add(std::make_unique<Ready>("l3"));
  runtime::Route& route = add_route(any, "/");
  route.chain.add(std::make_unique<Marker>("r1"));
  route.chain.add(std::make_unique<Marker>("r2"));
  route.chain.add(std::make_unique<Ready>("r3", 403));
  route.chain.add(std::make_unique<Marker>("r4"));
  any.router.finish();
  bind_.listeners.push_back(std::move(any));
  telemetry::Record record;
  EXPECT_EQ(ask(http::Request("GET", "/", "gw.example"), &record).status, 403);
  EXPECT_EQ(record.error, "l1 l2 l3 r1 r2 r3 ");
}

TEST_F(AnswerTest, lets_nobody_pass_a_policy_that_never_decides) {
  runtime::Listener any = listener("any", "");
  any.chain.add(std::make_unique<Mute>());
  add_route(any, "/").chain.add(std::make_unique<Ready>("route", 200));
  any.router.finish();
  bind_.listeners.push_back(std::move(any));
  EXPECT_THROW(get("/"), std::logic_error);
}

TEST_F(AnswerTest, ends_a_request_that_takes_too_long) {
  runtime::Listener any = listener("any", "");
  runtime::Route& route = add_route(any, "/");
  route.chain.add(std::make_unique<Marker>("slow", 200, std::chrono::hours(1)));
  route.request_timeout = std::chrono::milliseconds(5);
  any.router.finish();
  bind_.listeners.push_back(std::move(any));
  telemetry::Record record;
  const http::Response late = ask(http::Request("GET", "/", "h"), &record);
  EXPECT_EQ(late.status, 504);
  EXPECT_EQ(late.body.text(), "request timeout");
  EXPECT_EQ(record.reason, policy::Reason::timeout);
  EXPECT_EQ(late.headers.find("x-seen"), "slow");
}

TEST_F(AnswerTest, serves_a_session_of_the_built_in_server) {
  serve_demo("mcp.tool.name == 'echo'");
  const std::string session = open_session();
  ASSERT_FALSE(session.empty());
  telemetry::Record record;
  const http::Response called = ask(post(call("echo"), session), &record);
  EXPECT_EQ(called.status, 200);
  EXPECT_NE(called.body.text().find("hello"), std::string::npos) << called.body.text();
  EXPECT_EQ(record.tool, "echo");
  EXPECT_EQ(record.authz_decision, "allow");
  EXPECT_EQ(record.mcp_target, "demo");
  const std::string list =
      ask(post(R"({"jsonrpc":"2.0","id":3,"method":"tools/list"})", session)).body.text();
  EXPECT_NE(list.find(R"("echo")"), std::string::npos) << list;
  EXPECT_EQ(list.find(R"("add")"), std::string::npos) << list;
}

TEST_F(AnswerTest, answers_for_a_forbidden_tool_as_for_one_that_does_not_exist) {
  serve_demo("mcp.tool.name in ['echo', 'nowhere']");
  const std::string session = open_session();
  telemetry::Record forbidden_record;
  const http::Response forbidden = ask(post(call("add"), session), &forbidden_record);
  telemetry::Record missing_record;
  const http::Response missing = ask(post(call("zzz"), session), &missing_record);
  const http::Response allowed_and_missing = ask(post(call("nowhere"), session));
  EXPECT_EQ(forbidden.status, missing.status);
  EXPECT_EQ(forbidden.body.text(), R"({"jsonrpc":"2.0","id":2,"error":{"code":-32602,)"
                                   R"("message":"Unknown tool: add"}})");
  EXPECT_EQ(missing.body.text(), R"({"jsonrpc":"2.0","id":2,"error":{"code":-32602,)"
                                 R"("message":"Unknown tool: zzz"}})");
  EXPECT_EQ(allowed_and_missing.body.text(), R"({"jsonrpc":"2.0","id":2,"error":{"code":-32602,)"
                                             R"("message":"Unknown tool: nowhere"}})");
  EXPECT_EQ(forbidden.headers.size(), missing.headers.size());
  EXPECT_EQ(forbidden_record.reason, policy::Reason::authorization);
}

TEST_F(AnswerTest, knows_no_session_but_its_own) {
  serve_demo("true");
  EXPECT_EQ(ask(post(call("echo"))).status, 400);
  EXPECT_EQ(ask(post(call("echo"), "forged")).status, 404);
  const std::string session = open_session();
  http::Request end("DELETE", "/mcp", "gw.example");
  end.headers.add("mcp-session-id", session);
  EXPECT_EQ(ask(std::move(end)).status, 202);
  EXPECT_EQ(ask(post(call("echo"), session)).status, 404);
  EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(AnswerTest, keeps_no_session_whose_target_a_reload_took_away) {
  serve_demo("true");
  net::run_to_end(loop_, core_.adopt(std::make_shared<runtime::Snapshot>()));
  telemetry::Record record;
  const http::Response refused = ask(
      post(
          R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
          R"("capabilities":{},"clientInfo":{"name":"c","version":"1"}}})"),
      &record);
  EXPECT_FALSE(refused.headers.has("mcp-session-id"));
  EXPECT_NE(refused.body.text().find("-32603"), std::string::npos) << refused.body.text();
  EXPECT_EQ(record.error, "a reload took the target away");
  EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(AnswerTest, wants_messages_and_answers_of_the_right_type) {
  serve_demo("true");
  http::Request form = post("{}");
  form.headers.set("content-type", "text/plain");
  EXPECT_EQ(ask(std::move(form)).status, 415);
  http::Request plain = post("{}");
  plain.headers.set("accept", "application/json");
  EXPECT_EQ(ask(std::move(plain)).status, 406);
  EXPECT_EQ(ask(post("{")).status, 400);
  EXPECT_EQ(ask(http::Request("PUT", "/mcp", "gw.example")).status, 405);
  http::Request foreign = post("{}");
  foreign.headers.add("origin", "http://evil.example");
  EXPECT_EQ(ask(std::move(foreign)).status, 403);
}

}  // namespace
}  // namespace gateway

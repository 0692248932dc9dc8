#include "upstream/streamable_http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_http_world.h"

namespace upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

const std::string text_42 = R"({"content":[{"type":"text","text":"42"}]})";

TEST(StreamableHttp, opens_a_session_and_never_shows_its_id) {
  HttpWorld world;
  const auto session = world.open_well();

  ASSERT_EQ(world.requests.size(), 2u);
  const ServedRequest& first = world.requests[0];
  EXPECT_EQ(first.method + " " + first.path, "POST /mcp");
  EXPECT_EQ(first.header("host"), "server.test:8000");
  EXPECT_EQ(first.header("content-type"), "application/json");
  EXPECT_EQ(first.header("accept"), "application/json, text/event-stream");
  EXPECT_EQ(first.header("mcp-session-id"), "");
  EXPECT_EQ(first.header("mcp-protocol-version"), "");
  EXPECT_EQ(world.requests[1].rpc_method(), "notifications/initialized");
  EXPECT_EQ(world.requests[1].header("mcp-session-id"), "session-1");
  EXPECT_EQ(world.requests[1].header("mcp-protocol-version"), "2025-11-25");
  EXPECT_EQ(session->revision(), mcp::Revision::v2025_11_25);
  EXPECT_EQ(std::string(session->initialized().text()).find("session-1"), std::string::npos);
}

TEST(StreamableHttp, calls_over_one_connection_that_is_kept) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [](ServedRequest& request) { request.answer_result(text_42); };

  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(world.ask(*session, "tools/call", R"({"name":"x"})"), text_42);
  }

  EXPECT_EQ(world.connections, 1u);
  const ServedRequest& last = world.requests.back();
  EXPECT_EQ(last.header("mcp-session-id"), "session-1");
  EXPECT_EQ(last.header("mcp-protocol-version"), "2025-11-25");
  EXPECT_EQ(last.body, R"({"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"x"}})");
}

TEST(StreamableHttp, reads_an_answer_from_an_event_stream_and_keeps_the_connection) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [](ServedRequest& request) {
    request.begin_events();
    request.event(result_text(request.id(), text_42));
    request.end_events();
  };

  for (int i = 0; i < 3; ++i) EXPECT_EQ(world.ask(*session, "tools/call"), text_42);
  world.advance(milliseconds(10));

  EXPECT_EQ(world.connections, 1u);
  EXPECT_EQ(world.site->pool().idle_count(), 1u);
}

TEST(StreamableHttp, relays_what_comes_before_the_answer_as_it_comes) {
  HttpWorld world;
  const auto session = world.open_well();
  ServedRequest asked;
  world.serve = [&](ServedRequest& request) {
    asked = request;
    request.begin_events();
  };
  const auto call =
      world.start(*session, "tools/call", R"({"name":"x","_meta":{"progressToken":"mine"}})");
  EXPECT_THAT(asked.body, HasSubstr(R"("progressToken":1)"));

  asked.event(
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}})");
  EXPECT_THAT(world.next(*call), HasSubstr(R"("progressToken":"mine")"));
  asked.event(R"({"jsonrpc":"2.0","method":"notifications/message","params":{"data":"log"}})");
  EXPECT_THAT(world.next(*call), HasSubstr("notifications/message"));
  asked.event(R"({"jsonrpc":"2.0","id":"q1","method":"roots/list"})");
  const auto question = world.run(call->next());
  ASSERT_TRUE(question && question->kind() == Event::Kind::question);
  auto answer = mcp::read(R"({"jsonrpc":"2.0","id":1,"result":{"roots":[]}})", mcp::Sender::client);
  EXPECT_TRUE(world.run(session->answer(question->question(), *answer)));
  world.advance(milliseconds(1));
  EXPECT_EQ(world.requests.back().body, R"({"jsonrpc":"2.0","id":"q1","result":{"roots":[]}})");
  asked.event(result_text(asked.id(), text_42));
  EXPECT_EQ(world.next(*call), text_42);
}

TEST(StreamableHttp, tells_the_server_of_a_cancellation_and_closes_the_stream) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [](ServedRequest& request) { request.begin_events(); };
  auto call = world.start(*session, "tools/call");
  const ServedRequest asked = world.requests.back();
  EXPECT_TRUE(asked.end->is_open());

  call.reset();
  world.advance(milliseconds(1));

  EXPECT_FALSE(asked.end->is_open());
  EXPECT_EQ(world.requests.back().body,
            R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
}

TEST(StreamableHttp, ends_a_call_at_its_deadline_and_tells_the_server) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [](ServedRequest&) {};

  EXPECT_THAT(world.ask(*session, "tools/call", "{}", seconds(3)), StartsWith("timed_out"));
  world.advance(milliseconds(1));

  EXPECT_EQ(world.with("notifications/cancelled").size(), 1u);
}

TEST(StreamableHttp, ends_the_servers_session_with_its_own) {
  HttpWorld world;
  world.open_well();
  world.advance(milliseconds(1));

  const ServedRequest& last = world.requests.back();
  EXPECT_EQ(last.method, "DELETE");
  EXPECT_EQ(last.header("mcp-session-id"), "session-1");
  EXPECT_EQ(last.header("content-type"), "");
}

TEST(StreamableHttp, serves_servers_without_sessions) {
  HttpWorld world;
  world.session_id = "";
  {
    const auto session = world.open_well();
    EXPECT_EQ(world.ask(*session, "tools/list"), "{}");
    EXPECT_EQ(world.requests.back().header("mcp-session-id"), "");
  }
  world.advance(milliseconds(1));
  EXPECT_TRUE(world.of("DELETE").empty());
}

TEST(StreamableHttp, reads_initialize_from_an_event_stream) {
  HttpWorld world;
  world.shakes_hands = false;
  world.serve = [](ServedRequest& request) {
    if (!request.is("initialize")) return request.answer_status("202 Accepted");
    request.begin_events();
    request.event(R"({"jsonrpc":"2.0","method":"notifications/message","params":{"data":1}})");
    request.event(result_text(request.id(), hello));
    request.end_events();
  };
  EXPECT_TRUE(world.open());
  world.advance(milliseconds(1));
  EXPECT_LE(world.connections, 2u);
}

// Every way in which a server can fail to open a session.
TEST(StreamableHttp, says_why_a_session_cannot_be_opened) {
  struct Case {
    std::function<void(ServedRequest&)> serve;
    std::string why;
  };
  const std::vector<Case> cases = {
      {[](auto& r) { r.answer("401 Unauthorized", "text/plain", "who are you?"); },
       "upstream_failed: the server answered HTTP 401: who are you?"},
      {[](auto& r) { r.answer("404 Not Found", "text/html", "<p>"); },
       "upstream_failed: the server answered HTTP 404: <p>"},
      {[](auto& r) { r.answer("503 Service Unavailable", "", ""); },
       "unavailable: the server answered HTTP 503"},
      {[](auto& r) { r.answer("302 Found", "", "", "Location: http://169.254.169.254/\r\n"); },
       "upstream_failed: the server answered HTTP 302, a redirect, which is not followed"},
      {[](auto& r) { r.answer("200 OK", "text/html", "hello"); },
       "upstream_failed: the server answered HTTP 200 with neither JSON nor an event stream: "
       "hello"},
      {[](auto& r) { r.answer("202 Accepted", "", ""); },
       "upstream_failed: the server answered HTTP 202"},
      {[](auto& r) { r.answer_json("{"); }, "upstream_failed: the server's answer is no message"},
      {[](auto& r) { r.answer_json(result_text("77", hello)); },
       "upstream_failed: initialize was answered with something else"},
      {[](auto& r) { r.answer_json(result_text(r.id(), "{}")); },
       "upstream_failed: initialize was answered without a protocolVersion that is known"},
      {[](auto& r) {
         r.answer(
             "400 Bad Request", "application/json",
             R"({"jsonrpc":"2.0","id":)" + r.id() + R"(,"error":{"code":-32602,"message":"no"}})");
       },
       "bad_request: initialize was refused: no"},
      {[](auto& r) {
         r.answer("200 OK", "application/json", result_text(r.id(), hello),
                  "Mcp-Session-Id: a b\r\n");
       },
       "upstream_failed: the server named a session in a way that cannot be"},
      {[](auto& r) {
         r.answer("200 OK", "application/json", result_text(r.id(), hello),
                  "Mcp-Session-Id: a\r\nMcp-Session-Id: b\r\n");
       },
       "upstream_failed: "},
      {[](auto& r) { r.begin_events(), r.end_events(); },
       "upstream_failed: initialize was not answered"},
      {[](auto& r) { r.end->close(); }, "upstream_failed: "},
      {[](auto& r) { r.end->reset(); }, "upstream_failed: "},
      {[](auto&) {}, "timed_out: "},
  };
  for (const Case& each : cases) {
    HttpWorld world;
    world.shakes_hands = false;
    world.serve = each.serve;
    const auto session = world.open();
    ASSERT_FALSE(session) << each.why;
    const std::string told =
        std::string(name_of(session.error().fault())) + ": " + session.error().why();
    EXPECT_THAT(told, StartsWith(each.why));
  }
}

TEST(StreamableHttp, says_soon_that_a_server_is_down) {
  HttpWorld down;
  down.is_down = true;
  const auto refused = down.open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::unavailable);

  HttpWorld silent;
  silent.is_silent = true;
  const Instant begin = silent.scheduler.now();
  const auto unanswered = silent.open();
  ASSERT_FALSE(unanswered);
  EXPECT_EQ(unanswered.error().fault(), Fault::unavailable);
  EXPECT_LE(silent.scheduler.now() - begin, seconds(6));
}

// Answers to a call that are none. Each fails that call at once and leaves the session as it was.
TEST(StreamableHttp, fails_a_call_whose_answer_is_none) {
  const std::string other = result_text("999", "{}");
  const std::vector<std::pair<std::function<void(ServedRequest&)>, std::string>> cases = {
      {[&](auto& r) { r.answer_json(other); }, "is none to this request"},
      {[](auto& r) { r.answer_json("[" + result_text(r.id(), "{}") + "]"); }, "is no message"},
      {[](auto& r) { r.answer_json(""); }, "is no message"},
      {[](auto& r) { r.answer_json(R"({"jsonrpc":"2.0","id":1,"result":{},"result":{}})"); },
       "is no message"},
      {[](auto& r) { r.answer_json(R"({"jsonrpc":"2.0","method":"notifications/message"})"); },
       "is none to this request"},
      {[](auto& r) { r.answer_status("202 Accepted"); }, "took the request without an answer"},
      {[](auto& r) { r.answer_status("204 No Content"); }, "took the request without an answer"},
      {[](auto& r) { r.answer("200 OK", "application/json; charset=latin1", "{}"); },
       "neither JSON"},
      {[](auto& r) { r.answer("200 OK", "application/json", "{}", "Content-Encoding: gzip\r\n"); },
       "neither JSON"},
      {[](auto& r) { r.answer("206 Partial Content", "application/json", "{}"); }, "HTTP 206"},
      {[](auto& r) { r.answer("307 Temporary Redirect", "", "", "Location: /other\r\n"); },
       "a redirect, which is not followed"},
      {[](auto& r) { r.answer("500 Internal Server Error", "text/plain", "oh\r\nno"); },
       "HTTP 500"},
      {[](auto& r) { r.end->close(); }, ""},
      {[](auto& r) { r.end->reset(); }, ""},
      {[](auto& r) { r.begin_events(), r.end_events(); }, "ended its answer without a result"},
      {[](auto& r) { r.begin_events(), r.end->close(); }, "ended its answer without a result"},
      {[](auto& r) { r.begin_events(), r.event("hello"); }, "is no message"},
      {[](auto& r) { r.begin_events(), r.event("[]"); }, "is no message"},
      {[](auto& r) { r.begin_events(), r.raw_chunk("data: \xff\n\n"); }, "is no message"},
      {[&](auto& r) { r.begin_events(), r.event(other), r.end_events(); },
       "ended its answer without a result"},
  };
  for (const auto& [serve, why] : cases) {
    HttpWorld world;
    const auto session = world.open_well();
    world.serve = serve;
    const std::string told = world.ask(*session, "tools/call");
    EXPECT_THAT(told, StartsWith("upstream_failed: "));
    EXPECT_THAT(told, HasSubstr(why));
    EXPECT_EQ(world.with("tools/call").size(), 1u) << why;

    world.serve = [](ServedRequest& request) { request.answer_result("{}"); };
    EXPECT_EQ(world.ask(*session, "tools/call"), "{}") << why;
  }
}

TEST(StreamableHttp, takes_a_json_rpc_error_whatever_its_status) {
  for (const std::string status : {"200 OK", "400 Bad Request", "404 Not Found", "500 X"}) {
    HttpWorld world;
    world.session_id = "";
    const auto session = world.open_well();
    world.serve = [&](ServedRequest& request) {
      request.answer(status, "application/json",
                     R"({"jsonrpc":"2.0","id":)" + request.id() +
                         R"(,"error":{"code":-32050,"message":"as told"}})");
    };
    EXPECT_EQ(world.ask(*session, "tools/call"), R"({"code":-32050,"message":"as told"})");
  }
}

TEST(StreamableHttp, bounds_answers_and_events) {
  HttpWorld world;
  world.settings.answer_bytes_max = 1000;
  world.settings.event_bytes_max = 1000;
  const auto session = world.open_well();
  const std::string big = R"({"content":")" + std::string(2000, 'x') + R"("})";

  world.serve = [&](ServedRequest& request) { request.answer_result(big); };
  EXPECT_EQ(world.ask(*session, "tools/call"),
            "upstream_failed: the server's answer is longer than 1000 bytes");
  world.serve = [&](ServedRequest& request) {
    request.begin_events();
    request.event(result_text(request.id(), big));
  };
  EXPECT_THAT(world.ask(*session, "tools/call"), HasSubstr("of the event stream is too long"));
}

TEST(StreamableHttp, ignores_what_is_no_message_of_a_stream) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [](ServedRequest& request) {
    request.begin_events();
    request.raw_chunk(": a comment\n\nid: 1\ndata:\n\nevent: error\ndata: boom\n\n");
    request.raw_chunk("event: endpoint\ndata: http://169.254.169.254/\n\n");
    request.event(result_text(request.id(), text_42));
  };
  EXPECT_EQ(world.ask(*session, "tools/call"), text_42);
}

}  // namespace
}  // namespace upstream

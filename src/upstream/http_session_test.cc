#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_http_world.h"

namespace upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

const std::string text_42 = R"({"content":[{"type":"text","text":"42"}]})";

// -- sessions that the server forgot -------------------------------------------------------------

std::function<void(ServedRequest&)> forgets(std::string_view old_id, std::string status,
                                            std::string body) {
  return [=](ServedRequest& request) {
    if (request.header("mcp-session-id") != old_id) return request.answer_result(text_42);
    request.answer(status, "application/json", body);
  };
}

TEST(HttpSession, opens_a_forgotten_session_again_and_repeats_only_what_was_refused) {
  const std::string sdk =
      R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: No valid session ID provided"},"id":null})";
  for (const auto& [status, body] : std::vector<std::pair<std::string, std::string>>{
           {"404 Not Found", ""}, {"404 Not Found", "<html>"}, {"400 Bad Request", sdk}}) {
    HttpWorld world;
    const auto session = world.open_well();
    EXPECT_EQ(world.ask(*session, "logging/setLevel", R"({"level":"debug"})"), "{}");
    EXPECT_EQ(world.ask(*session, "resources/subscribe", R"({"uri":"a:b"})"), "{}");
    world.session_id = "session-2";
    world.serve = forgets("session-1", status, body);

    EXPECT_EQ(world.ask(*session, "tools/call"), text_42);
    world.advance(seconds(1));

    EXPECT_EQ(world.with("initialize").size(), 2u);
    EXPECT_EQ(world.with("tools/call").size(), 2u);
    EXPECT_EQ(world.with("tools/call").back().header("mcp-session-id"), "session-2");
    EXPECT_EQ(world.with("logging/setLevel").size(), 2u);
    EXPECT_EQ(world.with("resources/subscribe").size(), 2u);
    EXPECT_THAT(world.log(), HasSubstr("session opened again"));
  }
}

TEST(HttpSession, takes_an_error_of_the_request_itself_for_its_answer) {
  HttpWorld world;
  const auto session = world.open_well();
  for (const auto& [status, code] :
       std::vector<std::pair<std::string, std::string>>{{"404 Not Found", "-32601"},
                                                        {"404 Not Found", "-32602"},
                                                        {"400 Bad Request", "-32000"}}) {
    const std::string error = R"({"code":)" + code + R"(,"message":"no"})";
    world.serve = [&](ServedRequest& request) {
      request.answer(status, "application/json",
                     R"({"jsonrpc":"2.0","id":)" + request.id() + R"(,"error":)" + error + "}");
    };
    EXPECT_EQ(world.ask(*session, "tools/call"), error);
  }
  EXPECT_EQ(world.with("initialize").size(), 1u);
}

TEST(HttpSession, opens_it_again_once_for_all_calls_and_once_for_each) {
  HttpWorld world;
  const auto session = world.open_well();
  std::vector<ServedRequest> waiting;
  world.serve = [&](ServedRequest& request) { waiting.push_back(request); };
  const auto one = world.start(*session, "tools/call");
  const auto two = world.start(*session, "tools/call");
  world.session_id = "session-2";
  world.serve = [](ServedRequest& request) { request.answer_result(text_42); };
  for (const ServedRequest& request : waiting) request.answer_status("404 Not Found");
  EXPECT_EQ(world.next(*one), text_42);
  EXPECT_EQ(world.next(*two), text_42);
  EXPECT_EQ(world.with("initialize").size(), 2u);

  world.serve = [](ServedRequest& request) { request.answer_status("404 Not Found"); };
  EXPECT_EQ(world.ask(*session, "tools/call"), "upstream_failed: the server answered HTTP 404");
  EXPECT_EQ(world.with("initialize").size(), 3u);
}

TEST(HttpSession, has_the_client_start_over_where_the_server_is_another) {
  HttpWorld world;
  const auto session = world.open_well();
  world.session_id = "session-2";
  world.hello_result =
      R"({"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"n","version":"1"}})";
  world.serve = forgets("session-1", "404 Not Found", "");

  EXPECT_THAT(world.ask(*session, "tools/call"), StartsWith("not_found: "));
  EXPECT_THROW(world.ask(*session, "tools/call"), std::runtime_error);
  EXPECT_EQ(world.with("tools/call").size(), 1u);
}

TEST(HttpSession, says_that_a_lost_session_could_not_be_opened_again) {
  HttpWorld world;
  const auto session = world.open_well();
  world.shakes_hands = false;
  world.serve = [](ServedRequest& request) { request.answer_status("404 Not Found"); };
  EXPECT_THAT(world.ask(*session, "tools/call"), StartsWith("unavailable: the session was lost"));
  world.is_down = true;
  world.site->pool().drop_idle();
  EXPECT_THAT(world.ask(*session, "tools/call"), StartsWith("unavailable: connection refused"));
}

// -- connections ----------------------------------------------------------------------------------

TEST(HttpSession, repeats_on_a_dead_connection_only_what_may_happen_twice) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [&](ServedRequest& request) {
    if (world.with(request.rpc_method()).size() == 1) return request.end->reset();
    request.answer_result(text_42);
  };
  EXPECT_EQ(world.ask(*session, "tools/list"), text_42);
  EXPECT_EQ(world.with("tools/list").size(), 2u);
  EXPECT_THAT(world.ask(*session, "tools/call"), StartsWith("upstream_failed"));
  EXPECT_EQ(world.with("tools/call").size(), 1u);
}

TEST(HttpSession, bounds_the_calls_to_one_target) {
  HttpWorld world;
  world.settings.calls_max = 2;
  const auto session = world.open_well();
  world.serve = [](ServedRequest&) {};
  auto one = world.start(*session, "tools/call");
  const auto two = world.start(*session, "tools/call");
  EXPECT_THROW(world.start(*session, "tools/call"), std::runtime_error);
  one.reset();
  EXPECT_NO_THROW(world.start(*session, "tools/call"));
}

// -- the GET stream -------------------------------------------------------------------------------

TEST(HttpSession, listens_once_somebody_does) {
  HttpWorld world;
  const auto session = world.open_well();
  std::vector<ServedRequest> streams;
  world.serve = [&](ServedRequest& request) {
    request.begin_events();
    streams.push_back(request);
  };
  world.advance(seconds(10));
  EXPECT_TRUE(streams.empty());

  auto coming = session->next_unsolicited();
  coming.start(world.scheduler, std::noop_coroutine());
  world.advance(milliseconds(1));
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_EQ(streams[0].method, "GET");
  EXPECT_EQ(streams[0].header("accept"), "text/event-stream");
  EXPECT_EQ(streams[0].header("mcp-session-id"), "session-1");
  EXPECT_EQ(streams[0].header("last-event-id"), "");
  streams[0].event(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})", "e1");
  world.advance(milliseconds(1));
  ASSERT_TRUE(coming.is_done());
  EXPECT_EQ(coming.take()->method(), "notifications/tools/list_changed");

  // It goes on where it ended.
  streams[0].end_events();
  world.advance(seconds(2));
  ASSERT_EQ(streams.size(), 2u);
  EXPECT_EQ(streams[1].header("last-event-id"), "e1");
}

TEST(HttpSession, listens_anew_where_a_stream_cannot_be_gone_on_with) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [](ServedRequest& request) {
    if (!request.header("last-event-id").empty()) return request.answer_status("400 Bad Request");
    request.begin_events();
    request.event(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})", "e1");
  };
  EXPECT_THAT(world.next_unsolicited(*session), HasSubstr("list_changed"));
  world.of("GET").back().end->close();
  EXPECT_THAT(world.next_unsolicited(*session), HasSubstr("list_changed"));
  EXPECT_EQ(world.of("GET").size(), 3u);
}

TEST(HttpSession, takes_405_for_no_stream_and_asks_no_more) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [](ServedRequest& request) { request.answer_status("405 Method Not Allowed"); };
  auto coming = session->next_unsolicited();
  coming.start(world.scheduler, std::noop_coroutine());
  world.advance(minutes(5));
  EXPECT_EQ(world.of("GET").size(), 1u);
  EXPECT_FALSE(coming.is_done());
}

TEST(HttpSession, tries_again_ever_more_seldom_while_the_stream_fails) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [](ServedRequest& request) { request.answer_status("500 Oh"); };
  auto coming = session->next_unsolicited();
  coming.start(world.scheduler, std::noop_coroutine());
  world.advance(seconds(10));
  EXPECT_GE(world.of("GET").size(), 3u);
  world.advance(minutes(10));
  EXPECT_LE(world.of("GET").size(), 30u);
}

TEST(HttpSession, asks_a_client_that_does_not_listen_on_its_call) {
  HttpWorld world;
  world.capabilities = R"({"roots":{}})";
  const auto session = world.open_well();
  ServedRequest stream;
  world.serve = [&](ServedRequest& request) {
    if (request.method == "GET") stream = request;
    request.begin_events();
  };
  const auto call = world.start(*session, "tools/call");
  world.advance(milliseconds(1));
  ASSERT_EQ(stream.method, "GET");
  stream.event(R"({"jsonrpc":"2.0","id":7,"method":"roots/list"})");
  EXPECT_THAT(world.next(*call), HasSubstr("roots/list"));
}

TEST(HttpSession, listens_again_after_the_session_was_opened_again) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [&](ServedRequest& request) {
    const bool is_known = request.header("mcp-session-id") == world.session_id;
    if (!is_known) return request.answer_status("404 Not Found");
    if (request.method == "GET") return request.begin_events();
    request.answer_result("{}");
  };
  auto coming = session->next_unsolicited();
  coming.start(world.scheduler, std::noop_coroutine());
  world.advance(milliseconds(1));
  world.session_id = "session-2";
  world.of("GET").back().end->close();
  world.advance(minutes(1));
  EXPECT_EQ(world.ask(*session, "tools/list"), "{}");
  world.advance(milliseconds(1));
  EXPECT_EQ(world.of("GET").back().header("mcp-session-id"), "session-2");
}

// -- answers in several streams -------------------------------------------------------------------

TEST(HttpSession, goes_on_with_an_answer_that_the_server_interrupts) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [](ServedRequest& request) {
    if (request.method == "POST") {
      request.begin_events();
      request.raw_chunk("id: e1\nretry: 500\ndata:\n\n");
      return request.end_events();
    }
    EXPECT_EQ(request.header("last-event-id"), "e1");
    request.begin_events();
    request.event(result_text("1", text_42));
  };
  EXPECT_EQ(world.ask(*session, "tools/call"), text_42);
  EXPECT_EQ(world.with("tools/call").size(), 1u);
}

TEST(HttpSession, gives_up_an_answer_that_is_interrupted_for_ever) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = [](ServedRequest& request) {
    request.begin_events();
    request.raw_chunk("id: e1\ndata:\n\n");
    request.end_events();
  };
  EXPECT_THAT(world.ask(*session, "tools/call"), HasSubstr("again and again"));
  EXPECT_LE(world.of("GET").size(), 6u);

  world.serve = [](ServedRequest& request) {
    request.begin_events();
    request.raw_chunk("id: e1\nretry: 10\ndata:\n\n");
    request.end->reset();
  };
  EXPECT_THAT(world.ask(*session, "tools/call"), HasSubstr("again and again"));
  EXPECT_LE(world.of("GET").size(), 12u);
}

// Ends each stream of an answer, the first ones without news.
std::function<void(ServedRequest&)> is_polled(std::string retry, int times) {
  return [retry = std::move(retry), left = times](ServedRequest& request) mutable {
    request.begin_events();
    if (left-- == 0) return request.event(result_text("1", text_42));
    request.raw_chunk("id: e1\n" + retry + "data:\n\n");
    request.end_events();
  };
}

TEST(HttpSession, polls_a_server_that_says_when_until_the_call_is_late) {
  HttpWorld world;
  const auto session = world.open_well();
  world.serve = is_polled("retry: 2000\n", 30);
  const Instant began = world.scheduler.now();
  EXPECT_EQ(world.ask(*session, "tools/call"), text_42);
  EXPECT_EQ(world.of("GET").size(), 30u);
  EXPECT_GE(world.scheduler.now() - began, seconds(60));

  world.serve = is_polled("retry: 0\n", 1'000'000);
  EXPECT_THAT(world.ask(*session, "tools/call", "{}", seconds(60)), StartsWith("timed_out"));
  EXPECT_LE(world.of("GET").size(), 30u + 70u) << "not as often as it likes";
}

TEST(HttpSession, tells_a_call_that_its_answer_is_polled_if_it_wants_to_know) {
  HttpWorld world;
  world.tells_pauses = true;
  const auto session = world.open_well();
  world.serve = is_polled("retry: 500\n", 2);
  const auto call = world.start(*session, "tools/call");
  EXPECT_EQ(world.next(*call), "pause of 500 ms");
  world.advance(milliseconds(499));
  EXPECT_EQ(world.of("GET").size(), 0u);
  EXPECT_EQ(world.next(*call), "pause of 500 ms");
  EXPECT_EQ(world.next(*call), text_42);
}

TEST(HttpSession, says_once_what_nobody_has_read) {
  HttpWorld world;
  world.tells_pauses = true;
  const auto session = world.open_well();
  world.serve = is_polled("", 3);
  const auto call = world.start(*session, "tools/call");
  world.advance(seconds(10));
  EXPECT_EQ(world.of("GET").size(), 3u);
  EXPECT_EQ(world.next(*call), "pause of 1000 ms");
  EXPECT_EQ(world.next(*call), text_42);
}

TEST(HttpSession, takes_no_break_for_a_pause) {
  for (const std::string revision : {"2025-11-25", "2025-06-18"}) {
    HttpWorld world;
    world.tells_pauses = true;
    world.hello_result = R"({"protocolVersion":")" + revision +
                         R"(","capabilities":{},"serverInfo":{"name":"n","version":"1"}})";
    const auto session = world.open_well();
    world.serve = [&](ServedRequest& request) {
      request.begin_events();
      if (request.method == "GET") return request.event(result_text("1", text_42));
      request.raw_chunk("id: e1\nretry: 500\ndata:\n\n");
      if (revision == "2025-06-18") return request.end_events();
      request.end->reset();
    };
    const auto call = world.start(*session, "tools/call");
    EXPECT_EQ(world.next(*call), text_42) << revision;
  }
}

}  // namespace
}  // namespace upstream

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_http_world.h"
#include "upstream/detail_sse_session.h"

namespace upstream {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

std::string path_of(const std::string& said, const std::string& stream = "/a/sse?x=1",
                    const http::Endpoint& endpoint = http::Endpoint("server.test", 8000)) {
  HttpSettings settings;
  settings.endpoint = endpoint;
  settings.path = stream;
  const auto path = post_path_of(said, settings);
  return path ? *path : "error: " + path.error().why();
}

TEST(PostPath, stays_at_the_origin_of_the_stream) {
  EXPECT_EQ(path_of("/messages?sessionId=1"), "/messages?sessionId=1");
  EXPECT_EQ(path_of("messages?sessionId=1"), "/a/messages?sessionId=1");
  EXPECT_EQ(path_of("?sessionId=1"), "/a/sse?sessionId=1");
  EXPECT_EQ(path_of("http://server.test:8000/m?s=1"), "/m?s=1");
  EXPECT_EQ(path_of("http://SERVER.test:8000"), "/");
  EXPECT_EQ(path_of("https://x/m", "/sse", http::Endpoint("x", 443, true)), "/m");
  EXPECT_EQ(path_of("http://[::1]:80/m", "/sse", http::Endpoint("::1", 80)), "/m");
  EXPECT_EQ(path_of("m?a=http://x/", "/sse"), "/m?a=http://x/");
  const std::string elsewhere[] = {"http://server.test/m",
                                   "https://server.test:8000/m",
                                   "http://other.test:8000/m",
                                   "http://server.test:8000@other.test/m",
                                   "//other.test/m",
                                   "javascript:alert(1)",
                                   "",
                                   "/a b",
                                   "/a\r\nX: y",
                                   "/a/../b",
                                   "../b",
                                   "/%2e%2e/b",
                                   "/a#b",
                                   "\\\\other.test\\m",
                                   std::string(5000, 'a')};
  for (const std::string& said : elsewhere) {
    EXPECT_THAT(path_of(said), HasSubstr("error: the server named no address")) << said;
  }
}

Task<Result<std::unique_ptr<Session>>> open_session(HttpWorld& world,
                                                    std::shared_ptr<HttpPlace> place,
                                                    std::string params) {
  const auto document = json::Document::parse(std::move(params));
  CO_TRY(auto checked, InitializeParams::from(document->root()));
  SseWire wire(world.site, std::move(place), nullptr);
  co_return co_await open_sse_session(std::move(wire), std::move(checked), Deadline::never());
}

class SseSessionTest : public testing::Test {
 protected:
  SseSessionTest() {
    world_.settings.path = "/sse";
    world_.shakes_hands = false;
    world_.serve = [this](ServedRequest& request) { serve(request); };
  }

  // As servers do: a stream for each GET, 202 for each POST, answers on the stream.
  virtual void serve(ServedRequest& request) {
    if (request.method == "GET") {
      streams_.push_back(request);
      request.begin_events();
      if (!endpoint_.empty()) {
        request.raw_chunk("event: endpoint\r\ndata: " + endpoint_ + "\r\n\r\n");
      }
      return;
    }
    if (refuses_ == request.rpc_method())
      return request.answer("400 Bad Request", "text/plain", "no");
    request.answer("202 Accepted", "text/plain", "Accepted");
    if (request.is("initialize")) say(result_text(request.id(), hello_));
    if (request.is("tools/call") && answers_) say(result_text(request.id(), R"({"content":[]})"));
  }
  void say(const std::string& text) { streams_.back().event(text); }

  Result<std::unique_ptr<Session>> open() {
    place_ = std::make_shared<HttpPlace>(mcp::TargetName("older"), world_.settings,
                                         Log(log_, LogFormat::json, LogLevel::debug));
    return world_.run(open_session(world_, place_,
                                   R"({"protocolVersion":"2025-11-25","capabilities":{},)"
                                   R"("clientInfo":{"name":"test","version":"1"}})"));
  }
  std::unique_ptr<Session> open_well() {
    auto session = open();
    EXPECT_TRUE(session) << session.error().why();
    if (!session) throw std::runtime_error("no session");
    return std::move(*session);
  }
  std::string why_not() {
    const auto session = open();
    if (session) return "";
    return std::string(name_of(session.error().fault())) + ": " + session.error().why();
  }

  class TextLog final : public LogSink {
   public:
    void write(std::string_view line) override { text.append(line); }
    std::string text;
  };

  TextLog log_;
  HttpWorld world_;
  std::shared_ptr<HttpPlace> place_;
  std::vector<ServedRequest> streams_;
  std::string endpoint_ = "/messages?sessionId=1";
  std::string hello_ =
      R"({"protocolVersion":"2024-11-05","capabilities":{},"serverInfo":{"name":"s","version":"1"}})";
  std::string refuses_;
  bool answers_ = true;
};

TEST_F(SseSessionTest, opens_a_stream_and_posts_where_the_server_says) {
  const auto session = open_well();
  EXPECT_EQ(session->revision(), mcp::Revision::v2024_11_05);
  ASSERT_EQ(world_.of("GET").size(), 1U);
  EXPECT_EQ(world_.of("GET")[0].path, "/sse");
  EXPECT_EQ(world_.of("GET")[0].header("accept"), "text/event-stream");
  EXPECT_EQ(world_.ask(*session, "tools/call", R"({"name":"a"})"), R"({"content":[]})");
  const auto posts = world_.of("POST");
  ASSERT_EQ(posts.size(), 3U);
  for (const ServedRequest& post : posts) EXPECT_EQ(post.path, "/messages?sessionId=1");
  EXPECT_EQ(posts[0].rpc_method(), "initialize");
  EXPECT_EQ(posts[1].rpc_method(), "notifications/initialized");
  EXPECT_EQ(posts[0].header("mcp-protocol-version"), "");
  EXPECT_EQ(posts[2].header("mcp-protocol-version"), "2024-11-05");
}

TEST_F(SseSessionTest, is_not_opened_with_what_speaks_otherwise) {
  endpoint_ = "http://other.test/m";
  EXPECT_THAT(why_not(), HasSubstr("upstream_failed: the server named no address"));
  EXPECT_TRUE(world_.of("POST").empty());
  endpoint_ = "";
  EXPECT_THAT(why_not(), HasSubstr("timed_out: the server did not say where"));
  endpoint_ = "/m";
  refuses_ = "initialize";
  EXPECT_THAT(why_not(), HasSubstr("initialize was not taken: the server answered HTTP 400"));
  refuses_.clear();
  hello_ = R"({"protocolVersion":"1999-01-01","capabilities":{}})";
  EXPECT_THAT(why_not(), HasSubstr("without a protocolVersion that is known"));
  world_.serve = [](ServedRequest& request) { request.answer_status("404 Not Found"); };
  EXPECT_THAT(why_not(), HasSubstr("upstream_failed: the server answered HTTP 404"));
  world_.serve = [](ServedRequest& request) { request.answer_json("{}"); };
  EXPECT_THAT(why_not(), HasSubstr("neither JSON nor an event stream"));
  world_.is_down = true;
  world_.site->pool().drop_idle();
  EXPECT_THAT(why_not(), HasSubstr("unavailable: "));
  EXPECT_EQ(place_->streams, 0U);
}

TEST_F(SseSessionTest, fails_a_call_that_is_not_taken_and_goes_on) {
  const auto session = open_well();
  refuses_ = "tools/call";
  EXPECT_THAT(world_.ask(*session, "tools/call"),
              HasSubstr("upstream_failed: the server answered HTTP 400: no"));
  refuses_.clear();
  EXPECT_EQ(world_.ask(*session, "tools/call"), R"({"content":[]})");
  EXPECT_EQ(place_->calls, 0U);
}

TEST_F(SseSessionTest, fails_a_call_whose_answer_cannot_be_read) {
  answers_ = false;
  const auto session = open_well();
  const auto call = world_.start(*session, "tools/call");
  const std::string id = world_.with("tools/call")[0].id();
  say("not a message");
  say(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":5,"error":{}})");
  EXPECT_THAT(world_.next(*call), HasSubstr("upstream_failed: "));
  EXPECT_THAT(log_.text, HasSubstr("event skipped"));
}

TEST_F(SseSessionTest, brings_questions_and_answers_and_says_what_was_given_up) {
  answers_ = false;
  const auto session = open_well();
  auto call = world_.start(*session, "tools/call", R"({"name":"a","_meta":{"progressToken":"t"}})");
  const std::string id = world_.with("tools/call")[0].id();
  say(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" + id +
      R"(,"progress":1}})");
  EXPECT_THAT(world_.next(*call), HasSubstr(R"("progressToken":"t")"));
  say(R"({"jsonrpc":"2.0","id":"q","method":"roots/list"})");
  const auto question = world_.run(call->next());
  ASSERT_TRUE(question);
  ASSERT_EQ(question->kind(), Event::Kind::question);
  EXPECT_TRUE(world_.run(session->refuse(question->question(), mcp::Code::internal_error, "no")));
  world_.advance(seconds(1));
  EXPECT_THAT(world_.of("POST").back().body, HasSubstr(R"("id":"q")"));
  call.reset();
  world_.advance(seconds(1));
  EXPECT_THAT(world_.of("POST").back().body, HasSubstr("notifications/cancelled"));
}

TEST_F(SseSessionTest, is_opened_again_when_the_stream_broke_and_a_call_comes) {
  const auto session = open_well();
  EXPECT_EQ(world_.ask(*session, "logging/setLevel", R"({"level":"info"})", seconds(1)),
            "timed_out: no answer in time");
  answers_ = false;
  const auto call = world_.start(*session, "tools/call");
  streams_.back().end.get()->close();
  EXPECT_THAT(world_.next(*call), HasSubstr("upstream_failed: the server's stream ended"));
  world_.advance(seconds(5));
  EXPECT_EQ(streams_.size(), 1U) << "nobody wants it";
  answers_ = true;
  endpoint_ = "/messages?sessionId=2";
  EXPECT_EQ(world_.ask(*session, "tools/call"), R"({"content":[]})");
  ASSERT_EQ(streams_.size(), 2U);
  EXPECT_EQ(world_.with("initialize").size(), 2U);
  EXPECT_EQ(world_.with("logging/setLevel").size(), 2U) << "the server has forgotten it";
  EXPECT_EQ(world_.with("tools/call").back().path, "/messages?sessionId=2");
  EXPECT_EQ(place_->streams, 1U);
}

TEST_F(SseSessionTest, is_opened_again_by_itself_for_a_client_that_listens) {
  const auto session = open_well();
  auto listening = session->next_unsolicited();
  listening.start(world_.scheduler, std::noop_coroutine());
  streams_.back().end->reset();
  world_.advance(seconds(5));
  ASSERT_EQ(streams_.size(), 2U);
  say(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  world_.advance(seconds(1));
  ASSERT_TRUE(listening.is_done());
  EXPECT_THAT(listening.take()->text(), HasSubstr("list_changed"));
}

TEST_F(SseSessionTest, is_over_when_the_server_speaks_another_revision_than_before) {
  const auto session = open_well();
  streams_.back().end->close();
  world_.advance(seconds(1));
  hello_ =
      R"({"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}})";
  EXPECT_THROW(world_.ask(*session, "tools/call"), std::runtime_error);
  const auto next = world_.run(session->next_unsolicited());
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().fault(), Fault::not_found);
}

TEST_F(SseSessionTest, gives_up_on_a_server_that_is_gone_and_comes_back_to_it) {
  const auto session = open_well();
  world_.is_down = true;
  streams_.back().end->reset();
  world_.advance(seconds(1));
  EXPECT_THROW(world_.ask(*session, "tools/call", "{}", seconds(2)), std::runtime_error);
  world_.is_down = false;
  world_.advance(seconds(60));
  EXPECT_EQ(world_.ask(*session, "tools/call"), R"({"content":[]})");
}

TEST_F(SseSessionTest, keeps_to_the_limits_of_its_target) {
  world_.settings.streams_max = 1;
  world_.settings.event_bytes_max = 1000;
  auto session = open_well();
  EXPECT_THAT(log_.text, Not(HasSubstr("stream ended")));
  say(std::string(2000, 'x'));
  world_.advance(seconds(1));
  EXPECT_THAT(log_.text, HasSubstr("stream ended"));
  EXPECT_EQ(place_->streams, 0U);
}

// A server that refuses the first POST of Streamable HTTP is tried in the older way.
TEST_F(SseSessionTest, is_what_comes_of_a_target_that_speaks_only_this) {
  world_.shakes_hands = false;
  world_.serve = [this](ServedRequest& request) {
    if (request.method == "POST" && request.path == "/sse") {
      return request.answer("405 Method Not Allowed", "text/plain", "");
    }
    serve(request);
  };
  const auto session = world_.open_either();
  ASSERT_TRUE(session) << session.error().why();
  EXPECT_EQ(world_.ask(**session, "tools/call"), R"({"content":[]})");
  EXPECT_EQ(world_.with("initialize").back().path, "/messages?sessionId=1");
}

}  // namespace
}  // namespace upstream

#include "gateway/event_stream.h"

#include <gtest/gtest.h>

#include "http/sse.h"
#include "net/test_loop.h"

namespace gateway {
namespace {

// Gives its texts, and then waits or ends.
class Texts final : public MessageSource {
 public:
  struct Script {
    std::deque<std::string> texts;
    bool ends = true;
    std::optional<Duration> pause;  // at the end
    std::size_t asked = 0;
    bool is_gone = false;
    std::optional<StreamRest> rest;
    Signal changed;
  };

  explicit Texts(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  ~Texts() override { script_->is_gone = true; }

  Task<std::optional<std::string>> next() override {
    ++script_->asked;
    while (script_->texts.empty() && !script_->ends) {
      co_await script_->changed.wait();
    }
    if (script_->texts.empty()) co_return std::nullopt;
    std::string text = std::move(script_->texts.front());
    script_->texts.pop_front();
    co_return text;
  }
  std::optional<Duration> pause() const override { return script_->pause; }
  void interrupted(StreamRest&& rest) override { script_->rest = std::move(rest); }

 private:
  std::shared_ptr<Script> script_;
};

class EventStreamTest : public testing::Test {
 protected:
  http::Response respond(std::optional<std::string> first) {
    return stream_response(loop_, std::make_unique<Texts>(script_), std::move(first));
  }
  std::optional<std::string> read(http::Response& response, Deadline deadline) {
    return net::run_to_end(loop_, response.body.read(deadline)).value();
  }
  std::optional<std::string> read(http::Response& response) {
    return read(response, Deadline::in(loop_.now(), std::chrono::seconds(5)));
  }
  // All that comes, as a client understands it.
  std::vector<std::string> events(http::Response& response) {
    http::EventReader reader;
    while (const auto piece = read(response)) {
      EXPECT_TRUE(reader.push(*piece));
    }
    std::vector<std::string> found;
    while (auto event = reader.next()) {
      EXPECT_EQ(event->name, "message");
      found.push_back(event->data);
    }
    return found;
  }

  net::Loop loop_;
  std::shared_ptr<Texts::Script> script_ = std::make_shared<Texts::Script>();
};

TEST_F(EventStreamTest, is_a_response_that_nothing_may_store_or_change) {
  const http::Response response = respond(std::nullopt);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("content-type"), "text/event-stream");
  EXPECT_EQ(response.headers.find("cache-control"), "no-cache, no-transform");
  EXPECT_EQ(response.headers.find("x-accel-buffering"), "no");
  EXPECT_FALSE(response.body.is_whole());
  EXPECT_EQ(response.body.length(), std::nullopt);
}

TEST_F(EventStreamTest, sends_the_first_message_at_once_and_then_the_others) {
  script_->texts = {R"({"b":2})", R"({"c":3})"};
  http::Response response = respond(R"({"a":1})");
  EXPECT_EQ(events(response), (std::vector<std::string>{R"({"a":1})", R"({"b":2})", R"({"c":3})"}));
}

TEST_F(EventStreamTest, begins_with_a_comment_where_there_is_no_message_yet) {
  http::Response response = respond(std::nullopt);
  EXPECT_EQ(read(response), http::format_comment("open"));
  EXPECT_EQ(read(response), std::nullopt);
}

TEST_F(EventStreamTest, asks_its_source_for_nothing_before_it_is_read) {
  script_->texts = {"1"};
  const http::Response response = respond(std::nullopt);
  loop_.turn(Instant::min());
  EXPECT_EQ(script_->asked, 0U);
}

TEST_F(EventStreamTest, gives_messages_as_they_come) {
  script_->ends = false;
  http::Response response = respond(std::nullopt);
  read(response);
  Task<Result<std::optional<std::string>>> reading =
      response.body.read(Deadline::in(loop_.now(), std::chrono::seconds(5)));
  reading.start(loop_, std::noop_coroutine());
  loop_.turn(Instant::min());
  EXPECT_FALSE(reading.is_done());
  script_->texts = {"1"};
  script_->changed.notify_all();
  for (int turn = 0; turn < 10 && !reading.is_done(); ++turn) loop_.turn(Instant::min());
  ASSERT_TRUE(reading.is_done());
  EXPECT_NE(reading.take().value().value_or("").find("data: 1"), std::string::npos);
}

TEST_F(EventStreamTest, says_something_when_nothing_comes) {
  script_->ends = false;
  http::Response response = respond(std::nullopt);
  read(response);
  // A deadline of the connection's that comes before the fifteen seconds does the same.
  const Deadline soon = Deadline::in(loop_.now(), std::chrono::milliseconds(5));
  EXPECT_EQ(read(response, soon), http::format_comment("keep-alive"));
  script_->texts = {"1"};
  script_->ends = true;
  script_->changed.notify_all();
  EXPECT_EQ(events(response), std::vector<std::string>{"1"});
}

TEST_F(EventStreamTest, fetches_a_bounded_number_of_messages_ahead) {
  script_->texts = std::deque<std::string>(100, "1");
  http::Response response = respond(std::nullopt);
  read(response);
  for (int turn = 0; turn < 10; ++turn) loop_.turn(Instant::min());
  EXPECT_EQ(script_->asked, 16U);
  EXPECT_EQ(events(response).size(), 100U);
}

TEST_F(EventStreamTest, fetches_a_bounded_number_of_bytes_ahead) {
  script_->texts = std::deque<std::string>(5, std::string(600'000, '1'));
  http::Response response = respond(std::nullopt);
  read(response);
  for (int turn = 0; turn < 10; ++turn) loop_.turn(Instant::min());
  EXPECT_EQ(script_->asked, 2U);
  EXPECT_EQ(events(response).size(), 5U);
}

TEST_F(EventStreamTest, hands_over_what_a_client_may_not_have_got) {
  script_->texts = {"2", "3"};
  script_->ends = false;
  {
    http::Response response =
        stream_response(loop_, std::make_unique<Texts>(script_), "1", EventIds{"s", 7});
    EXPECT_EQ(read(response), "id: s-7\ndata: 1\n\n");
    for (int turn = 0; turn < 10; ++turn) loop_.turn(Instant::min());
  }
  ASSERT_TRUE(script_->rest);
  ASSERT_EQ(script_->rest->sent.size(), 3U);
  EXPECT_EQ(script_->rest->sent[0].number, 7U);
  EXPECT_EQ(script_->rest->sent[2].number, 9U);
  EXPECT_EQ(script_->rest->sent[2].text, "3");
  EXPECT_EQ(script_->rest->next, 10U);
}

TEST_F(EventStreamTest, hands_over_nothing_of_a_stream_that_came_to_its_end) {
  {
    http::Response response =
        stream_response(loop_, std::make_unique<Texts>(script_), "1", EventIds{"s", 1});
    EXPECT_EQ(events(response), std::vector<std::string>{"1"});
  }
  EXPECT_FALSE(script_->rest);
  script_->ends = false;
  {
    http::Response response = respond("1");
    read(response);
  }
  EXPECT_FALSE(script_->rest) << "its events have no ids";
}

TEST_F(EventStreamTest, keeps_a_bounded_number_of_what_was_sent) {
  script_->texts = std::deque<std::string>(200, "1");
  script_->ends = false;
  {
    http::Response response =
        stream_response(loop_, std::make_unique<Texts>(script_), "1", EventIds{"s", 1});
    for (int turn = 0; turn < 100; ++turn) {
      read(response, Deadline::in(loop_.now(), std::chrono::milliseconds(1)));
    }
  }
  ASSERT_TRUE(script_->rest);
  EXPECT_EQ(script_->rest->next, 202U);
  EXPECT_EQ(script_->rest->sent.size(), 64U);
  EXPECT_EQ(script_->rest->sent.back().number, 201U);
}

TEST_F(EventStreamTest, begins_with_an_id_to_come_back_with) {
  http::Response response =
      stream_response(loop_, std::make_unique<Texts>(script_), "1", EventIds{"s", 1, true});
  EXPECT_EQ(read(response), "retry: 1000\nid: s-0\ndata: \n\nid: s-1\ndata: 1\n\n");
  const auto place = EventIds::read("s-0");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->number, 0U);
}

TEST_F(EventStreamTest, says_when_to_come_back_where_it_ends_early) {
  script_->texts = {"2"};
  script_->pause = std::chrono::milliseconds(2500);
  {
    http::Response response =
        stream_response(loop_, std::make_unique<Texts>(script_), "1", EventIds{"s", 1, true});
    read(response);
    EXPECT_EQ(read(response), "id: s-2\ndata: 2\n\n");
    EXPECT_EQ(read(response), "retry: 2500\nid: s-2\ndata: \n\n");
    EXPECT_EQ(read(response), std::nullopt);
  }
  ASSERT_TRUE(script_->rest);
  EXPECT_EQ(script_->rest->sent.size(), 2U);
  EXPECT_EQ(script_->rest->next, 3U);
}

TEST_F(EventStreamTest, says_once_when_to_come_back) {
  script_->pause = std::chrono::milliseconds(500);
  EventIds ids{"s", 1, true};
  ids.back_after = std::chrono::milliseconds(500);
  http::Response response =
      stream_response(loop_, std::make_unique<Texts>(script_), std::nullopt, ids);
  EXPECT_EQ(read(response), "retry: 500\nid: s-0\ndata: \n\n");
  EXPECT_EQ(read(response), std::nullopt);
}

TEST_F(EventStreamTest, may_begin_with_an_event_that_is_no_message) {
  http::Response response = stream_response(loop_, std::make_unique<Texts>(script_),
                                            http::Event("endpoint", "?sessionId=x"));
  EXPECT_EQ(read(response), "event: endpoint\ndata: ?sessionId=x\n\n");
}

TEST(EventIds, reads_only_what_it_writes) {
  const EventIds ids{"281474976710657", 1};
  const auto place = EventIds::read(ids.id(12));
  ASSERT_TRUE(place);
  EXPECT_EQ(place->name, ids.name);
  EXPECT_EQ(place->number, 12U);
  for (const char* other : {"", "-", "1", "-1", "1-", "1-x", "1-2x", "1--"}) {
    EXPECT_FALSE(EventIds::read(other)) << other;
  }
}

TEST_F(EventStreamTest, drops_its_source_with_itself) {
  script_->ends = false;
  {
    http::Response response = respond(std::nullopt);
    read(response);
    loop_.turn(Instant::min());
    EXPECT_EQ(script_->asked, 1U);
    EXPECT_FALSE(script_->is_gone);
  }
  EXPECT_TRUE(script_->is_gone);
}

}  // namespace
}  // namespace gateway

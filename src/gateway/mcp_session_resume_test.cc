#include "gateway/detail_mcp_session_test.h"

namespace gateway {
namespace {

BrokenStream broken(bool is_over = false, bool is_paused = false) {
  StreamRest rest;
  rest.sent.push_back({1, "first"});
  rest.next = 2;
  return BrokenStream(CallFacts{mcp::Id(7), mcp::Touches::tool, {}}, std::move(rest), is_over,
                      is_paused);
}
BrokenStream paused() {
  return broken(false, true);
}

TEST_F(McpSessionTest, keeps_what_comes_of_a_call_for_a_client_that_comes_back) {
  const StreamId stream = start("7").value();
  EXPECT_EQ(run(session_.reattach(stream + 1)).error().fault(), Fault::not_found);
  Task<> detaching = begin(session_.detach(stream, broken()));
  ASSERT_TRUE(detaching.is_done());
  call(0).say(notification("notifications/message"));
  call(0).say(question(5));
  call(0).say(result("{}"));
  scheduler_.run();
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{5}) << "nobody is there to be asked";
  EXPECT_TRUE(call(0).is_gone);

  const auto back = run(session_.reattach(stream));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->rest.sent.front().text, "first");
  auto second = begin(session_.reattach(stream));
  scheduler_.advance(std::chrono::seconds(3));
  ASSERT_TRUE(second.is_done());
  EXPECT_FALSE(second.take()) << "one reader at a time";
  EXPECT_EQ(run(session_.next_kept(stream)).value().method(), "notifications/message");
  EXPECT_EQ(run(session_.next_kept(stream)).value().kind(), Event::Kind::result);
  EXPECT_EQ(run(session_.next_kept(stream)).error().fault(), Fault::not_found);
}

TEST_F(McpSessionTest, waits_a_moment_for_the_end_of_the_old_connection) {
  const StreamId stream = start("7").value();
  auto early = begin(session_.reattach(stream));
  EXPECT_FALSE(early.is_done());
  (void)begin(session_.detach(stream, broken()));
  ASSERT_TRUE(early.is_done());
  EXPECT_TRUE(early.take());

  const StreamId held = start("8").value();
  auto never = begin(session_.reattach(held));
  scheduler_.advance(std::chrono::seconds(3));
  ASSERT_TRUE(never.is_done());
  EXPECT_FALSE(never.take());
}

TEST_F(McpSessionTest, goes_on_with_a_stream_that_breaks_off_again) {
  const StreamId stream = start("7").value();
  (void)begin(session_.detach(stream, broken()));
  ASSERT_TRUE(run(session_.reattach(stream)));
  auto coming = begin(session_.next_kept(stream));
  EXPECT_FALSE(coming.is_done());
  call(0).say(question(5));
  scheduler_.run();
  ASSERT_TRUE(coming.is_done());
  EXPECT_EQ(coming.take().value().kind(), Event::Kind::question);
  (void)begin(session_.detach(stream, broken()));
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{5});
  call(0).say(result("{}"));
  scheduler_.run();
  ASSERT_TRUE(run(session_.reattach(stream)));
  EXPECT_EQ(run(session_.next_kept(stream)).value().kind(), Event::Kind::result);
}

TEST_F(McpSessionTest, keeps_a_bounded_number_of_streams_for_a_bounded_time) {
  std::vector<StreamId> streams;
  for (int id = 0; id < 17; ++id) {
    streams.push_back(start(std::to_string(id)).value());
    (void)begin(session_.detach(streams.back(), broken()));
  }
  auto dropped = begin(session_.reattach(streams[0]));
  scheduler_.advance(std::chrono::seconds(3));
  ASSERT_TRUE(dropped.is_done());
  EXPECT_FALSE(dropped.take());
  EXPECT_TRUE(run(session_.reattach(streams[1])));
  scheduler_.advance(std::chrono::minutes(6));
  EXPECT_FALSE(run(session_.reattach(streams[2])));
}

TEST_F(McpSessionTest, tells_pauses_to_calls_whose_client_can_come_back) {
  page(R"({"tools":[{"name":"echo"}]})");
  heard_.ready.emplace_back(Event::pause(std::chrono::seconds(2)));
  CallOrder wanting = order("echo", true);
  wanting.can_come_back = true;
  const auto first = run(session_.call(7, std::move(wanting)));
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->kind(), Event::Kind::pause);
  EXPECT_EQ((*first)->back_after(), std::chrono::seconds(2));
  EXPECT_TRUE(call(1).tells_pauses);
  start("8").value();
  EXPECT_FALSE(call(2).tells_pauses);
}

TEST_F(McpSessionTest, asks_a_client_that_was_told_to_come_back) {
  const StreamId stream = start("7").value();
  call(0).say(question(5));
  EXPECT_EQ(run(session_.next(stream)).value().kind(), Event::Kind::question);
  (void)begin(session_.detach(stream, paused()));
  call(0).say(question(6));
  scheduler_.run();
  EXPECT_TRUE(heard_.refused.empty());
  ASSERT_TRUE(run(session_.reattach(stream)));
  EXPECT_EQ(run(session_.next_kept(stream)).value().question(), upstream::QuestionId{6});
  (void)begin(session_.detach(stream, broken()));
  EXPECT_EQ(heard_.refused, (std::vector<std::uint64_t>{5, 6})) << "it broke off this time";
}

TEST_F(McpSessionTest, gives_up_a_client_that_does_not_come_back_when_told) {
  const StreamId stream = start("7").value();
  (void)begin(session_.detach(stream, paused()));
  call(0).say(question(5));
  scheduler_.advance(std::chrono::minutes(6));
  EXPECT_FALSE(run(session_.reattach(stream)));
  EXPECT_TRUE(heard_.refused.empty());
  (void)begin(session_.detach(start("8").value(), broken()));
  EXPECT_EQ(heard_.refused, std::vector<std::uint64_t>{5});
  call(0).say(question(6));
  scheduler_.run();
  EXPECT_EQ(heard_.refused, (std::vector<std::uint64_t>{5, 6}));
}

TEST_F(McpSessionTest, hands_on_only_pauses_that_come_while_the_client_is_there) {
  const StreamId stream = start("7").value();
  (void)begin(session_.detach(stream, paused()));
  call(0).say(Event::pause(std::chrono::seconds(1)));
  scheduler_.run();
  ASSERT_TRUE(run(session_.reattach(stream)));
  auto coming = begin(session_.next_kept(stream));
  EXPECT_FALSE(coming.is_done());
  call(0).say(Event::pause(std::chrono::seconds(2)));
  scheduler_.run();
  ASSERT_TRUE(coming.is_done());
  EXPECT_EQ(coming.take().value().back_after(), std::chrono::seconds(2));
  call(0).say(Event::pause(std::chrono::seconds(3)));
  scheduler_.run();
  // Back before the end of the last stream was noticed.
  auto again = begin(session_.reattach(stream));
  EXPECT_FALSE(again.is_done());
  (void)begin(session_.detach(stream, paused()));
  ASSERT_TRUE(again.is_done());
  EXPECT_TRUE(again.take());
  call(0).say(result("{}"));
  scheduler_.run();
  EXPECT_EQ(run(session_.next_kept(stream)).value().kind(), Event::Kind::result);
}

TEST_F(McpSessionTest, keeps_many_paused_streams_and_lets_no_more_be_ended) {
  std::vector<StreamId> streams;
  for (int id = 0; id < 64; ++id) {
    streams.push_back(start(std::to_string(id)).value());
    (void)begin(session_.detach(streams.back(), paused()));
  }
  const StreamId one_more = start("64").value();
  call(64).say(Event::pause(std::chrono::seconds(1)));
  auto coming = begin(session_.next(one_more));
  EXPECT_FALSE(coming.is_done());
  EXPECT_TRUE(run(session_.reattach(streams[0])));
  call(64).say(Event::pause(std::chrono::seconds(2)));
  scheduler_.run();
  ASSERT_TRUE(coming.is_done());
  EXPECT_EQ(coming.take().value().back_after(), std::chrono::seconds(2));
}

TEST_F(McpSessionTest, never_drops_a_stream_that_is_read) {
  const StreamId stream = start("0").value();
  (void)begin(session_.detach(stream, broken()));
  ASSERT_TRUE(run(session_.reattach(stream)));
  for (int id = 1; id < 40; ++id) {
    (void)begin(session_.detach(start(std::to_string(id)).value(), broken()));
  }
  call(0).say(result("{}"));
  scheduler_.run();
  EXPECT_EQ(run(session_.next_kept(stream)).value().kind(), Event::Kind::result);
}

TEST_F(McpSessionTest, reads_on_when_a_slow_client_breaks_off_again) {
  const StreamId stream = start("7").value();
  (void)begin(session_.detach(stream, broken()));
  ASSERT_TRUE(run(session_.reattach(stream)));
  for (int i = 0; i < 100; ++i) call(0).say(notification("notifications/message"));
  call(0).say(result("{}"));
  scheduler_.run();
  EXPECT_FALSE(call(0).is_gone) << "the server waits for the client";
  (void)begin(session_.detach(stream, broken()));
  EXPECT_TRUE(call(0).is_gone);
}

}  // namespace
}  // namespace gateway

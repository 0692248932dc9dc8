// Sessions over HTTP that several processes go on with.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_http_world.h"

namespace upstream {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const std::string text_42 = R"({"content":[{"type":"text","text":"42"}]})";

// A server that one process has opened a session with, and another goes on.
class PortableTest : public testing::Test {
 protected:
  PortableTest() {
    world_.serve = [](ServedRequest& request) { request.answer_result(text_42); };
    session_ = world_.open_well();
    state_ = session_->portable_state().value_or("");
    session_->share();
  }
  std::unique_ptr<Session> resumed() {
    auto made = world_.resume(state_);
    if (!made) throw std::runtime_error(made.error().why());
    return std::move(*made);
  }

  HttpWorld world_;
  std::unique_ptr<Session> session_;
  std::string state_;
};

TEST_F(PortableTest, goes_on_without_a_word_to_the_server) {
  const std::size_t before = world_.requests.size();
  const auto other = resumed();
  world_.advance(seconds(1));
  EXPECT_EQ(world_.requests.size(), before);
  EXPECT_EQ(other->revision(), session_->revision());
  EXPECT_EQ(other->initialized().result()->find("capabilities")->raw(),
            session_->initialized().result()->find("capabilities")->raw());
  EXPECT_EQ(other->portable_state(), state_);

  EXPECT_EQ(world_.ask(*other, "tools/call"), text_42);
  EXPECT_EQ(world_.ask(*session_, "tools/call"), text_42);
  for (const ServedRequest& call : world_.with("tools/call")) {
    EXPECT_EQ(call.header("mcp-session-id"), "session-1");
    EXPECT_EQ(call.header("mcp-protocol-version"), "2025-11-25");
  }
  EXPECT_EQ(world_.with("initialize").size(), 1u);
}

TEST_F(PortableTest, does_not_open_again_what_another_process_may_have_ended) {
  const auto other = resumed();
  world_.serve = [](ServedRequest& request) { request.answer_status("404 Not Found"); };
  for (Session* each : {session_.get(), other.get()}) {
    EXPECT_THAT(world_.ask(*each, "tools/call"), HasSubstr("not_found"));
    EXPECT_THAT(world_.next_unsolicited(*each), HasSubstr("not_found"));
  }
  EXPECT_EQ(world_.with("initialize").size(), 1u);
}

TEST_F(PortableTest, tells_the_server_of_the_end_only_if_the_client_ended_it) {
  auto other = resumed();
  other.reset();
  world_.advance(seconds(1));
  EXPECT_EQ(world_.of("DELETE").size(), 0u);
  session_->unshare();
  session_.reset();
  world_.advance(seconds(1));
  ASSERT_EQ(world_.of("DELETE").size(), 1u);
  EXPECT_EQ(world_.of("DELETE").back().header("mcp-session-id"), "session-1");
}

TEST_F(PortableTest, waits_for_the_stream_that_another_process_has) {
  const auto other = resumed();
  bool is_taken = true;
  world_.serve = [&](ServedRequest& request) {
    if (request.method != "GET") return request.answer_result(text_42);
    if (is_taken) return request.answer_status("409 Conflict");
    request.begin_events();
    request.event(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  };
  auto heard = other->next_unsolicited();
  heard.start(world_.scheduler, std::noop_coroutine());
  world_.advance(seconds(5));
  EXPECT_FALSE(heard.is_done());
  is_taken = false;
  world_.advance(minutes(1));
  ASSERT_TRUE(heard.is_done());
  EXPECT_TRUE(heard.take());
}

TEST_F(PortableTest, is_not_gone_on_with_at_a_server_of_another_era) {
  world_.settings.era = mcp::Era::modern;
  HttpWorld pinned;
  pinned.settings.era = mcp::Era::modern;
  const auto refused = pinned.resume(state_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::not_found);
  HttpWorld legacy;
  legacy.serve = [](ServedRequest& request) { request.answer_status("400 Bad Request"); };
  const auto changed = legacy.resume(R"({"era":"modern"})");
  ASSERT_FALSE(changed);
  EXPECT_EQ(legacy.with("initialize").size(), 0u);
}

TEST_F(PortableTest, takes_nothing_for_a_state_that_is_none) {
  for (const char* state : {"{}", "[]", R"({"id":"x","revision":"2026-07-28"})"}) {
    EXPECT_FALSE(world_.resume(state)) << state;
  }
}

TEST(PortableHttpSession, is_portable_with_a_server_that_has_no_sessions) {
  HttpWorld world;
  world.session_id = "";
  world.serve = [](ServedRequest& request) { request.answer_result(text_42); };
  const auto session = world.open_well();
  const auto other = world.resume(*session->portable_state());
  ASSERT_TRUE(other);
  EXPECT_EQ(world.ask(**other, "tools/call"), text_42);
  EXPECT_EQ(world.with("tools/call").back().header("mcp-session-id"), "");
}

}  // namespace
}  // namespace upstream

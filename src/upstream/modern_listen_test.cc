#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_modern_world.h"

namespace upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(ModernListener, tells_what_it_listens_to) {
  ModernWorld world;
  const auto session = world.open_modern();
  auto waiting = session->next_unsolicited();
  waiting.start(world.scheduler, std::noop_coroutine());
  world.advance(milliseconds(1));
  ASSERT_EQ(world.with("subscriptions/listen").size(), 1u);
  const json::Document params = world.params_of("subscriptions/listen");
  EXPECT_EQ(member(params.root(), "notifications"), R"({"toolsListChanged":true})");

  world.with("subscriptions/listen")
      .at(0)
      .event(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":)"
             R"({"_meta":{"io.modelcontextprotocol/subscriptionId":5}}})");
  world.advance(milliseconds(1));
  ASSERT_TRUE(waiting.is_done());
  EXPECT_EQ(waiting.take()->text(),
            R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{}})");
}

TEST(ModernListener, listens_anew_for_a_subscription_before_it_closes_the_old_listener) {
  ModernWorld world;
  const auto session = world.open_modern();
  auto waiting = session->next_unsolicited();
  waiting.start(world.scheduler, std::noop_coroutine());
  world.advance(milliseconds(1));
  const ServedRequest first = world.with("subscriptions/listen").at(0);

  EXPECT_EQ(world.ask(*session, "resources/subscribe", R"({"uri":"a://b"})"), "{}");

  world.advance(milliseconds(1));
  ASSERT_EQ(world.with("subscriptions/listen").size(), 2u);
  const json::Document params = world.params_of("subscriptions/listen");
  EXPECT_EQ(member(params.root(), "notifications"),
            R"({"toolsListChanged":true,"resourceSubscriptions":["a://b"]})");
  EXPECT_FALSE(first.end->is_open());
  EXPECT_TRUE(world.with("subscriptions/listen").at(1).end->is_open());
  EXPECT_EQ(world.ask(*session, "resources/unsubscribe", R"({"uri":"a://b"})"), "{}");
  world.advance(milliseconds(1));
  EXPECT_EQ(world.with("subscriptions/listen").size(), 3u);
}

TEST(ModernListener, refuses_a_subscription_that_the_server_does_not_take) {
  ModernWorld world;
  world.listens = false;
  const auto session = world.open_modern();
  EXPECT_THAT(world.ask(*session, "resources/subscribe", R"({"uri":"a://b"})"),
              HasSubstr("does not take subscriptions"));
}

TEST(ModernListener, listens_again_when_the_server_ended_it_and_says_that_all_may_have_changed) {
  ModernWorld world;
  const auto session = world.open_modern();
  auto waiting = session->next_unsolicited();
  waiting.start(world.scheduler, std::noop_coroutine());
  world.advance(milliseconds(1));
  world.with("subscriptions/listen").at(0).end->close();
  world.advance(seconds(2));
  EXPECT_EQ(world.with("subscriptions/listen").size(), 2u);
  ASSERT_TRUE(waiting.is_done());
  EXPECT_THAT(waiting.take()->text(), HasSubstr("tools/list_changed"));
}

}  // namespace
}  // namespace upstream

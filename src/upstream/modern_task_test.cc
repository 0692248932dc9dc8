// Tasks of a modern server (2026-07-28, extension io.modelcontextprotocol/tasks).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "upstream/detail_modern_world.h"

namespace upstream {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string made =
    R"({"resultType":"task","taskId":"t-1","status":"working","createdAt":"x","lastUpdatedAt":"x",)"
    R"("ttlMs":1000,"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t-1"},"a":1}})";
const std::string made_plain =
    R"({"resultType":"task","taskId":"t-1","status":"working","createdAt":"x","lastUpdatedAt":"x",)"
    R"("ttlMs":1000,"_meta":{"a":1}})";

class TaskWorld : public ModernWorld {
 public:
  TaskWorld() {
    revision = "2026-07-28";
    capabilities = R"({"elicitation":{}})";
    answer_with("server/discover",
                R"({"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":)"
                R"({"tools":{},"extensions":{"x/y":{},"io.modelcontextprotocol/tasks":{}}}})");
    answer_with("tools/call", made);
  }

  // As the client of a call that declares the extension, or does not.
  std::string follow(Session& session, const std::string& method, const std::string& text,
                     bool follows = true) {
    const json::Document params = parsed(text);
    mcp::Call call(method, params.root(), Deadline::never());
    if (follows) call.follow_tasks();
    auto begun = session.start_now(call);
    EXPECT_TRUE(begun && *begun);
    scheduler.run();
    return next(***begun);
  }
  std::string declared(std::string_view method) const {
    const json::Document params = params_of(method);
    return member(*params.root().find("_meta"), "io.modelcontextprotocol/clientCapabilities");
  }
};

TEST(ModernTasks, are_offered_to_clients_of_the_revision_alone) {
  TaskWorld world;
  const auto session = world.open_modern();
  EXPECT_TRUE(session->has_tasks_extension());
  EXPECT_EQ(member(*session->initialized().result(), "capabilities"),
            R"({"tools":{},"extensions":{"io.modelcontextprotocol/tasks":{}}})");

  TaskWorld legacy;
  legacy.revision = "2025-11-25";
  const auto other = legacy.open_modern();
  EXPECT_FALSE(other->has_tasks_extension());
  EXPECT_EQ(member(*other->initialized().result(), "capabilities"), R"({"tools":{}})");
}

TEST(ModernTasks, come_of_calls_that_declare_the_extension) {
  TaskWorld world;
  const auto session = world.open_modern();
  EXPECT_EQ(world.follow(*session, "tools/call", R"({"name":"x"})"), made_plain);
  EXPECT_EQ(world.declared("tools/call"),
            R"({"elicitation":{},"extensions":{"io.modelcontextprotocol/tasks":{}}})");

  EXPECT_THAT(world.follow(*session, "tools/call", R"({"name":"x"})", false),
              HasSubstr("unknown type"));
  EXPECT_EQ(world.declared("tools/call"), R"({"elicitation":{}})");
  EXPECT_THAT(world.follow(*session, "tools/list", "{}"), StartsWith("{\"tools\""));
  world.answer_with("tools/list", made);
  EXPECT_THAT(world.follow(*session, "tools/list", "{}"), HasSubstr("unknown type"));
}

TEST(ModernTasks, without_an_id_of_use_are_none) {
  TaskWorld world;
  const auto session = world.open_modern();
  for (const std::string& id : {std::string("7"), std::string("\"\""), std::string("null"),
                                "\"" + std::string(1025, 'x') + "\""}) {
    world.answer_with("tools/call",
                      R"({"resultType":"task","status":"working","taskId":)" + id + "}");
    EXPECT_THAT(world.follow(*session, "tools/call", R"({"name":"x"})"), HasSubstr("no id"));
  }
}

TEST(ModernTasks, are_asked_about_by_name_and_shown_without_what_is_the_hops_own) {
  TaskWorld world;
  const auto session = world.open_modern();
  world.answer_with(
      "tasks/get",
      R"({"resultType":"complete","taskId":"t-1","status":"completed","ttlMs":null,)"
      R"("inputRequests":{"k":{"method":"elicitation/create","params":{"message":"m",)"
      R"("_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t-1"}}}}},)"
      R"("result":{"content":[],"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t-1"}}}})");
  EXPECT_EQ(world.follow(*session, "tasks/get", R"({"taskId":"t-1"})"),
            R"({"taskId":"t-1","status":"completed","ttlMs":null,)"
            R"("inputRequests":{"k":{"method":"elicitation/create","params":{"message":"m"}}},)"
            R"("result":{"content":[]}})");
  const ServedRequest request = world.with("tasks/get").at(0);
  EXPECT_EQ(request.header("mcp-name"), "t-1");
  EXPECT_EQ(request.header("mcp-method"), "tasks/get");
  EXPECT_THAT(world.declared("tasks/get"), HasSubstr("io.modelcontextprotocol/tasks"));

  EXPECT_THAT(world.follow(*session, "tasks/get", R"({"taskId":"t-2"})"),
              HasSubstr("about another task"));
}

TEST(ModernTasks, get_the_clients_answers) {
  TaskWorld world;
  const auto session = world.open_modern();
  world.answer_with("tasks/update", R"({"resultType":"complete"})");
  const std::string answers = R"({"k":{"action":"accept","content":{}}})";
  world.follow(*session, "tasks/update", R"({"taskId":"t-1","inputResponses":)" + answers + "}");
  const json::Document params = world.params_of("tasks/update");
  EXPECT_EQ(member(params.root(), "inputResponses"), answers);
  // Of a call they are the gateway's own to give.
  world.answer_with("tools/call", modern_done);
  world.follow(*session, "tools/call", R"({"name":"x","inputResponses":{}})");
  const json::Document call = world.params_of("tools/call");
  EXPECT_EQ(member(call.root(), "inputResponses"), "none");
}

// A server that tells of some tasks.
class TellingWorld : public TaskWorld {
 public:
  TellingWorld() {
    const Serve others = serve;
    serve = [others](ServedRequest& request) {
      if (!request.is("subscriptions/listen")) return others(request);
      request.begin_events();
      request.event(
          R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":)"
          R"({"notifications":{"taskIds":["t-1","t-9"]}}})");
    };
  }
};

TEST(ModernTasks, are_listened_for_as_long_as_somebody_wants_to) {
  TellingWorld world;
  const auto session = world.open_modern();
  EXPECT_THAT(world.ask(*session, std::string(watch_task), R"({"taskId":"t-2"})"),
              HasSubstr("does not take"));
  EXPECT_EQ(world.ask(*session, std::string(watch_task), R"({"taskId":"t-1"})"), "{}");
  world.advance(milliseconds(1));
  const json::Document params = world.params_of("subscriptions/listen");
  EXPECT_EQ(member(params.root(), "notifications"), R"({"taskIds":["t-1"]})");
  EXPECT_THAT(world.declared("subscriptions/listen"), HasSubstr("io.modelcontextprotocol/tasks"));

  auto waiting = session->next_unsolicited();
  waiting.start(world.scheduler, std::noop_coroutine());
  const ServedRequest stream = world.with("subscriptions/listen").back();
  const auto tell = [&](const std::string& id, const std::string& status) {
    stream.event(R"({"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":")" + id +
                 R"(","status":")" + status +
                 R"(","_meta":{"io.modelcontextprotocol/subscriptionId":5}}})");
    world.advance(milliseconds(1));
  };
  tell("t-9", "working");
  EXPECT_FALSE(waiting.is_done());
  tell("t-1", "completed");
  ASSERT_TRUE(waiting.is_done());
  EXPECT_EQ(waiting.take()->text(),
            R"({"jsonrpc":"2.0","method":"notifications/tasks/status","params":)"
            R"({"taskId":"t-1","status":"completed"}})");
  EXPECT_EQ(world.ask(*session, std::string(unwatch_task), R"({"taskId":"t-1"})"), "{}");
}

TEST(ModernTasks, cannot_be_listened_for_where_there_are_none) {
  ModernWorld world;
  const auto session = world.open_modern();
  EXPECT_THAT(world.ask(*session, std::string(watch_task), R"({"taskId":"t-1"})"),
              HasSubstr("Task not found"));
  EXPECT_THAT(world.ask(*session, std::string(watch_task), "{}"), HasSubstr("-32602"));
}

}  // namespace
}  // namespace upstream

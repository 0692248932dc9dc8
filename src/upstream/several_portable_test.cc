// Sessions with several targets that several processes go on with.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_scheduler.h"
#include "upstream/detail_fake_target.h"
#include "upstream/detail_stdio_world.h"
#include "upstream/several.h"

namespace upstream {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class SeveralPortableTest : public testing::Test {
 protected:
  SeveralPortableTest() {
    for (const auto& each : {a_, b_}) {
      each->is_portable = true;
      each->results["tools/list"] = R"({"tools":[{"name":"echo"}]})";
      each->results["tools/call"] = R"({"content":[]})";
    }
  }
  template <class T>
  T finish(Task<T> task, Duration patience = Duration::zero()) {
    task.start(scheduler_, std::noop_coroutine());
    scheduler_.run();
    if (!task.is_done()) scheduler_.advance(patience);
    if (!task.is_done()) throw std::runtime_error("it is not done");
    return task.take();
  }
  // Another process with the same targets has another target object.
  std::unique_ptr<Target> make() {
    std::vector<mcp::TargetName> names;
    std::vector<std::shared_ptr<Target>> targets;
    for (const auto& each : {a_, b_}) {
      names.emplace_back(each->name);
      targets.push_back(make_fake_target(each));
    }
    return make_several_target(std::make_shared<const mcp::Naming>(std::move(names)),
                               std::move(targets), settings_,
                               Log(log_, LogFormat::text, LogLevel::info));
  }
  void open() {
    target_ = make();
    auto opened = finish(target_->open(nullptr, params_->root(), deadline()), seconds(40));
    if (!opened) throw std::runtime_error(opened.error().why());
    session_ = std::move(*opened);
  }
  Result<std::unique_ptr<Session>> resume(const std::string& state) {
    target_ = make();
    const auto document = json::Document::parse(state);
    const Portable portable(params_->root(), document->root());
    return finish(target_->resume(nullptr, portable, deadline(), nullptr), seconds(40));
  }
  Deadline deadline() const { return Deadline::in(scheduler_.now(), seconds(30)); }
  std::string ask(Session& session, std::string_view method, const std::string& params = "{}") {
    const auto document = json::Document::parse(params);
    const mcp::Call call(method, document->root(), deadline());
    auto now = session.start_now(call);
    auto begun = now ? std::move(*now) : finish(session.start(call));
    if (!begun) return std::string(name_of(begun.error().fault()));
    const Result<Event> event = finish((*begun)->next(), seconds(10));
    if (!event) return std::string(name_of(event.error().fault()));
    const mcp::Message& message = event->message();
    return std::string(message.result() ? message.result()->raw() : message.error()->raw());
  }

  ManualScheduler scheduler_;
  MemoryLog log_;
  SeveralSettings settings_;
  std::shared_ptr<FakeServer> a_ = std::make_shared<FakeServer>("a");
  std::shared_ptr<FakeServer> b_ = std::make_shared<FakeServer>("b");
  Result<json::Document> params_ = json::Document::parse(
      R"({"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}})");
  std::unique_ptr<Target> target_;
  std::unique_ptr<Session> session_;
};

TEST_F(SeveralPortableTest, goes_on_with_the_session_of_each_target) {
  open();
  const auto state = session_->portable_state();
  EXPECT_EQ(state, R"([{"of":"a"},{"of":"b"}])");
  session_->share();
  EXPECT_EQ(a_->shared + b_->shared, 2);
  const auto other = resume(*state);
  ASSERT_TRUE(other) << other.error().why();
  EXPECT_EQ(a_->resumed, 1);
  EXPECT_EQ(b_->resumed, 1);
  EXPECT_EQ((*other)->portable_state(), state);
  EXPECT_EQ(ask(**other, "tools/call", R"({"name":"b_echo"})"), R"({"content":[]})");
  EXPECT_EQ(ask(**other, "tools/list"), R"({"tools":[{"name":"a_echo"},{"name":"b_echo"}]})");
  (*other)->unshare();
  EXPECT_EQ(a_->unshared + b_->unshared, 2);
}

TEST_F(SeveralPortableTest, is_portable_only_if_each_target_allows_it) {
  b_->is_portable = false;
  open();
  EXPECT_EQ(session_->portable_state(), std::nullopt);
}

TEST_F(SeveralPortableTest, is_not_portable_while_a_target_is_left_out) {
  settings_.failure = FailureMode::open;
  b_->is_down = true;
  open();
  EXPECT_EQ(session_->portable_state(), std::nullopt);
}

TEST_F(SeveralPortableTest, is_over_when_one_target_knows_its_part_no_more) {
  for (const FailureMode failure : {FailureMode::closed, FailureMode::open}) {
    settings_.failure = failure;
    b_->is_lost = false;
    open();
    const std::string state = *session_->portable_state();
    session_->share();
    const auto other = resume(state);
    ASSERT_TRUE(other);
    b_->is_lost = true;
    EXPECT_EQ(ask(**other, "tools/list"), "not_found");
    EXPECT_EQ(ask(*session_, "tools/list"), "not_found");
    const auto late = resume(state);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().fault(), Fault::not_found);
  }
}

TEST_F(SeveralPortableTest, is_another_session_with_other_targets) {
  open();
  for (const char* state : {R"([{"of":"b"},{"of":"a"}])", R"([{"of":"a"}])", "[]", "{}"}) {
    const auto refused = resume(state);
    ASSERT_FALSE(refused) << state;
    EXPECT_EQ(refused.error().fault(), Fault::not_found) << state;
  }
}

}  // namespace
}  // namespace upstream

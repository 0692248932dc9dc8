#include "upstream/several.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_scheduler.h"
#include "mcp/write.h"
#include "upstream/detail_fake_target.h"
#include "upstream/detail_several_text.h"
#include "upstream/detail_stdio_world.h"

namespace upstream {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class SeveralTest : public testing::Test {
 protected:
  SeveralTest() { settings_.version = "1.2.3"; }

  static std::shared_ptr<FakeServer> server(const std::string& name) {
    auto made = std::make_shared<FakeServer>(name);
    made->results["tools/list"] = R"({"tools":[{"name":"echo","title":"E"}]})";
    made->results["tools/call"] = R"({"content":[{"type":"text","text":")" + name + R"("}]})";
    return made;
  }
  template <class T>
  T finish(Task<T> task, Duration patience = Duration::zero()) {
    task.start(scheduler_, std::noop_coroutine());
    scheduler_.run();
    if (!task.is_done()) scheduler_.advance(patience);
    if (!task.is_done()) throw std::runtime_error("it is not done");
    return task.take();
  }
  Result<std::unique_ptr<Session>> try_open(Duration patience = seconds(40)) {
    std::vector<mcp::TargetName> names;
    std::vector<std::shared_ptr<Target>> targets;
    for (const auto& each : {a_, b_, c_}) {
      names.emplace_back(each->name);
      targets.push_back(make_fake_target(each));
    }
    target_ = make_several_target(std::make_shared<const mcp::Naming>(std::move(names)),
                                  std::move(targets), settings_,
                                  Log(log_, LogFormat::text, LogLevel::info));
    const auto params = json::Document::parse(
        R"({"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},)"
        R"("clientInfo":{"name":"t","version":"1"}})");
    const Deadline deadline = Deadline::in(scheduler_.now(), seconds(30));
    return finish(target_->open(nullptr, params->root(), deadline), patience);
  }
  void open() {
    auto opened = try_open();
    if (!opened) throw std::runtime_error(opened.error().why());
    session_ = std::move(*opened);
  }
  std::unique_ptr<Conversation> start(std::string_view method, const std::string& params = "{}") {
    const auto document = json::Document::parse(params);
    const mcp::Call call(method, document->root(), Deadline::in(scheduler_.now(), seconds(60)));
    auto now = session_->start_now(call);
    auto begun = now ? std::move(*now) : finish(session_->start(call));
    if (!begun) throw std::runtime_error(begun.error().why());
    return std::move(*begun);
  }
  std::string next(Conversation& conversation, Duration patience = Duration::zero()) {
    const Result<Event> event = finish(conversation.next(), patience);
    if (!event) return std::string(name_of(event.error().fault())) + ": " + event.error().why();
    if (event->kind() != Event::Kind::result) return event->text();
    const mcp::Message& message = event->message();
    return std::string(message.result() ? message.result()->raw() : message.error()->raw());
  }
  std::string ask(std::string_view method, const std::string& params = "{}",
                  Duration patience = seconds(10)) {
    const auto document = json::Document::parse(params);
    const mcp::Call call(method, document->root(), Deadline::in(scheduler_.now(), seconds(60)));
    auto now = session_->start_now(call);
    auto begun = now ? std::move(*now) : finish(session_->start(call));
    if (!begun) return std::string(name_of(begun.error().fault())) + ": " + begun.error().why();
    return next(**begun, patience);
  }
  std::string heard(Duration patience = Duration::zero()) {
    const Result<Event> event = finish(session_->next_unsolicited(), patience);
    return event ? event->text() : event.error().why();
  }
  std::string greeting() const { return std::string(session_->initialized().result()->raw()); }

  ManualScheduler scheduler_;
  MemoryLog log_;
  SeveralSettings settings_;
  std::shared_ptr<FakeServer> a_ = server("a");
  std::shared_ptr<FakeServer> b_ = server("b");
  std::shared_ptr<FakeServer> c_ = server("c");
  std::unique_ptr<Target> target_;
  std::unique_ptr<Session> session_;
};

constexpr const char* no_tools = R"({"tools":[]})";

TEST_F(SeveralTest, greets_with_what_any_target_can_do) {
  a_->greeting =
      R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":false},)"
      R"("logging":{}},"serverInfo":{"name":"x","version":"1"},"instructions":"Be kind."})";
  b_->greeting = R"({"protocolVersion":"2025-03-26","capabilities":{"tools":{"listChanged":true},)"
                 R"("resources":{"subscribe":true}},"serverInfo":{"name":"y","version":"1"}})";
  c_->greeting = R"({"protocolVersion":"2025-06-18","capabilities":{"completions":{}},)"
                 R"("serverInfo":{"name":"z","version":"1"},"instructions":"Be quick."})";
  open();
  EXPECT_EQ(greeting(),
            R"({"protocolVersion":"2025-03-26","capabilities":{"tools":{"listChanged":true},)"
            R"("logging":{},"resources":{"subscribe":true},"completions":{}},)"
            R"("serverInfo":{"name":"agentgateway","version":"1.2.3"},)"
            R"("instructions":"[a]\nBe kind.\n\n[c]\nBe quick."})");
  EXPECT_EQ(session_->revision(), mcp::Revision::v2025_03_26);
}

TEST_F(SeveralTest, lists_all_in_the_order_of_the_configuration) {
  b_->results["tools/list"] =
      R"({"tools":[{"name":"x_y","_meta":{"ui":{"resourceUri":"ui://app/p"},"k":1}}]})";
  open();
  EXPECT_EQ(ask("tools/list"),
            R"({"tools":[{"name":"a_echo","title":"E"},)"
            R"({"name":"b_x_y","_meta":{"ui":{"resourceUri":"ui://b+app/p"},"k":1}},)"
            R"({"name":"c_echo","title":"E"}]})");
  a_->results["resources/list"] = R"({"resources":[{"uri":"file:///1","name":"n"}]})";
  b_->results["resources/list"] = R"({"resources":[{"uri":"ui://2","name":"n"}]})";
  EXPECT_EQ(ask("resources/list"),
            R"({"resources":[{"uri":"a+file:///1","name":"n"},{"uri":"ui://b+2","name":"n"}]})");
  c_->results["resources/templates/list"] =
      R"({"resourceTemplates":[{"uriTemplate":"file:///{p}","name":"n"}]})";
  EXPECT_EQ(ask("resources/templates/list"),
            R"({"resourceTemplates":[{"uriTemplate":"c+file:///{p}","name":"n"}]})");
}

TEST_F(SeveralTest, reads_all_pages_of_its_targets) {
  a_->results["tools/list"] = R"({"tools":[{"name":"x"}],"nextCursor":"more"})";
  open();
  // The same page for ever: the same cursor again is the end.
  EXPECT_EQ(ask("tools/list"), R"({"tools":[{"name":"a_x"},{"name":"b_echo","title":"E"},)"
                               R"({"name":"c_echo","title":"E"}]})");
  EXPECT_THAT(a_->received, testing::Contains(HasSubstr(R"("cursor":"more")")));
}

TEST_F(SeveralTest, goes_on_behind_a_cursor_where_it_stopped) {
  open();
  EXPECT_EQ(ask("tools/list", R"({"cursor":")" + cursor_text({1, "p:2"}) + "\"}"),
            R"({"tools":[{"name":"b_echo","title":"E"},{"name":"c_echo","title":"E"}]})");
  EXPECT_EQ(a_->count("tools/list"), 0u);
  EXPECT_EQ(b_->received.back(), R"(tools/list {"cursor":"p:2"})");
  EXPECT_EQ(c_->received.back(), "tools/list {}");
  for (const char* forged : {"", "x", "MQ==", "OTk6", "LTE6", "MDE6"}) {
    EXPECT_THAT(ask("tools/list", R"({"cursor":")" + std::string(forged) + "\"}"),
                HasSubstr("-32602"))
        << forged;
  }
}

TEST_F(SeveralTest, serves_the_first_of_two_of_one_name_and_reports_it_once) {
  b_->results["tools/list"] = R"({"tools":[{"name":"x","title":"1"},{"name":"x","title":"2"}]})";
  open();
  EXPECT_THAT(ask("tools/list"), HasSubstr(R"({"name":"b_x","title":"1"},{"name":"c_echo")"));
  EXPECT_THAT(ask("tools/list"), HasSubstr(R"({"name":"b_x","title":"1"},{"name":"c_echo")"));
  EXPECT_EQ(log_.count("name listed twice"), 1u);
  EXPECT_THAT(log_.text(), HasSubstr("name=b_x"));
}

TEST_F(SeveralTest, calls_the_target_that_the_name_says_and_no_other) {
  open();
  EXPECT_EQ(ask("tools/call", R"({"name":"b_echo","arguments":{"name":"a_echo"}})"),
            R"({"content":[{"type":"text","text":"b"}]})");
  EXPECT_EQ(b_->received.back(), R"(tools/call {"name":"echo","arguments":{"name":"a_echo"}})");
  EXPECT_EQ(a_->count("tools/call") + c_->count("tools/call"), 0u);
  c_->results["completion/complete"] = R"({"completion":{"values":[]}})";
  ask("completion/complete",
      R"({"ref":{"type":"ref/resource","uri":"c+file:///{p}"},"argument":{"name":"p","value":""}})");
  EXPECT_THAT(c_->received.back(),
              HasSubstr(R"("ref":{"type":"ref/resource","uri":"file:///{p}"})"));
  a_->results["prompts/get"] = R"({"messages":[]})";
  ask("prompts/get", R"({"name":"a_b_echo"})");
  EXPECT_EQ(a_->received.back(), R"(prompts/get {"name":"b_echo"})");
}

TEST_F(SeveralTest, refuses_names_that_are_nobodys) {
  open();
  const struct {
    std::string method, params;
  } table[] = {{"tools/call", R"({"name":"echo"})"},
               {"tools/call", R"({"name":"d_echo"})"},
               {"tools/call", R"({"name":"A_echo"})"},
               {"tools/call", R"({})"},
               {"prompts/get", R"({"name":"a+echo"})"},
               {"resources/read", R"({"uri":"file:///a+b"})"},
               {"resources/subscribe", R"({"uri":"a_file:///x"})"}};
  for (const auto& row : table) {
    EXPECT_THAT(ask(row.method, row.params), HasSubstr("-32602")) << row.params;
  }
  EXPECT_THAT(ask("tasks/list"), HasSubstr("-32601"));
  EXPECT_EQ(a_->received.size() + b_->received.size() + c_->received.size(), 3u);  // initialize
}

TEST_F(SeveralTest, shows_uris_in_answers_as_they_can_be_asked_for) {
  open();
  b_->results["tools/call"] =
      R"({"content":[{"type":"resource_link","uri":"x://1","name":"n"},)"
      R"({"type":"resource","resource":{"uri":"x://2","text":"uri"}},{"type":"text","text":"t"}]})";
  EXPECT_EQ(ask("tools/call", R"({"name":"b_x"})"),
            R"({"content":[{"type":"resource_link","uri":"b+x://1","name":"n"},)"
            R"({"type":"resource","resource":{"uri":"b+x://2","text":"uri"}},)"
            R"({"type":"text","text":"t"}]})");
  b_->results["resources/read"] = R"({"contents":[{"uri":"x://1","text":"t"}],"_meta":{}})";
  EXPECT_EQ(ask("resources/read", R"({"uri":"b+x://1"})"),
            R"({"contents":[{"uri":"b+x://1","text":"t"}],"_meta":{}})");
  b_->results["prompts/get"] =
      R"({"messages":[{"role":"user","content":{"type":"resource_link","uri":"x://1","name":"n"}}]})";
  EXPECT_EQ(ask("prompts/get", R"({"name":"b_x"})"),
            R"({"messages":[{"role":"user","content":{"type":"resource_link","uri":"b+x://1",)"
            R"("name":"n"}}]})");
}

TEST_F(SeveralTest, takes_answers_and_progress_to_the_target_that_asked) {
  a_->results["tools/call"] = "never";
  b_->results["tools/call"] = "never";
  open();
  const auto of_a = start("tools/call", R"({"name":"a_x"})");
  const auto of_b = start("tools/call", R"({"name":"b_x"})");
  const std::string question =
      R"({"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"?",)"
      R"("_meta":{"progressToken":7}}})";
  a_->say(question);
  b_->say(question);
  const Result<Event> asked_by_a = finish(of_a->next());
  const Result<Event> asked_by_b = finish(of_b->next());
  ASSERT_TRUE(asked_by_a && asked_by_b);
  EXPECT_NE(asked_by_a->question(), asked_by_b->question());
  const auto token = [](const Event& event) {
    return std::string(event.message().params().find("_meta")->find("progressToken")->raw());
  };
  EXPECT_NE(token(*asked_by_a), token(*asked_by_b));

  const auto progress =
      json::Document::parse(R"({"progress":1,"progressToken":)" + token(*asked_by_b) + "}");
  EXPECT_TRUE(finish(session_->notify("notifications/progress", progress->root())));
  scheduler_.run();
  EXPECT_EQ(b_->received.back(), R"(notifications/progress {"progress":1,"progressToken":7})");
  EXPECT_EQ(a_->count("notifications/progress"), 0u);

  const auto answer =
      mcp::read(R"({"jsonrpc":"2.0","id":5,"result":{"action":"accept"}})", mcp::Sender::client);
  EXPECT_TRUE(finish(session_->answer(asked_by_b->question(), *answer)));
  EXPECT_EQ(b_->answers,
            std::vector<std::string>{R"({"jsonrpc":"2.0","id":1,"result":{"action":"accept"}})"});
  EXPECT_TRUE(a_->answers.empty());
  EXPECT_EQ(finish(session_->answer(asked_by_b->question(), *answer)).error().fault(),
            Fault::not_found);
  EXPECT_TRUE(finish(session_->refuse(asked_by_a->question(), mcp::Code::internal_error, "no")));
  EXPECT_THAT(a_->answers.at(0), HasSubstr(R"("id":1,"error")"));
}

TEST_F(SeveralTest, withdraws_a_question_under_the_clients_number) {
  a_->results["tools/call"] = "never";
  open();
  const auto call = start("tools/call", R"({"name":"a_x"})");
  a_->say(R"({"jsonrpc":"2.0","id":"q","method":"roots/list"})");
  const Result<Event> asked = finish(call->next());
  a_->say(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"q"}})");
  EXPECT_EQ(next(*call), R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":)"
                         R"({"requestId":)" +
                             std::to_string(static_cast<std::uint64_t>(asked->question())) + "}}");
}

TEST_F(SeveralTest, cancels_at_the_one_target_and_gives_it_its_progress) {
  b_->results["tools/call"] = "never";
  open();
  auto call = start("tools/call", R"({"name":"b_x","_meta":{"progressToken":"mine"}})");
  const auto sent = json::Document::parse(b_->received.back().substr(sizeof("tools/call")));
  const auto token = sent->root().find("_meta")->find("progressToken")->raw();
  b_->say(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1,)"
          R"("progressToken":)" +
          std::string(token) + "}}");
  EXPECT_THAT(next(*call), HasSubstr(R"("progressToken":"mine")"));
  call->cancel();
  EXPECT_THAT(next(*call), HasSubstr("cancelled"));
  const auto later = start("tools/call", R"({"name":"b_y"})");
  EXPECT_EQ(b_->count("notifications/cancelled"), 1u);
  EXPECT_EQ(a_->count("notifications/cancelled") + c_->count("notifications/cancelled"), 0u);
}

TEST_F(SeveralTest, hears_what_any_target_says_by_itself) {
  open();
  b_->say(
      R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x://1"}})");
  EXPECT_THAT(heard(), HasSubstr(R"("uri":"b+x://1")"));
  auto waiting = session_->next_unsolicited();
  waiting.start(scheduler_, std::noop_coroutine());
  scheduler_.run();
  EXPECT_FALSE(waiting.is_done());
  c_->say(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  a_->say(R"({"jsonrpc":"2.0","method":"notifications/prompts/list_changed"})");
  scheduler_.run();
  ASSERT_TRUE(waiting.is_done());
  EXPECT_THAT(waiting.take()->text() + heard(),
              testing::AllOf(HasSubstr("tools/list_changed"), HasSubstr("prompts/list_changed")));
}

TEST_F(SeveralTest, asks_on_the_call_while_nobody_listens) {
  a_->results["tools/call"] = "never";
  open();
  const auto first = start("tools/call", R"({"name":"a_x"})");
  const auto second = start("tools/call", R"({"name":"a_y"})");
  a_->say(R"({"jsonrpc":"2.0","id":1,"method":"roots/list"})");
  EXPECT_THAT(next(*second), HasSubstr("roots/list"));
  auto listening = session_->next_unsolicited();
  listening.start(scheduler_, std::noop_coroutine());
  scheduler_.run();
  a_->say(R"({"jsonrpc":"2.0","id":2,"method":"roots/list"})");
  scheduler_.run();
  EXPECT_TRUE(listening.is_done());
}

TEST_F(SeveralTest, tells_each_target_that_logs_its_level_and_all_of_new_roots) {
  const std::string logs = R"({"protocolVersion":"2025-11-25","capabilities":{"logging":{}},)"
                           R"("serverInfo":{"name":"x","version":"1"}})";
  a_->greeting = logs;
  c_->greeting = logs;
  a_->results["logging/setLevel"] = "{}";
  c_->results["logging/setLevel"] = "{}";
  open();
  EXPECT_EQ(ask("logging/setLevel", R"({"level":"error"})"), "{}");
  EXPECT_EQ(a_->received.back(), R"(logging/setLevel {"level":"error"})");
  EXPECT_EQ(c_->received.back(), R"(logging/setLevel {"level":"error"})");
  EXPECT_EQ(b_->count("logging/setLevel"), 0u);
  c_->results["logging/setLevel"] = R"({"code":-32602,"message":"Unknown level"})";
  EXPECT_THAT(ask("logging/setLevel", R"({"level":"x"})"), HasSubstr("Unknown level"));
  EXPECT_TRUE(finish(session_->notify("notifications/roots/list_changed", json::Value())));
  scheduler_.run();
  for (const auto& each : {a_, b_, c_})
    EXPECT_EQ(each->count("notifications/roots/list_changed"), 1u);
}

TEST_F(SeveralTest, fails_with_any_target_where_it_is_closed) {
  b_->is_down = true;
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), Error(Fault::unavailable, "target b: down"));
  b_->is_down = false;
  open();
  b_->is_down = true;
  EXPECT_EQ(ask("tools/list"), "unavailable: target b: down");
  EXPECT_THAT(ask("tools/call", R"({"name":"a_x"})"), HasSubstr(R"("text":"a")"));
}

TEST_F(SeveralTest, gives_up_on_a_target_that_does_not_open) {
  b_->is_slow = true;
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault(), Fault::timed_out);
}

TEST_F(SeveralTest, bounds_what_a_silent_target_costs_a_list) {
  open();
  b_->results["tools/list"] = "never";
  const auto list = start("tools/list");
  EXPECT_THAT(next(*list, settings_.listed_within), HasSubstr("timed_out: target b"));
}

TEST_F(SeveralTest, leaves_out_who_is_down_and_says_when_it_is_back) {
  settings_.failure = FailureMode::open;
  b_->is_down = true;
  open();
  EXPECT_THAT(greeting(), HasSubstr(R"("tools":{"listChanged":true})"));
  EXPECT_EQ(ask("tools/list"),
            R"({"tools":[{"name":"a_echo","title":"E"},{"name":"c_echo","title":"E"}]})");
  EXPECT_THAT(ask("tools/call", R"({"name":"b_echo"})"), HasSubstr("unavailable: target b"));
  while (heard().find("resources/list_changed") == std::string::npos) {
  }
  b_->is_down = false;
  EXPECT_THAT(heard(seconds(30)), HasSubstr("tools/list_changed"));
  EXPECT_THAT(ask("tools/list"), HasSubstr("b_echo"));
  EXPECT_EQ(log_.count("target left out"), 1u);
  EXPECT_EQ(log_.count("target is back"), 1u);
}

TEST_F(SeveralTest, waits_a_moment_for_who_is_slow_and_takes_it_in_later) {
  settings_.failure = FailureMode::open;
  c_->is_slow = true;
  const Instant began = scheduler_.now();
  auto opened = try_open(settings_.joined_within);
  ASSERT_TRUE(opened);
  session_ = std::move(*opened);
  EXPECT_EQ(scheduler_.now() - began, settings_.joined_within);
  EXPECT_EQ(ask("resources/subscribe", R"({"uri":"a+x://1"})", Duration::zero()).find("timed"),
            std::string::npos);
  c_->is_slow = false;
  c_->changed.notify_all();
  scheduler_.run();
  EXPECT_THAT(heard(), HasSubstr("tools/list_changed"));
  EXPECT_THAT(ask("tools/list"), HasSubstr("c_echo"));
}

TEST_F(SeveralTest, asks_a_silent_target_no_more_until_it_answers) {
  settings_.failure = FailureMode::open;
  open();
  b_->results["tools/list"] = "never";
  b_->results["ping"] = "never";
  const std::string others =
      R"({"tools":[{"name":"a_echo","title":"E"},{"name":"c_echo","title":"E"}]})";
  EXPECT_EQ(ask("tools/list"), others);
  const std::size_t asked = b_->count("tools/list");
  EXPECT_EQ(ask("tools/list", "{}", Duration::zero()), others);
  EXPECT_EQ(b_->count("tools/list"), asked);
  b_->results["tools/list"] = R"({"tools":[{"name":"echo"}]})";
  b_->results.erase("ping");
  scheduler_.advance(settings_.retried_at_most * 2);
  EXPECT_THAT(ask("tools/list"), HasSubstr("b_echo"));
}

TEST_F(SeveralTest, opens_anew_with_a_target_that_forgot_its_session) {
  settings_.failure = FailureMode::open;
  b_->results["resources/subscribe"] = "{}";
  open();
  EXPECT_EQ(ask("resources/subscribe", R"({"uri":"b+x://1"})"), "{}");
  b_->is_lost = true;
  EXPECT_THAT(ask("tools/list"), testing::Not(HasSubstr("b_echo")));
  b_->is_lost = false;
  scheduler_.advance(settings_.retried_after);
  EXPECT_EQ(b_->opened, 2);
  EXPECT_THAT(ask("tools/list"), HasSubstr("b_echo"));
  EXPECT_EQ(b_->count("resources/subscribe"), 2u);
}

TEST_F(SeveralTest, makes_the_client_start_over_where_it_is_closed) {
  open();
  b_->is_lost = true;
  EXPECT_THAT(ask("tools/list"), HasSubstr("not_found"));
  EXPECT_THAT(ask("tools/call", R"({"name":"b_x"})"), HasSubstr("not_found"));
}

TEST_F(SeveralTest, opens_with_nobody_if_all_are_down) {
  settings_.failure = FailureMode::open;
  for (const auto& each : {a_, b_, c_}) each->is_down = true;
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), Error(Fault::unavailable, "target a: down"));
}

TEST_F(SeveralTest, passes_the_catalogues_by_a_target_that_fails) {
  open();
  b_->results["tools/list"] = R"({"code":-32000,"message":"no"})";
  EXPECT_THAT(ask("tools/list"), HasSubstr("-32000"));
  const auto document = json::Document::parse("{}");
  mcp::Call call("tools/list", document->root(), Deadline::never());
  call.make_own();
  const auto own = session_->start_now(call);
  EXPECT_EQ(next(***own),
            R"({"tools":[{"name":"a_echo","title":"E"},{"name":"c_echo","title":"E"}]})");
}

TEST_F(SeveralTest, has_an_empty_list_of_what_no_target_has) {
  b_->results["prompts/list"] = no_tools;
  open();
  EXPECT_EQ(ask("prompts/list"), R"({"prompts":[]})");
  EXPECT_EQ(ask("ping"), "{}");
}

TEST_F(SeveralTest, ends_in_the_middle_of_anything) {
  settings_.failure = FailureMode::open;
  a_->results["tools/list"] = "never";
  b_->is_down = true;
  open();
  auto list = start("tools/list");
  auto coming = list->next();
  coming.start(scheduler_, std::noop_coroutine());
  auto listening = session_->next_unsolicited();
  listening.start(scheduler_, std::noop_coroutine());
  scheduler_.run();
  list->cancel();
  scheduler_.run();
  EXPECT_EQ(coming.take().error().fault(), Fault::cancelled);
  listening = Task<Result<Event>>();
  list.reset();
  session_.reset();
  scheduler_.run();
}

}  // namespace
}  // namespace upstream

#include <gtest/gtest.h>

#include "base/manual_scheduler.h"
#include "mcp/write.h"
#include "upstream/detail_dialog.h"

namespace upstream {
namespace {

// Starts a task and lets the test look at it.
template <class T>
class Running {
 public:
  Running(ManualScheduler& scheduler, Task<T> task) : task_(std::move(task)) {
    task_.start(scheduler, std::noop_coroutine());
  }
  bool is_done() const { return task_.is_done(); }
  T take() { return task_.take(); }

 private:
  Task<T> task_;
};

mcp::Message message(std::string text, mcp::Sender sender = mcp::Sender::server) {
  auto read = mcp::read(std::move(text), sender);
  EXPECT_TRUE(read) << read.error().why();
  return std::move(*read);
}

class DialogTest : public testing::Test {
 protected:
  // Starts a call with those params and returns it; id_ is the id the server sees.
  std::unique_ptr<Conversation> start(std::string_view params = "{}",
                                      Deadline deadline = Deadline::never()) {
    const auto document = json::Document::parse(std::string(params));
    auto conversation = dialog_.start(mcp::Call("tools/call", document->root(), deadline));
    EXPECT_TRUE(conversation);
    sent_ = message(dialog_.take_outgoing(), mcp::Sender::client);
    id_ = sent_->id().raw();
    return std::move(*conversation);
  }
  void receive(const std::string& text) {
    auto read = mcp::read(text, mcp::Sender::server);
    if (read) return dialog_.receive(std::move(*read));
    dialog_.receive(read.error());
  }
  void receive_result(const std::string& id, const std::string& result = "{}") {
    receive(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":)" + result + "}");
  }
  void receive_question(const std::string& id) {
    receive(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"roots/list"})");
  }
  void receive_log() {
    receive(R"({"jsonrpc":"2.0","method":"notifications/message","params":{"data":1}})");
  }
  // The next event, which must be there already.
  Result<Event> next(Conversation& conversation) {
    Running<Result<Event>> next(scheduler_, conversation.next());
    scheduler_.run();
    if (!next.is_done()) return failed(Fault::internal, "still waiting");
    return next.take();
  }
  Result<Event> next_unsolicited() {
    Running<Result<Event>> next(scheduler_, dialog_.next_unsolicited());
    scheduler_.run();
    if (!next.is_done()) return failed(Fault::internal, "still waiting");
    return next.take();
  }

  ManualScheduler scheduler_;
  SystemRandom random_;
  Dialog dialog_{random_};
  std::optional<mcp::Message> sent_;
  std::string id_;
};

TEST_F(DialogTest, gives_each_call_its_own_answer) {
  const auto first = start();
  const std::string first_id = id_;
  const auto second = start();
  const std::string second_id = id_;

  receive_result(second_id, R"({"n":2})");
  receive_result(first_id, R"({"n":1})");

  EXPECT_NE(first_id, second_id);
  EXPECT_EQ(next(*first)->message().result()->raw(), R"({"n":1})");
  EXPECT_EQ(next(*second)->message().result()->raw(), R"({"n":2})");
  EXPECT_EQ(dialog_.calls(), 0U);
}

TEST_F(DialogTest, uses_ids_that_cannot_be_guessed_and_that_doubles_can_hold) {
  Dialog other(random_);

  EXPECT_LT(random_start(random_), std::uint64_t{1} << 52);
  EXPECT_NE(random_start(random_), random_start(random_));
}

TEST_F(DialogTest, drops_answers_to_nothing_in_flight) {
  const auto call = start();

  receive_result("1");
  receive_result("\"" + id_ + "\"");
  receive_result(id_ + "0");
  EXPECT_EQ(next(*call).error().why(), "still waiting");
  receive_result(id_);
  receive_result(id_, R"({"second":true})");

  EXPECT_EQ(next(*call)->message().result()->raw(), "{}");
  EXPECT_EQ(dialog_.counts().answers_dropped, 4U);
}

TEST_F(DialogTest, fails_a_call_whose_answer_is_malformed) {
  const auto call = start();
  receive(R"({"jsonrpc":"2.0","id":)" + id_ + R"(,"result":{},"error":{"code":1,"message":"x"}})");

  EXPECT_EQ(next(*call).error().fault(), Fault::upstream_failed);
  EXPECT_EQ(dialog_.calls(), 0U);
}

TEST_F(DialogTest, fails_a_call_whose_answer_is_unreadable) {
  const auto other = start();
  const auto call = start();
  dialog_.receive_unreadable("banner 12345", "no JSON");
  dialog_.receive_unreadable("{\"id\":" + id_ + ",\"result\":", "no JSON");

  EXPECT_EQ(next(*call).error().fault(), Fault::upstream_failed);
  EXPECT_EQ(next(*other).error().why(), "still waiting");
}

TEST_F(DialogTest, replaces_and_restores_progress_tokens) {
  const auto call = start(R"({"name":"x","_meta":{"progressToken":"mine"}})");
  const std::string token = sent_->progress_token()->raw();
  EXPECT_EQ(token, id_);

  receive(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
          token + R"(,"progress":0.5}})");
  receive(
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"mine"}})");

  const Result<Event> event = next(*call);
  EXPECT_EQ(event->kind(), Event::Kind::progress);
  EXPECT_EQ(
      event->text(),
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"mine","progress":0.5}})");
  EXPECT_EQ(next(*call).error().why(), "still waiting");
  EXPECT_EQ(dialog_.counts().notifications_dropped, 1U);
}

TEST_F(DialogTest, leaves_tasks_out_of_calls) {
  const auto call = start(R"({"name":"x","task":{"ttl":1}})");

  EXPECT_EQ(sent_->params().raw(), R"({"name":"x"})");
}

TEST_F(DialogTest, keeps_the_token_of_a_call_that_became_a_task) {
  const auto document =
      json::Document::parse(R"({"name":"x","task":{},"_meta":{"progressToken":"mine"}})");
  mcp::Call call("tools/call", document->root(), Deadline::never());
  call.keep_task();
  const auto making = dialog_.start(call);
  sent_ = message(dialog_.take_outgoing(), mcp::Sender::client);
  const std::string token = sent_->id().raw();
  EXPECT_TRUE(sent_->params().find("task"));
  receive_result(token, R"({"task":{"taskId":"t"}})");
  EXPECT_TRUE(next(**making));

  const auto result_params = json::Document::parse(R"({"taskId":"t"})");
  const auto waiting =
      dialog_.start(mcp::Call("tasks/result", result_params->root(), Deadline::never()));
  const auto other = start();
  receive(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
          token +
          R"(,"progress":1,"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"}}}})");

  const Result<Event> event = next(**waiting);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind(), Event::Kind::progress);
  EXPECT_EQ(message(event->text()).params().find_string("progressToken"), "mine");
  EXPECT_EQ(next(*other).error().why(), "still waiting");
}

// Nothing but the token says whose it is.
TEST_F(DialogTest, tells_progress_of_each_task_to_who_waits_for_it) {
  std::vector<std::string> tokens;
  const auto make = [&](const std::string& id, bool is_driven) {
    const auto document =
        json::Document::parse(R"({"name":"x","task":{},"_meta":{"progressToken":"mine"}})");
    mcp::Call call("tools/call", document->root(), Deadline::never());
    mcp::ParamsEdit edit;
    if (is_driven) edit.task = "{}";
    call.change(edit);
    if (!is_driven) call.keep_task();
    const auto making = dialog_.start(call);
    tokens.push_back(message(dialog_.take_outgoing(), mcp::Sender::client).id().raw());
    receive_result(tokens.back(), R"({"task":{"taskId":")" + id + R"("}})");
    EXPECT_TRUE(next(**making));
  };
  const auto wait_for = [&](const std::string& id) {
    const auto params = json::Document::parse(R"({"taskId":")" + id + R"("})");
    return *dialog_.start(mcp::Call("tasks/result", params->root(), Deadline::never()));
  };
  const auto progress = [&](std::size_t task) {
    receive(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
            tokens[task] + R"(,"progress":)" + std::to_string(task) + "}}");
  };
  const auto heard = [](const Result<Event>& event) {
    return event ? std::string(event->message().params().find("progress")->raw())
                 : event.error().why();
  };
  make("a", true);
  make("b", true);
  make("c", false);
  const auto first = wait_for("a");
  const auto second = wait_for("b");
  const auto latest = start();

  progress(0);
  progress(1);
  EXPECT_EQ(heard(next(*first)), "0");
  EXPECT_EQ(heard(next(*second)), "1");
  progress(2);
  EXPECT_EQ(heard(next(*latest)), "2");
  first->cancel();
  progress(0);
  EXPECT_EQ(heard(next(*latest)), "still waiting");
  EXPECT_EQ(heard(next_unsolicited()), "0");
}

TEST_F(DialogTest, refuses_what_nobody_has_read_of_a_call_that_is_given_up) {
  for (const bool is_destroyed : {true, false}) {
    auto call = start();
    receive_question("5");
    receive_question("6");
    EXPECT_TRUE(next(*call));
    if (is_destroyed) {
      call.reset();
    } else {
      call->cancel();
    }
    EXPECT_EQ(dialog_.questions(), 1U);  // the one that was read
    EXPECT_NE(dialog_.take_outgoing().find(R"("id":6,"error")"), std::string::npos);
    while (dialog_.has_outgoing()) (void)dialog_.take_outgoing();
    dialog_.fail(Error(Fault::upstream_failed, "over"));
  }
}

TEST_F(DialogTest, asks_for_a_task_on_the_call_that_waits_for_it_and_answers_for_it) {
  const auto params = json::Document::parse(R"({"taskId":"sealed"})");
  mcp::Call call("tasks/result", params->root(), Deadline::never());
  mcp::ParamsEdit edit;
  edit.task_id = "t";
  call.change(edit);
  const auto waiting = dialog_.start(call);
  const auto other = start();
  receive(
      R"({"jsonrpc":"2.0","id":1,"method":"roots/list","params":{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"}}}})");

  const Result<Event> asked = next(**waiting);
  ASSERT_TRUE(asked);
  while (dialog_.has_outgoing()) (void)dialog_.take_outgoing();
  EXPECT_TRUE(dialog_.answer(
      asked->question(),
      message(
          R"({"jsonrpc":"2.0","id":1,"result":{"roots":[],"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"sealed"},"x":1}}})",
          mcp::Sender::client)));
  EXPECT_EQ(
      dialog_.take_outgoing(),
      R"({"jsonrpc":"2.0","id":1,"result":{"roots":[],"_meta":{"x":1,"io.modelcontextprotocol/related-task":{"taskId":"t"}}}})");
  receive_question("2");
  EXPECT_EQ(next(*other)->kind(), Event::Kind::question);
}

TEST_F(DialogTest, tells_the_server_when_a_call_is_given_up) {
  auto call = start();
  call.reset();

  EXPECT_EQ(
      dialog_.take_outgoing(),
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id_ + "}}");
  receive_result(id_);
  EXPECT_EQ(dialog_.counts().answers_dropped, 1U);
}

TEST_F(DialogTest, says_nothing_when_a_finished_call_is_destroyed) {
  auto call = start();
  receive_result(id_);
  call.reset();

  EXPECT_FALSE(dialog_.has_outgoing());
}

TEST_F(DialogTest, gives_a_call_up_at_its_deadline) {
  const auto call = start("{}", Deadline::in(scheduler_.now(), std::chrono::seconds(60)));
  Running<Result<Event>> waiting(scheduler_, call->next());

  scheduler_.advance(std::chrono::seconds(59));
  EXPECT_FALSE(waiting.is_done());
  scheduler_.advance(std::chrono::seconds(1));

  ASSERT_TRUE(waiting.is_done());
  EXPECT_EQ(waiting.take().error().fault(), Fault::timed_out);
  EXPECT_EQ(dialog_.calls(), 0U);
  EXPECT_TRUE(dialog_.take_outgoing().find("notifications/cancelled") != std::string::npos);
}

TEST_F(DialogTest, asks_under_its_own_id_and_answers_under_the_servers) {
  const auto call = start();
  receive_question("\"q\\u0031\"");

  const Result<Event> event = next(*call);
  ASSERT_EQ(event->kind(), Event::Kind::question);
  const auto asked = message(event->text());
  EXPECT_EQ(asked.id(), mcp::Id(static_cast<std::uint64_t>(event->question())));
  EXPECT_EQ(asked.method(), "roots/list");
  const auto response =
      message(R"({"jsonrpc":"2.0","id":)" + asked.id().raw() + R"(,"result":{"roots":[]}})",
              mcp::Sender::client);
  EXPECT_TRUE(dialog_.answer(event->question(), response));
  EXPECT_EQ(dialog_.take_outgoing(), R"({"jsonrpc":"2.0","id":"q\u0031","result":{"roots":[]}})");
}

// Which of several calls asked is not said.
TEST_F(DialogTest, hands_what_another_call_may_have_asked_to_that_one) {
  const auto first = start();
  auto second = start();
  receive_question("5");
  second.reset();
  const Result<Event> event = next(*first);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind(), Event::Kind::question);

  receive_question("6");
  EXPECT_FALSE(next(*first)->is_guess());
}

TEST_F(DialogTest, hands_what_nobody_listened_to_to_the_next_call_as_a_guess) {
  receive_question("5");
  const auto call = start();
  const Result<Event> event = next(*call);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind(), Event::Kind::question);
  EXPECT_TRUE(event->is_guess());
}

TEST_F(DialogTest, takes_each_answer_once) {
  const auto call = start();
  receive_question("1");
  const Result<Event> event = next(*call);

  EXPECT_TRUE(dialog_.refuse(event->question(), mcp::Code::internal_error, "gone"));
  EXPECT_EQ(dialog_.refuse(event->question(), mcp::Code::internal_error, "gone").error().fault(),
            Fault::not_found);
  EXPECT_EQ(dialog_.refuse(QuestionId{1}, mcp::Code::internal_error, "").error().fault(),
            Fault::not_found);
}

TEST_F(DialogTest, answers_pings_and_refuses_what_servers_may_not_ask) {
  receive(R"({"jsonrpc":"2.0","id":5,"method":"ping"})");
  receive(R"({"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"x"}})");

  EXPECT_EQ(dialog_.take_outgoing(), R"({"jsonrpc":"2.0","id":5,"result":{}})");
  EXPECT_TRUE(dialog_.take_outgoing().find("-32601") != std::string::npos);
  EXPECT_EQ(dialog_.questions(), 0U);
}

TEST_F(DialogTest, tells_the_client_when_a_question_is_taken_back) {
  const auto call = start();
  receive_question("7");
  const Result<Event> question = next(*call);
  receive(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}})");
  receive(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}})");

  const Result<Event> cancelled = next(*call);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(message(cancelled->text()).params().find("requestId")->raw(),
            std::to_string(static_cast<std::uint64_t>(question->question())));
  EXPECT_FALSE(dialog_.refuse(question->question(), mcp::Code::internal_error, ""));
  EXPECT_EQ(dialog_.counts().notifications_dropped, 1U);
}

TEST_F(DialogTest, gives_logs_and_questions_to_the_only_call_in_flight) {
  const auto call = start();
  receive_log();
  receive_question("1");

  EXPECT_EQ(next(*call)->method(), "notifications/message");
  EXPECT_EQ(next(*call)->kind(), Event::Kind::question);
}

TEST_F(DialogTest, keeps_what_belongs_to_no_call) {
  const auto call = start();
  receive(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  receive(R"({"jsonrpc":"2.0","method":"notifications/future"})");

  EXPECT_EQ(next_unsolicited()->method(), "notifications/tools/list_changed");
  EXPECT_EQ(next_unsolicited().error().why(), "still waiting");
  EXPECT_EQ(dialog_.counts().notifications_dropped, 1U);
}

TEST_F(DialogTest, asks_on_the_open_stream_when_several_calls_are_in_flight) {
  const auto first = start();
  const auto second = start();
  receive_question("1");
  EXPECT_EQ(next(*second)->kind(), Event::Kind::question);

  Running<Result<Event>> listening(scheduler_, dialog_.next_unsolicited());
  receive_question("2");
  scheduler_.run();

  ASSERT_TRUE(listening.is_done());
  EXPECT_EQ(listening.take()->kind(), Event::Kind::question);
}

TEST_F(DialogTest, asks_a_client_without_a_stream_on_its_next_call) {
  receive_question("1");
  receive(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  const auto call = start();

  EXPECT_EQ(next(*call)->kind(), Event::Kind::question);
  EXPECT_EQ(next_unsolicited()->method(), "notifications/tools/list_changed");
}

TEST_F(DialogTest, keeps_only_so_much_for_nobody) {
  receive_question("1");
  for (std::size_t i = 0; i < QueueLimits().events; ++i) receive_log();

  EXPECT_EQ(dialog_.counts().unsolicited_dropped, 1U);
  EXPECT_EQ(dialog_.questions(), 0U);
  EXPECT_TRUE(dialog_.take_outgoing().find("The client does not listen") != std::string::npos);
}

TEST_F(DialogTest, bounds_calls_and_questions) {
  std::vector<std::unique_ptr<Conversation>> calls;
  for (std::size_t i = 0; i < Dialog::calls_max; ++i) calls.push_back(start());
  const auto more = dialog_.start(mcp::Call("ping", json::Value(), Deadline::never()));
  for (std::size_t i = 0; i <= Dialog::questions_max; ++i) receive_question(std::to_string(i));

  EXPECT_EQ(more.error().fault(), Fault::too_many);
  EXPECT_EQ(dialog_.questions(), Dialog::questions_max);
  EXPECT_TRUE(dialog_.take_outgoing().find("Too many open questions") != std::string::npos);
}

TEST_F(DialogTest, is_full_until_a_slow_reader_reads) {
  const auto call = start();
  for (std::size_t i = 0; i < QueueLimits().events; ++i) receive_log();
  EXPECT_TRUE(dialog_.is_full());
  Running<void> waiting(scheduler_, dialog_.wait_for_room());
  EXPECT_FALSE(waiting.is_done());

  (void)next(*call);
  scheduler_.run();

  EXPECT_FALSE(dialog_.is_full());
  EXPECT_TRUE(waiting.is_done());
}

TEST_F(DialogTest, is_not_full_of_a_call_that_is_gone) {
  auto call = start();
  for (std::size_t i = 0; i < QueueLimits().events; ++i) receive_log();
  Running<void> waiting(scheduler_, dialog_.wait_for_room());

  call.reset();
  scheduler_.run();

  EXPECT_TRUE(waiting.is_done());
}

TEST_F(DialogTest, ends_every_call_when_the_server_dies_and_goes_on_with_the_next) {
  const auto first = start();
  const auto second = start();
  Running<Result<Event>> waiting(scheduler_, first->next());
  receive_question("1");

  dialog_.fail(Error(Fault::upstream_failed, "died"));
  scheduler_.run();

  ASSERT_TRUE(waiting.is_done());
  EXPECT_EQ(waiting.take().error().why(), "died");
  EXPECT_EQ(next(*second)->kind(), Event::Kind::question);
  EXPECT_EQ(next(*second).error().why(), "died");
  EXPECT_EQ(dialog_.questions(), 0U);
  const auto third = start();
  receive_result(id_);
  EXPECT_TRUE(next(*third));
}

TEST_F(DialogTest, outlived_by_a_call_does_no_harm) {
  auto dialog = std::make_unique<Dialog>(random_);
  auto call = dialog->start(mcp::Call("ping", json::Value(), Deadline::never()));
  dialog.reset();

  EXPECT_EQ(next(**call).error().fault(), Fault::cancelled);
}

}  // namespace
}  // namespace upstream

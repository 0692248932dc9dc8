#include "mcp/write.h"
#include "upstream/detail_local_session.h"

namespace upstream {

LocalSession::LocalSession(Random& random, QueueLimits limits) : dialog_(random, limits) {}

Task<Result<>> LocalSession::open(json::Value params, Deadline deadline) {
  CO_TRY(const auto checked, InitializeParams::from(params));
  const mcp::Call call("initialize", checked.value(), deadline);
  CO_TRY(auto conversation, dialog_.start_own(call));
  serve();
  CO_TRY(Event event, co_await conversation->next());
  CO_TRY(Handshake handshake, judge_handshake(std::move(event).take_message()));
  handshake_.emplace(std::move(handshake));
  co_return Result<>();
}

Task<Result<std::unique_ptr<Conversation>>> LocalSession::start(mcp::Call call) {
  co_return start_at_once(call);
}

std::optional<Result<std::unique_ptr<Conversation>>> LocalSession::start_now(
    const mcp::Call& call) {
  return start_at_once(call);
}

Task<Result<>> LocalSession::notify(std::string_view, json::Value) {
  co_return Result<>();
}

Task<Result<>> LocalSession::answer(QuestionId question, const mcp::Message& response) {
  co_return dialog_.answer(question, response);
}

Task<Result<>> LocalSession::refuse(QuestionId question, mcp::Code code, std::string_view why) {
  co_return dialog_.refuse(question, code, why);
}

Task<Result<Event>> LocalSession::next_unsolicited() {
  return dialog_.next_unsolicited();
}

Result<std::unique_ptr<Conversation>> LocalSession::start_at_once(const mcp::Call& call) {
  auto conversation = dialog_.start(call);
  serve();
  return conversation;
}

void LocalSession::serve() {
  while (dialog_.has_outgoing()) {
    const auto message = mcp::read(dialog_.take_outgoing(), mcp::Sender::client);
    if (!message || !message->is_request()) continue;
    auto answer = mcp::read(answer_of(*message), mcp::Sender::server, answer_limits);
    if (!answer) {
      const std::string sorry = mcp::error_text(message->id(), mcp::Code::internal_error,
                                                "The answer is too large to be passed on");
      answer = mcp::read(sorry, mcp::Sender::server);
    }
    if (answer) dialog_.receive(std::move(*answer));
  }
}

}  // namespace upstream

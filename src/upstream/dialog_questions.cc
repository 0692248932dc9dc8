// What a server asks over a channel, and what it is answered.

#include "mcp/method.h"
#include "mcp/task.h"
#include "mcp/write.h"
#include "upstream/detail_dialog.h"

namespace upstream {
namespace {

// Ids of tasks that are longer are none.
constexpr std::size_t related_task_bytes_max = 1024;

std::string related_task_of(const mcp::Message& said) {
  const auto id = mcp::related_task(said.params());
  return id && id->size() <= related_task_bytes_max ? mcp::related_task_text(*id) : std::string();
}

// The answer to a question that belongs to a task says so under the server's own id (2025-11-25,
// tasks), whatever the client says.
std::string answer_text(const mcp::Id& asked, const std::string& task,
                        const mcp::Message& response) {
  const bool says_other = response.result() && mcp::related_task(*response.result());
  if (!response.result() || (task.empty() && !says_other)) {
    return mcp::response_text(asked, response);
  }
  return mcp::result_text(asked, mcp::with_related_task(*response.result(), task));
}

}  // namespace

Result<> Dialog::answer(QuestionId question, const mcp::Message& response) {
  const auto found = questions_.find(static_cast<std::uint64_t>(question));
  if (found == questions_.end()) return failed(Fault::not_found, "no such question is pending");
  send(answer_text(found->second.asked, found->second.related_task, response));
  questions_.erase(found);
  return {};
}

Result<> Dialog::refuse(QuestionId question, mcp::Code code, std::string_view why) {
  const auto found = questions_.find(static_cast<std::uint64_t>(question));
  if (found == questions_.end()) return failed(Fault::not_found, "no such question is pending");
  send(mcp::error_text(found->second.asked, code, why));
  questions_.erase(found);
  return {};
}

void Dialog::receive_question(mcp::Message message) {
  const mcp::Id asked = message.id();
  if (message.method() == "ping") return send(mcp::result_text(asked, "{}"));
  const auto method = mcp::admit(message, mcp::Sender::server, era_);
  if (!method) return send(mcp::error_text(method.error()));
  if (questions_.size() >= questions_max) {
    return send(mcp::error_text(asked, mcp::Code::internal_error, "Too many open questions"));
  }
  const std::uint64_t id = next_question_++;
  questions_.emplace(id, Question{asked, related_task_of(message)});
  deliver(Event(QuestionId{id}, std::move(message)));
}

// The server takes a question back: the client knows it by our id.
void Dialog::receive_cancelled(mcp::Message message) {
  const auto request = message.params().find("requestId");
  const auto asked = request ? mcp::Id::from(*request) : std::nullopt;
  for (auto at = questions_.begin(); asked && at != questions_.end(); ++at) {
    if (at->second.asked != *asked) continue;
    mcp::ParamsEdit edit;
    edit.request_id = std::to_string(at->first);
    questions_.erase(at);
    return deliver(Event(Event::Kind::notification, std::move(message), std::move(edit)));
  }
  ++counts_.notifications_dropped;
}

}  // namespace upstream

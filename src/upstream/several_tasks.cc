// The tasks of several targets, under names that say whose they are.

#include <algorithm>
#include <utility>

#include "mcp/task.h"
#include "mcp/write.h"
#include "upstream/detail_several_session.h"

namespace upstream {
namespace {

using Kind = mcp::Subject::Kind;

}  // namespace

Result<Event> SeveralSession::with_exposed_tasks(std::size_t number, Event event,
                                                 std::string_view method) const {
  if (event.kind() == Event::Kind::pause) return event;
  if (event.kind() != Event::Kind::result) return with_exposed_task(number, std::move(event));
  const auto result = event.message().result();
  if (!result) return event;
  const mcp::TaskRenaming rename = [&](std::string_view id) {
    return std::optional(owner(number).exposed(Kind::task, id));
  };
  const bool is_of_task =
      method.starts_with("tasks/") || (method == "tools/call" && mcp::task_made(*result));
  if (!is_of_task && !mcp::related_task(*result)) return event;
  return result_event(is_of_task ? mcp::renamed_tasks(*result, rename)
                                 : mcp::renamed_related_task(*result, rename));
}

bool SeveralSession::has_tasks_extension() const {
  return std::any_of(branches_.begin(), branches_.end(), [](const Branch& branch) {
    return branch.session && branch.session->has_tasks_extension();
  });
}

Result<Event> SeveralSession::with_exposed_handle(std::size_t number, Event event,
                                                  std::string_view method) const {
  if (event.method() == "notifications/tasks/status") {
    return with_exposed_task(number, std::move(event));
  }
  if (event.kind() != Event::Kind::result || method != "tools/call") return event;
  const auto result = event.message().result();
  if (!result || result->find_string("resultType") != "task") return event;
  return result_event(mcp::renamed_tasks(*result, [&](std::string_view id) {
    return std::optional(owner(number).exposed(Kind::task, id));
  }));
}

Result<Event> SeveralSession::with_exposed_task(std::size_t number, Event event) const {
  json::Value params = event.message().params();
  const auto related = mcp::related_task(params);
  const bool is_status = event.method() == "notifications/tasks/status";
  if (!related && !is_status) return event;
  std::optional<json::Document> inlined;
  if (const auto text = is_status ? exposed_task_result(owner(number), params) : std::nullopt) {
    TRY(json::Document document, json::Document::parse(*text));
    inlined.emplace(std::move(document));
    params = inlined->root();
  }
  const auto exposed = [&](std::string_view id) { return owner(number).exposed(Kind::task, id); };
  mcp::ParamsEdit edit = event.edit();
  if (related) edit.related_task = mcp::related_task_text(exposed(*related));
  if (is_status) edit.task_id = exposed(params.find_string("taskId").value_or(""));
  const mcp::Message& said = event.message();
  const bool is_question = event.kind() == Event::Kind::question;
  TRY(mcp::Message changed,
      message_of(is_question ? mcp::request_text(said.id(), said.method(), params, edit)
                             : mcp::notification_text(said.method(), params, edit)));
  if (is_question) return Event(event.question(), std::move(changed));
  return Event(event.kind(), std::move(changed));
}

std::string SeveralSession::own_related_task(std::size_t number, std::string_view id) const {
  const auto place = place_->naming->resolve(Kind::task, id);
  const bool is_its_own = place && place->target == number;
  return is_its_own ? mcp::related_task_text(place->name.text()) : std::string();
}

}  // namespace upstream

// Tasks (2025-11-25): what the client says of them reaches the server under the server's ids, and
// what the server says reaches the client under the client's.

#include "gateway/detail_mcp_session.h"
#include "json/write.h"
#include "mcp/write.h"
#include "upstream/driven.h"

namespace gateway {
namespace {

using upstream::Event;

}  // namespace

// Clients of earlier revisions hear nothing of tasks.
std::string McpSession::greeting(const mcp::Id& id) const {
  const mcp::Message& answer = upstream_->initialized();
  if (!offer_.calls || tasks_) return mcp::response_text(id, answer);
  json::Writer out;
  out.begin_object();
  for (const json::Member member : answer.result()->members()) {
    out.name(member.name);
    if (member.name == "capabilities") {
      out.raw(mcp::without_members(member.value, {"tasks"}));
    } else {
      out.value(member.value);
    }
  }
  return mcp::result_text(id, out.end_object().take());
}

// What the client says its message belongs to, as the server knows it; empty: it is left out.
std::string McpSession::own_related_task(std::string_view sealed) const {
  const auto task = tasks_ ? tasks_->open(sealed) : std::nullopt;
  return task ? mcp::related_task_text(task->id) : std::string();
}

std::optional<std::string> McpSession::client_task(std::string_view id) const {
  const std::string* sealed = tasks_ ? tasks_->sealed(id) : nullptr;
  return sealed != nullptr ? std::optional<std::string>(*sealed) : std::nullopt;
}

std::unique_ptr<McpSession::TaskPart> McpSession::task_part(const CallOrder& order,
                                                            mcp::Call& call) {
  const json::Value params = order.request.params();
  mcp::ParamsEdit edit;
  std::unique_ptr<TaskPart> part;
  if (const auto related = mcp::related_task(params))
    edit.related_task = own_related_task(*related);
  if (tasks_ && order.task) {
    part = std::make_unique<TaskPart>(TaskPart::Kind::names);
    part->id = order.task->id;
    part->sealed = params.find_string("taskId").value_or("");
    tasks_->presented(part->id, part->sealed);
    edit.task_id = part->id;
  } else if (tasks_ && order.request.method() == "tasks/list") {
    part = std::make_unique<TaskPart>(TaskPart::Kind::lists);
  } else if (tasks_ && order.kind == CallOrder::Kind::tool && params.find("task")) {
    part = std::make_unique<TaskPart>(TaskPart::Kind::makes);
    part->tool = order.name;
    call.keep_task();
  } else if (order.kind == CallOrder::Kind::tool && tools_.requires_task(order.name)) {
    part = std::make_unique<TaskPart>(TaskPart::Kind::drives);
    edit.task = upstream::driven_task(call.deadline(), scheduler_.now());
  }
  if (!edit.is_empty()) call.change(std::move(edit));
  return part;
}

Result<std::optional<Event>> McpSession::exposed(const InFlight* flight, Event event) {
  if (event.kind() == Event::Kind::pause) return event;
  if (event.kind() == Event::Kind::result) {
    TRY(Event seen, exposed_result(*flight, std::move(event)));
    return seen;
  }
  const json::Value params = event.message().params();
  std::optional<std::string> id;
  if (event.method() == "notifications/tasks/status") {
    id = client_task(params.find_string("taskId").value_or(""));
    if (!id) return std::nullopt;
  }
  std::optional<std::string> related;
  if (const auto own = mcp::related_task(params)) {
    const auto known = client_task(*own);
    related = known ? mcp::related_task_text(*known) : std::string();
  }
  if (id || related) event.rename_task(std::move(id), std::move(related));
  return event;
}

Result<Event> McpSession::exposed_error(const TaskPart& part, Event event) const {
  if (part.kind != TaskPart::Kind::names) return event;
  const json::Value error = *event.message().error();
  const mcp::ErrorWords words = mcp::renamed_words(error, {mcp::TaskAlias{part.id, part.sealed}});
  const auto code = error.find("code");
  const int number = static_cast<int>(code ? code->as_int().value_or(0) : 0);
  return Event::result(mcp::error_text(event.message().id(), number, words.message, words.data));
}

Result<Event> McpSession::exposed_result(const InFlight& flight, Event event) {
  const auto result = event.message().result();
  const TaskPart* part = flight.task.get();
  if (!result && part == nullptr) return event;
  if (!result) return exposed_error(*part, std::move(event));
  const mcp::Id& id = event.message().id();
  if (flight.list == &tools_ && mcp::says_executions(*result)) {
    return Event::result(mcp::result_text(id, mcp::with_executions(*result, tasks_ != nullptr)));
  }
  const mcp::TaskRenaming known = [this](std::string_view own) { return client_task(own); };
  if (part == nullptr || part->kind == TaskPart::Kind::drives) {
    if (!mcp::related_task(*result)) return event;
    return Event::result(mcp::result_text(id, mcp::renamed_related_task(*result, known)));
  }
  if (part->kind == TaskPart::Kind::names) {
    const mcp::TaskRenaming this_one = [part](std::string_view own) {
      return own == part->id ? std::optional(part->sealed) : std::nullopt;
    };
    return Event::result(mcp::result_text(id, mcp::renamed_tasks(*result, this_one)));
  }
  const auto made = part->kind == TaskPart::Kind::makes ? mcp::task_made(*result) : std::nullopt;
  if (made && tasks_->made(TaskName{part->tool, std::string(*made)}).empty()) {
    return Event::result(mcp::error_text(id, mcp::Code::internal_error,
                                         "The name of the task is too long to be passed on"));
  }
  return Event::result(mcp::result_text(id, mcp::renamed_tasks(*result, known)));
}

}  // namespace gateway

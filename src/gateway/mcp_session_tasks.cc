// Tasks (2025-11-25): what the client says of them reaches the server under the server's ids, and
// what the server says reaches the client under the client's.

#include "gateway/detail_mcp_session.h"
#include "json/write.h"
#include "mcp/write.h"
#include "upstream/driven.h"

namespace gateway {
namespace {

using upstream::Event;

Result<Event> refused(const Event& event, std::string_view why) {
  return Event::result(mcp::error_text(event.message().id(), mcp::Code::internal_error, why));
}

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

// A cursor may be made of the id of anybody's task.
std::unique_ptr<McpSession::TaskPart> McpSession::listing(json::Value params,
                                                          mcp::ParamsEdit& edit) const {
  auto part = std::make_unique<TaskPart>(TaskPart::Kind::lists);
  const auto cursor = params.find("cursor");
  if (!cursor) return part;
  part->has_cursor = true;
  edit.cursor = tasks_->open_cursor(cursor->as_string().value_or(""));
  part->is_lost = !edit.cursor;
  return part;
}

// The request belongs to the task that it says, if that may be.
void McpSession::relate(const CallOrder& order, std::string_view sealed, mcp::ParamsEdit& edit,
                        std::unique_ptr<TaskPart>& part) const {
  edit.related_task = std::string();
  const auto task = tasks_ && order.may_relate ? tasks_->open(sealed) : std::nullopt;
  if (!task) return;
  edit.related_task = mcp::related_task_text(task->id);
  if (!part) part = std::make_unique<TaskPart>(TaskPart::Kind::relates);
  part->mention(task->id, sealed);
}

std::unique_ptr<McpSession::TaskPart> McpSession::task_part(const CallOrder& order,
                                                            mcp::Call& call) {
  const json::Value params = order.request.params();
  mcp::ParamsEdit edit;
  std::unique_ptr<TaskPart> part;
  if (tasks_ && order.task) {
    part = std::make_unique<TaskPart>(TaskPart::Kind::names);
    const std::string_view sealed = params.find_string("taskId").value_or("");
    part->mention(order.task->id, sealed);
    part->is_result = order.request.method() == "tasks/result";
    tasks_->presented(order.task->id, sealed);
    edit.task_id = order.task->id;
  } else if (tasks_ && order.request.method() == "tasks/list") {
    part = listing(params, edit);
  } else if (tasks_ && order.kind == CallOrder::Kind::tool && params.find("task")) {
    part = std::make_unique<TaskPart>(TaskPart::Kind::makes);
    part->tool = order.name;
    call.keep_task();
  } else if (order.kind == CallOrder::Kind::tool && tools_.requires_task(order.name)) {
    part = std::make_unique<TaskPart>(TaskPart::Kind::drives);
    part->deadline = call.deadline();
    upstream::prepare_driven(call, edit, scheduler_.now());
  }
  if (const auto related = mcp::related_task(params)) relate(order, *related, edit, part);
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

Result<Event> McpSession::exposed_error(const TaskPart& part, Event event) {
  const json::Value error = *event.message().error();
  const auto said = error.find("code");
  const int code = static_cast<int>(said ? said->as_int().value_or(0) : 0);
  mcp::ErrorWords words;
  if (part.has_cursor) {
    // The words may be about the server's own cursor, however it came by it.
    const bool is_lost = code == static_cast<int>(mcp::Code::invalid_params);
    words.message = is_lost ? "Invalid cursor" : "The tasks cannot be listed from there";
  } else if (part.mentioned.empty()) {
    return event;
  } else {
    words = mcp::renamed_words(error, part.mentioned);
  }
  return Event::result(mcp::error_text(event.message().id(), code, words.message, words.data));
}

// Of a request that no task is to come of.
Result<Event> McpSession::exposed_plain(Event event) const {
  const json::Value result = *event.message().result();
  if (mcp::task_made(result)) return refused(event, "The server made a task that nobody asked for");
  if (!mcp::related_task(result)) return event;
  const mcp::TaskRenaming known = [this](std::string_view own) { return client_task(own); };
  return Event::result(
      mcp::result_text(event.message().id(), mcp::renamed_related_task(result, known)));
}

// Whoever is told of another task would take its state for that of its own.
Result<Event> McpSession::exposed_task(const TaskPart& part, const Event& event) {
  const json::Value result = *event.message().result();
  const mcp::TaskAlias& task = part.mentioned.front();
  const auto about = part.is_result ? std::nullopt : result.find_string("taskId");
  if (about && *about != task.own) {
    return refused(event, "The server's answer is about another task");
  }
  const mcp::TaskRenaming this_one = [&task](std::string_view own) {
    return own == task.own ? std::optional(task.said) : std::nullopt;
  };
  return Event::result(
      mcp::result_text(event.message().id(), mcp::renamed_tasks(result, this_one)));
}

Result<Event> McpSession::exposed_page(const Event& event) const {
  const json::Value result = *event.message().result();
  const auto cursor = result.find_string("nextCursor");
  const std::string sealed = cursor ? tasks_->sealed_cursor(*cursor) : std::string();
  if (cursor && sealed.empty()) {
    return refused(event, "The server's cursor is too long to be passed on");
  }
  const mcp::TaskRenaming known = [this](std::string_view own) { return client_task(own); };
  return Event::result(
      mcp::result_text(event.message().id(), mcp::renamed_task_page(result, known, sealed)));
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
  switch (part == nullptr ? TaskPart::Kind::relates : part->kind) {
    case TaskPart::Kind::relates:
    case TaskPart::Kind::drives:
      return exposed_plain(std::move(event));
    case TaskPart::Kind::names:
      return exposed_task(*part, event);
    case TaskPart::Kind::lists:
      return exposed_page(event);
    case TaskPart::Kind::makes:
      break;
  }
  const auto made = mcp::task_made(*result);
  if (made && tasks_->made(TaskName{part->tool, std::string(*made)}).empty()) {
    return refused(event, "The name of the task is too long to be passed on");
  }
  const mcp::TaskRenaming known = [this](std::string_view own) { return client_task(own); };
  return Event::result(mcp::result_text(id, mcp::renamed_tasks(*result, known)));
}

}  // namespace gateway

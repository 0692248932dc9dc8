#include "gateway/mcp_view.h"

#include "mcp/write.h"
#include "policy/protected_resource.h"

namespace gateway {
namespace {

policy::McpSubject::Kind kind_for_rules(mcp::Subject::Kind kind) {
  switch (kind) {
    case mcp::Subject::Kind::none:
      return policy::McpSubject::Kind::none;
    case mcp::Subject::Kind::tool:
      return policy::McpSubject::Kind::tool;
    case mcp::Subject::Kind::prompt:
      return policy::McpSubject::Kind::prompt;
    case mcp::Subject::Kind::resource:
      return policy::McpSubject::Kind::resource;
    case mcp::Subject::Kind::task:
      break;
  }
  return policy::McpSubject::Kind::none;
}

// What the rules may cost for one page of a list: that of a hundred rules that use all they may.
constexpr std::uint64_t list_fuel = 100 * cel::default_fuel;

bool says_not_found(const mcp::Message& answer) {
  const auto code = answer.error()->find("code");
  const auto number = code ? code->as_int() : std::nullopt;
  return number == static_cast<int>(mcp::Code::resource_not_found) ||
         number == static_cast<int>(mcp::Code::invalid_params);
}

}  // namespace

McpView::Known::Known(const runtime::TargetEntry& target, mcp::Subject::Kind kind,
                      std::string_view exposed) {
  subject.kind = kind_for_rules(kind);
  if (!target.naming) {
    subject.name = exposed;
    subject.target = target.target->name().text();
    return;
  }
  place_ = target.naming->resolve(kind, exposed);
  is_known_ = place_.has_value();
  if (!is_known_) return;
  subject.name = place_->name.text();
  subject.target = target.naming->target(place_->target).text();
}

McpView::Known McpView::known(mcp::Subject::Kind kind, std::string_view name) const {
  return Known(*backend_.target, kind, name);
}

bool McpView::is_of_a_target(const mcp::Subject& subject) const {
  if (!backend_.target->naming) return true;
  const auto place = backend_.target->naming->resolve(subject.kind, subject.name);
  if (!place) return false;
  const upstream::Target& target = *backend_.target->parts[place->target]->target;
  exchange_.record.mcp_target = target.name().text();
  exchange_.record.endpoint = target.endpoint();
  return true;
}

bool McpView::allows(const mcp::Subject& subject, std::string_view method,
                     json::Value params) const {
  Known asked = known(subject.kind, subject.name);
  if (!asked.is_known()) return false;
  asked.subject.session = session_;
  asked.subject.method = method;
  if (subject.kind == mcp::Subject::Kind::tool) {
    asked.subject.arguments = params.find("arguments");
  }
  return backend_.rules.allows_use(exchange_, asked.subject);
}

Binding McpView::binding() const {
  return Binding(exchange_.principal().identity(), route_key_, backend_.target->fingerprint);
}

std::optional<TaskName> McpView::task(std::string_view sealed) const {
  if (ids_ == nullptr) return std::nullopt;
  return open_task(*ids_, sealed, binding());
}

std::string McpView::sealed(const TaskName& task) const {
  if (ids_ == nullptr) return {};
  return seal_task(*ids_, binding(), task);
}

bool McpView::allows_task(const TaskName& task) const {
  std::uint64_t fuel = list_fuel;
  return shows(mcp::Subject::Kind::tool, task.tool, fuel);
}

bool McpView::shows(mcp::Subject::Kind kind, std::string_view name, std::uint64_t& fuel) const {
  if (kind == mcp::Subject::Kind::task) {
    const auto known_task = task(name);
    return known_task && shows(mcp::Subject::Kind::tool, known_task->tool, fuel);
  }
  Known seen = known(kind, name);
  seen.subject.session = session_;
  return seen.is_known() && backend_.rules.allows_sight(exchange_, seen.subject, fuel);
}

std::string McpView::unknown_text(const mcp::Subject& subject) {
  switch (subject.kind) {
    case mcp::Subject::Kind::tool:
      return "Unknown tool: " + subject.name;
    case mcp::Subject::Kind::prompt:
      return "Unknown prompt: " + subject.name;
    case mcp::Subject::Kind::resource:
      return "Unknown resource: " + subject.name;
    case mcp::Subject::Kind::task:
      return "Task not found";
    case mcp::Subject::Kind::none:
      break;
  }
  return "Unknown";
}

std::string McpView::filtered_text(const mcp::Id& id, mcp::Touches touches,
                                   json::Value result) const {
  const mcp::ListShape shape = *mcp::list_shape(touches);
  std::uint64_t fuel = list_fuel;
  std::string list = mcp::filtered_list(result, shape.array, [&](json::Value item) {
    const auto name = item.find_string(shape.item_name);
    // An item without a name could not be called and cannot be judged.
    if (!name) return false;
    return shows(shape.kind, *name, fuel);
  });
  if (fuel > 0) return mcp::result_text(id, std::move(list));
  // A list of which a part is missing would look like a whole one.
  exchange_.record.error = "the rules cost more than one list may";
  exchange_.record.mcp_error_code = static_cast<int>(mcp::Code::internal_error);
  return mcp::error_text(id, mcp::Code::internal_error, "the list is too long for its rules");
}

std::string McpView::answer_text(const mcp::Id& id, mcp::Touches touches,
                                 const mcp::Subject& subject, const mcp::Message& answer) const {
  if (answer.error()) {
    const auto code = answer.error()->find("code");
    exchange_.record.mcp_error_code = static_cast<int>(code ? code->as_int().value_or(0) : 0);
    exchange_.record.mcp_error = std::string(answer.error()->find_string("message").value_or(""));
    if (subject.kind == mcp::Subject::Kind::resource && says_not_found(answer)) {
      return mcp::error_text(id, mcp::Code::invalid_params, unknown_text(subject));
    }
    return mcp::response_text(id, answer);
  }
  if (backend_.rules.has_rules() && mcp::list_shape(touches)) {
    return filtered_text(id, touches, *answer.result());
  }
  return mcp::response_text(id, answer);
}

bool McpView::allows_notification(const upstream::Event& event) const {
  if (event.method() == "notifications/tasks/status") {
    const auto about = task(event.edit().task_id.value_or(std::string()));
    const bool has_scopes =
        about && (resource_ == nullptr || resource_->may_call(exchange_, about->tool));
    return has_scopes && allows_task(*about);
  }
  if (event.method() == "notifications/tasks") return false;
  if (event.method() != "notifications/resources/updated") return true;
  const auto uri = event.message().params().find_string("uri");
  if (!uri) return false;
  Known updated = known(mcp::Subject::Kind::resource, *uri);
  updated.subject.session = session_;
  return updated.is_known() && backend_.rules.allows_sight(exchange_, updated.subject);
}

}  // namespace gateway

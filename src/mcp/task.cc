#include "mcp/task.h"

#include "json/write.h"

namespace mcp {
namespace {

bool has(json::Value object, std::string_view member) {
  const auto found = object.find(member);
  return found && found->is_object();
}

// The object anew; `write` says whether it wrote (or left out) that member by itself.
template <class Write>
std::string rewritten(json::Value object, Write write) {
  json::Writer out;
  out.begin_object();
  for (const json::Member member : object.members()) {
    if (!write(member, out)) out.name(member.name).value(member.value);
  }
  return out.end_object().take();
}

std::string renamed_object(json::Value object, const TaskRenaming& rename) {
  return rewritten(object, [&](const json::Member& member, json::Writer& out) {
    if (member.name != "taskId") return false;
    const auto renamed = rename(member.value.as_string().value_or(""));
    if (renamed) out.name("taskId").string(*renamed);
    return true;
  });
}

std::string renamed_list(json::Value tasks, const TaskRenaming& rename) {
  json::Writer out;
  out.begin_array();
  for (const json::Value task : tasks.elements()) {
    const auto id = task.find_string("taskId");
    if (id && rename(*id)) out.raw(renamed_object(task, rename));
  }
  return out.end_array().take();
}

std::string renamed_meta(json::Value meta, const TaskRenaming& rename) {
  return rewritten(meta, [&](const json::Member& member, json::Writer& out) {
    if (member.name != related_task_member) return false;
    const auto renamed = rename(member.value.find_string("taskId").value_or(""));
    if (renamed) out.name(member.name).raw(related_task_text(*renamed));
    return true;
  });
}

}  // namespace

std::string TaskOffer::text() const {
  json::Writer out;
  out.begin_object();
  if (lists) out.name("list").raw("{}");
  if (cancels) out.name("cancel").raw("{}");
  if (calls) out.name("requests").raw(R"({"tools":{"call":{}}})");
  return out.end_object().take();
}

TaskOffer task_offer(json::Value initialize_result) {
  const json::Value none;
  const json::Value capabilities = initialize_result.find("capabilities").value_or(none);
  const json::Value tasks = capabilities.find("tasks").value_or(none);
  const json::Value requests = tasks.find("requests").value_or(none);
  TaskOffer offer;
  offer.calls = has(requests.find("tools").value_or(none), "call");
  offer.lists = offer.calls && has(tasks, "list");
  offer.cancels = offer.calls && has(tasks, "cancel");
  return offer;
}

std::optional<std::string_view> task_made(json::Value result) {
  const auto task = result.find("task");
  return task ? task->find_string("taskId") : std::nullopt;
}

std::optional<std::string_view> related_task(json::Value object) {
  const auto meta = object.find("_meta");
  const auto related = meta ? meta->find(related_task_member) : std::nullopt;
  return related ? related->find_string("taskId") : std::nullopt;
}

std::string related_task_text(std::string_view id) {
  json::Writer out;
  return out.begin_object().name("taskId").string(id).end_object().take();
}

std::string renamed_tasks(json::Value result, const TaskRenaming& rename) {
  return rewritten(result, [&](const json::Member& member, json::Writer& out) {
    if (member.name == "task" && member.value.is_object()) {
      out.name("task").raw(renamed_object(member.value, rename));
    } else if (member.name == "tasks" && member.value.is_array()) {
      out.name("tasks").raw(renamed_list(member.value, rename));
    } else if (member.name == "_meta" && member.value.is_object()) {
      out.name("_meta").raw(renamed_meta(member.value, rename));
    } else if (member.name == "taskId") {
      const auto renamed = rename(member.value.as_string().value_or(""));
      if (renamed) out.name("taskId").string(*renamed);
    } else {
      return false;
    }
    return true;
  });
}

std::string renamed_related_task(json::Value result, const TaskRenaming& rename) {
  return rewritten(result, [&](const json::Member& member, json::Writer& out) {
    const bool is_meta = member.name == "_meta" && member.value.is_object();
    if (is_meta) out.name("_meta").raw(renamed_meta(member.value, rename));
    return is_meta;
  });
}

std::string with_related_task(json::Value result, std::string_view related) {
  json::Writer meta;
  meta.begin_object();
  const json::Value said = result.find("_meta").value_or(json::Value());
  for (const json::Member member : said.members()) {
    if (member.name != related_task_member) meta.name(member.name).value(member.value);
  }
  if (!related.empty()) meta.name(related_task_member).raw(related);
  meta.end_object();
  json::Writer out;
  out.begin_object();
  for (const json::Member member : result.members()) {
    if (member.name != "_meta") out.name(member.name).value(member.value);
  }
  out.name("_meta").raw(meta.take());
  return out.end_object().take();
}

bool says_executions(json::Value result) {
  return result.raw().find("\"execution\"") != std::string_view::npos;
}

std::string with_executions(json::Value result, bool may_be_tasks) {
  return rewritten_list(result, "tools", [&](json::Value tool) -> std::optional<std::string> {
    return rewritten(tool, [&](const json::Member& member, json::Writer& out) {
      if (member.name != "execution") return false;
      const bool is_required = member.value.find_string("taskSupport") == "required";
      if (!may_be_tasks) return true;
      if (!is_required) return false;
      out.name("execution").raw(R"({"taskSupport":"optional"})");
      return true;
    });
  });
}

}  // namespace mcp

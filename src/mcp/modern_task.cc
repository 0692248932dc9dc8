#include "mcp/modern_task.h"

#include "json/write.h"
#include "mcp/write.h"

namespace mcp {
namespace {

constexpr std::string_view reserved = "io.modelcontextprotocol/";

}  // namespace

bool has_tasks_extension(json::Value capabilities) {
  const auto extensions = capabilities.find("extensions");
  const auto tasks = extensions ? extensions->find(tasks_extension) : std::nullopt;
  return tasks && tasks->is_object();
}

bool is_task_method(std::string_view method) {
  return method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel";
}

std::string tasks_required_data() {
  json::Writer out;
  out.begin_object().name("requiredCapabilities").begin_object();
  out.name("extensions").begin_object().name(tasks_extension).begin_object().end_object();
  return out.end_object().end_object().end_object().take();
}

std::optional<std::string> task_id_of(json::Value task) {
  constexpr std::size_t task_id_bytes_max = 1024;
  const auto id = task.find_string("taskId");
  if (!id || id->empty() || id->size() > task_id_bytes_max) return std::nullopt;
  return std::string(*id);
}

std::string task_params(json::Value params, std::string_view id) {
  json::Writer out;
  out.begin_object().name("taskId").string(id);
  if (const auto responses = params.find("inputResponses")) {
    out.name("inputResponses").raw(one_line(responses->raw()));
  }
  json::Writer meta;
  meta.begin_object();
  const json::Value given = params.find("_meta").value_or(json::Value());
  for (const json::Member entry : given.members()) {
    if (!entry.name.starts_with(reserved)) meta.name(entry.name).raw(one_line(entry.value.raw()));
  }
  const std::string rest = meta.end_object().take();
  if (rest != "{}") out.name("_meta").raw(rest);
  return out.end_object().take();
}

std::string task_text(json::Value task, const TaskFace& face) {
  json::Writer out;
  out.begin_object();
  if (!face.type.empty()) out.name("resultType").string(face.type);
  out.name("taskId").string(face.id);
  json::Writer meta;
  meta.begin_object();
  for (const json::Member member : task.members()) {
    if (member.name == "taskId" || member.name == "resultType") continue;
    if (member.name != "_meta") {
      out.name(member.name).raw(one_line(member.value.raw()));
      continue;
    }
    for (const json::Member entry : member.value.members()) {
      if (!entry.name.starts_with(reserved)) {
        meta.name(entry.name).raw(one_line(entry.value.raw()));
      }
    }
  }
  if (!face.meta.empty()) meta.name(face.meta_name).raw(face.meta);
  const std::string rest = meta.end_object().take();
  if (rest != "{}") out.name("_meta").raw(rest);
  return out.end_object().take();
}

}  // namespace mcp

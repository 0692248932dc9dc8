#include "mcp/modern_result.h"

#include <algorithm>
#include <array>

#include "json/write.h"
#include "mcp/era.h"
#include "mcp/modern_task.h"
#include "mcp/write.h"

namespace mcp {
namespace {

constexpr std::string_view meta_key = "agentgateway/inputKey";

bool is_cacheable(std::string_view method) {
  constexpr std::array<std::string_view, 6> methods = {
      "server/discover", "tools/list",     "prompts/list",
      "resources/list",  "resources/read", "resources/templates/list"};
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

// Written anew in any case.
bool is_ours(std::string_view name) {
  return name == "resultType" || name == "_meta" || name == "ttlMs" || name == "cacheScope";
}

void write_meta(json::Writer& out, json::Value meta, std::string_view server_info) {
  const bool has_others =
      std::any_of(meta.members().begin(), meta.members().end(),
                  [](const json::Member& member) { return member.name != meta_server; });
  if (!has_others && server_info.empty()) return;
  out.name("_meta").begin_object();
  for (const json::Member member : meta.members()) {
    if (member.name != meta_server) out.name(member.name).raw(one_line(member.value.raw()));
  }
  if (!server_info.empty()) out.name(meta_server).raw(server_info);
  out.end_object();
}

// A list of tools without `execution`, which ended with the revisions that had tasks in the core.
std::string tools_text(json::Value tools) {
  json::Writer out;
  out.begin_array();
  for (const json::Value tool : tools.elements()) {
    if (tool.find("execution")) {
      out.raw(without_members(tool, {"execution"}));
    } else {
      out.raw(one_line(tool.raw()));
    }
  }
  return out.end_array().take();
}

void write_cache_fields(json::Writer& out, json::Value result) {
  const auto given = result.find("ttlMs");
  out.name("ttlMs").integer_unsigned(given ? given->as_uint().value_or(0) : 0);
  // What one caller sees depends on who it is.
  out.name("cacheScope").string("private");
}

}  // namespace

std::string complete_result(std::string_view method, json::Value result,
                            std::string_view server_info) {
  json::Writer out;
  out.begin_object().name("resultType").string("complete");
  for (const json::Member member : result.members()) {
    if (is_ours(member.name)) continue;
    out.name(member.name);
    if (method == "tools/list" && member.name == "tools" && member.value.is_array()) {
      out.raw(tools_text(member.value));
    } else {
      out.raw(one_line(member.value.raw()));
    }
  }
  if (is_cacheable(method)) write_cache_fields(out, result);
  write_meta(out, result.find("_meta").value_or(json::Value()), server_info);
  return out.end_object().take();
}

std::string discover_result(json::Value initialized, std::span<const std::string_view> hidden,
                            bool has_tasks) {
  json::Writer out;
  out.begin_object().name("resultType").string("complete");
  out.name("supportedVersions").raw(supported_revisions());
  out.name("capabilities").begin_object();
  const json::Value capabilities = initialized.find("capabilities").value_or(json::Value());
  for (const json::Member capability : capabilities.members()) {
    const bool is_hidden = capability.name == "tasks" ||
                           std::find(hidden.begin(), hidden.end(), capability.name) != hidden.end();
    if (is_hidden) continue;
    const bool says_tasks = !has_tasks && has_tasks_extension(capabilities);
    out.name(capability.name);
    if (capability.name == "extensions" && says_tasks) {
      out.raw(without_members(capability.value, {tasks_extension}));
    } else {
      out.raw(one_line(capability.value.raw()));
    }
  }
  out.end_object();
  if (const auto instructions = initialized.find_string("instructions")) {
    out.name("instructions").string(*instructions);
  }
  write_cache_fields(out, json::Value());
  const auto server = initialized.find("serverInfo");
  write_meta(out, json::Value(), server ? one_line(server->raw()) : std::string());
  return out.end_object().take();
}

std::string with_input_key(std::string_view params, std::string_view key) {
  const auto document = json::Document::parse(std::string(params));
  if (!document) return std::string(params);
  json::Writer out;
  out.begin_object();
  for (const json::Member member : document->root().members()) {
    if (member.name != "_meta") out.name(member.name).raw(one_line(member.value.raw()));
  }
  out.name("_meta").begin_object();
  const json::Value meta = document->root().find("_meta").value_or(json::Value());
  for (const json::Member member : meta.members()) {
    if (member.name != meta_key) out.name(member.name).raw(one_line(member.value.raw()));
  }
  return out.name(meta_key).string(key).end_object().end_object().take();
}

std::optional<std::string> input_key(json::Value params) {
  constexpr std::size_t key_bytes_max = 256;
  const auto meta = params.find("_meta");
  const auto key = meta ? meta->find_string(meta_key) : std::nullopt;
  if (!key || key->empty() || key->size() > key_bytes_max) return std::nullopt;
  return std::string(*key);
}

std::string question_params(json::Value params) {
  if (!params.is_object()) return "{}";
  const auto meta = params.find("_meta");
  if (!meta || !meta->find(meta_key)) return without_members(params, {"task", "elicitationId"});
  json::Writer out;
  out.begin_object();
  for (const json::Member member : params.members()) {
    if (member.name == "task" || member.name == "elicitationId") continue;
    const std::string text = member.name == "_meta" ? without_members(member.value, {meta_key})
                                                    : one_line(member.value.raw());
    if (text != "{}" || member.name != "_meta") out.name(member.name).raw(text);
  }
  return out.end_object().take();
}

std::vector<InputRequest> required_visits(json::Value error) {
  constexpr std::size_t visits_max = 16;
  std::vector<InputRequest> visits;
  const auto data = error.find("data");
  const auto wanted = data ? data->find("elicitations") : std::nullopt;
  if (!wanted) return visits;
  for (const json::Value one : wanted->elements()) {
    if (one.find_string("mode") != "url" || visits.size() == visits_max) continue;
    visits.push_back(InputRequest{"ask-" + std::to_string(visits.size() + 1), "elicitation/create",
                                  question_params(one)});
  }
  return visits;
}

std::string input_required_result(std::span<const InputRequest> requests, std::string_view state,
                                  std::string_view server_info) {
  json::Writer out;
  out.begin_object().name("resultType").string("input_required");
  out.name("inputRequests").begin_object();
  for (const InputRequest& request : requests) {
    out.name(request.key).begin_object().name("method").string(request.method);
    out.name("params").raw(request.params).end_object();
  }
  out.end_object().name("requestState").string(state);
  write_meta(out, json::Value(), server_info);
  return out.end_object().take();
}

}  // namespace mcp

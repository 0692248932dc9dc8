#include "mcp/modern_answer.h"

#include <algorithm>

#include "base/text.h"
#include "json/write.h"
#include "mcp/modern_request.h"
#include "mcp/modern_task.h"
#include "mcp/write.h"

namespace mcp {
namespace {

constexpr std::string_view server_info_meta = "io.modelcontextprotocol/serverInfo";

bool lists_modern(std::optional<json::Value> versions) {
  if (!versions || !versions->is_array()) return false;
  const auto elements = versions->elements();
  return std::any_of(elements.begin(), elements.end(), [](json::Value version) {
    return version.as_string() == text_of(modern_revision);
  });
}

// An object without the protocol's own names; empty if nothing is left.
std::string plain_meta(json::Value meta) {
  json::Writer out;
  out.begin_object();
  bool has_any = false;
  for (const json::Member member : meta.members()) {
    if (member.name.starts_with(reserved_meta)) continue;
    out.name(member.name).value(member.value);
    has_any = true;
  }
  std::string text = out.end_object().take();
  return has_any ? text : std::string();
}

void write_server_info(json::Writer& out, json::Value discovered, std::string_view fallback_name) {
  const auto meta = discovered.find("_meta");
  auto info = meta ? meta->find(server_info_meta) : std::nullopt;
  if (!info || !info->is_object()) info = discovered.find("serverInfo");
  const json::Value said = info.value_or(json::Value());
  out.name("serverInfo").begin_object();
  for (const json::Member member : said.members()) {
    if (member.name != "name" && member.name != "version")
      out.name(member.name).value(member.value);
  }
  out.name("name").string(said.find_string("name").value_or(fallback_name));
  out.name("version").string(said.find_string("version").value_or("unknown"));
  out.end_object();
}

std::string text_block(std::string_view text) {
  json::Writer out;
  out.begin_object().name("type").string("text").name("text").string(text);
  return out.end_object().take();
}

// Blocks of a type that the client's revision does not know become text.
std::string content_for(json::Value block, Revision revision) {
  const auto type = block.find_string("type");
  if (type == "resource_link" && revision < Revision::v2025_06_18) {
    return text_block(block.find_string("uri").value_or(""));
  }
  if (type == "audio" && revision < Revision::v2025_03_26) {
    return text_block("[" + std::string(block.find_string("mimeType").value_or("audio")) + "]");
  }
  return std::string(block.raw());
}

bool is_legacy(Revision revision) {
  return era_of(revision) == Era::legacy;
}

std::string tool_for(json::Value tool, Revision revision) {
  json::Writer out;
  out.begin_object();
  for (const json::Member member : tool.members()) {
    const bool is_typed = member.value.find_string("type") == "object";
    // Only the modern revision knows results that are no objects.
    if (member.name == "outputSchema" && !is_typed && is_legacy(revision)) continue;
    if (member.name == "execution") continue;
    if (member.name == "inputSchema" && !member.value.is_object()) continue;
    out.name(member.name).value(member.value);
  }
  const auto schema = tool.find("inputSchema");
  if (!schema || !schema->is_object()) out.name("inputSchema").raw(R"({"type":"object"})");
  return out.end_object().take();
}

class ListName {
 public:
  std::string_view list;
  std::string_view item;
};

// The items that a client can read: others would make it refuse the whole list.
std::string list_for(json::Value list, const ListName& name, const AnswerView& view) {
  json::Writer out;
  out.begin_array();
  for (const json::Value item : list.elements()) {
    if (!item.find_string(name.item)) continue;
    if (name.list != "tools") {
      out.value(item);
    } else if (view.shows_tool(item)) {
      out.raw(tool_for(item, view.revision));
    }
  }
  return out.end_array().take();
}

std::optional<ListName> list_of(std::string_view method) {
  if (method == "tools/list") return ListName{"tools", "name"};
  if (method == "prompts/list") return ListName{"prompts", "name"};
  if (method == "resources/list") return ListName{"resources", "uri"};
  if (method == "resources/templates/list") return ListName{"resourceTemplates", "uriTemplate"};
  if (method == "resources/read") return ListName{"contents", "uri"};
  return std::nullopt;
}

// What no result needs: said anew, or of no use to the client.
bool is_modern_only(std::string_view member) {
  return member == "resultType" || member == "ttlMs" || member == "cacheScope";
}

void write_content(json::Writer& out, json::Value result, Revision revision) {
  out.name("content").begin_array();
  const auto content = result.find("content");
  if (content && content->is_array()) {
    for (const json::Value block : content->elements()) {
      if (block.is_object()) out.raw(content_for(block, revision));
    }
  } else if (const auto structured = result.find("structuredContent")) {
    out.raw(text_block(structured->raw()));
  }
  out.end_array();
}

void write_meta(json::Writer& out, json::Value value) {
  const std::string meta = plain_meta(value);
  if (!meta.empty()) out.name("_meta").raw(meta);
}

// Whether a member of a tool's result says something that the client can read.
bool is_readable(const json::Member& member, Revision revision) {
  if (is_modern_only(member.name) || member.name == "content") return false;
  if (member.name == "isError") return member.value.as_bool().has_value();
  if (member.name != "structuredContent") return true;
  return member.value.is_object() || !is_legacy(revision);
}

std::string tool_result(json::Value result, Revision revision) {
  json::Writer out;
  out.begin_object();
  write_content(out, result, revision);
  for (const json::Member member : result.members()) {
    if (!is_readable(member, revision)) continue;
    if (member.name == "_meta") {
      write_meta(out, member.value);
    } else {
      out.name(member.name).value(member.value);
    }
  }
  return out.end_object().take();
}

// What a task waits for, by its server's keys.
std::string task_questions(json::Value requests) {
  json::Writer out;
  out.begin_object();
  for (const json::Member request : requests.members()) {
    out.name(request.name).begin_object();
    for (const json::Member member : request.value.members()) {
      const bool are_params = member.name == "params" && member.value.is_object();
      out.name(member.name);
      if (are_params) {
        out.raw(params_for(member.value));
      } else {
        out.value(member.value);
      }
    }
    out.end_object();
  }
  return out.end_object().take();
}

}  // namespace

Discovered judge_discovery(const Message& answer) {
  if (const auto result = answer.result()) {
    return lists_modern(result->find("supportedVersions")) ? Discovered::modern
                                                           : Discovered::legacy;
  }
  const auto code = answer.error()->find("code")->as_int();
  if (code != static_cast<int>(Code::unsupported_version)) return Discovered::legacy;
  const auto data = answer.error()->find("data");
  return data && lists_modern(data->find("supported")) ? Discovered::refused : Discovered::legacy;
}

std::string initialize_result(json::Value discovered, Revision revision,
                              std::string_view fallback_name, bool says_tasks) {
  json::Writer out;
  out.begin_object().name("protocolVersion").string(text_of(revision));
  const json::Value capabilities = discovered.find("capabilities").value_or(json::Value());
  out.name("capabilities").begin_object();
  for (const json::Member member : capabilities.members()) {
    if (member.name != "extensions" && member.name != "tasks") {
      out.name(member.name).value(member.value);
    }
  }
  if (says_tasks && has_tasks_extension(capabilities)) {
    out.name("extensions").begin_object();
    out.name(tasks_extension).begin_object().end_object().end_object();
  }
  out.end_object();
  write_server_info(out, discovered, fallback_name);
  if (const auto text = discovered.find_string("instructions")) {
    out.name("instructions").string(*text);
  }
  return out.end_object().take();
}

std::string result_for(std::string_view method, json::Value result, const AnswerView& view) {
  const bool is_task = result.find_string("resultType") == "task";
  if (method == "tasks/get" || (is_task && method == "tools/call")) return task_for(result);
  if (method == "tools/call") return tool_result(result, view.revision);
  const auto list = list_of(method);
  json::Writer out;
  out.begin_object();
  for (const json::Member member : result.members()) {
    if (is_modern_only(member.name)) continue;
    if (member.name == "_meta") {
      write_meta(out, member.value);
    } else if (list && member.name == list->list) {
      out.name(member.name).raw(list_for(member.value, *list, view));
    } else if (member.name != "nextCursor" || member.value.is_string()) {
      out.name(member.name).value(member.value);
    }
  }
  if (list && !result.find(list->list)) out.name(list->list).raw("[]");
  return out.end_object().take();
}

std::string error_for(std::string_view method, json::Value error, const Id& id, Revision revision) {
  const auto said = error.find("code")->as_int().value_or(0);
  const std::string message(error.find_string("message").value_or(""));
  const auto data = error.find("data");
  const std::string_view data_text = data ? data->raw() : std::string_view();
  int code = said < -99'999 || said > 99'999 ? static_cast<int>(Code::internal_error)
                                             : static_cast<int>(said);
  if (code == static_cast<int>(Code::missing_capability) && is_legacy(revision)) {
    return error_text(id, Code::invalid_params,
                      "The server needs a capability that the client does not have: " + message,
                      data_text);
  }
  if (code == static_cast<int>(Code::header_mismatch) ||
      code == static_cast<int>(Code::unsupported_version)) {
    return error_text(id, Code::internal_error, message, data_text);
  }
  const bool is_missing =
      (data && data->find("uri")) || base::to_lower(message).find("not found") != std::string::npos;
  const bool is_bad = code == static_cast<int>(Code::invalid_params);
  if (method == "resources/read" && is_bad && is_missing && is_legacy(revision)) {
    code = static_cast<int>(Code::resource_not_found);
  }
  return error_text(id, code, message, data_text);
}

std::string task_for(json::Value task) {
  json::Writer out;
  out.begin_object();
  for (const json::Member member : task.members()) {
    const bool is_complete = member.name == "resultType" && member.value.as_string() != "task";
    // Of the call that made the task, if it comes at all.
    if (is_complete || member.name == "requestState") continue;
    if (member.name == "_meta") {
      write_meta(out, member.value);
    } else if (member.name == "result" && member.value.is_object()) {
      out.name(member.name).raw(tool_result(member.value, modern_revision));
    } else if (member.name == "inputRequests" && member.value.is_object()) {
      out.name(member.name).raw(task_questions(member.value));
    } else {
      out.name(member.name).value(member.value);
    }
  }
  return out.end_object().take();
}

std::string params_for(json::Value params) {
  json::Writer out;
  out.begin_object();
  for (const json::Member member : params.members()) {
    if (member.name == "_meta") {
      write_meta(out, member.value);
    } else {
      out.name(member.name).value(member.value);
    }
  }
  return out.end_object().take();
}

Result<InputRequired> input_required(json::Value result) {
  InputRequired required;
  const auto requests = result.find("inputRequests");
  if (requests && requests->size() > InputRequired::questions_max) {
    return failed(Fault::upstream_failed, "the server asks too much at once");
  }
  if (requests) {
    for (const json::Member member : requests->members()) {
      const auto method = member.value.find_string("method");
      if (!method) return failed(Fault::upstream_failed, "the server asks without a method");
      InputRequired::Question question;
      question.method = *method;
      const auto params = member.value.find("params");
      if (params && params->is_object()) question.params = params_for(*params);
      required.questions.emplace(member.name, std::move(question));
    }
  }
  if (const auto state = result.find("requestState")) required.state = one_line(state->raw());
  if (required.questions.empty() && !required.state) {
    return failed(Fault::upstream_failed, "the server requires input and does not say which");
  }
  return required;
}

}  // namespace mcp

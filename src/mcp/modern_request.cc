#include "mcp/modern_request.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/base64.h"
#include "base/text.h"
#include "json/write.h"
#include "mcp/modern_task.h"
#include "mcp/write.h"

namespace mcp {
namespace {

constexpr std::size_t schema_depth_max = 32;
constexpr std::size_t tool_headers_max = 64;
constexpr std::string_view annotation = "x-mcp-header";

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
  });
}

// Collects the annotations of a schema.
class Annotations {
 public:
  // Of an object's properties, which are the only place where one may stand.
  Result<> take_schema(json::Value schema, std::size_t depth) {
    if (depth > schema_depth_max) return failed(Fault::bad_request, "the schema is too deep");
    for (const json::Member member : schema.members()) {
      const bool are_properties = member.name == "properties" && member.value.is_object();
      TRY(are_properties ? take_properties(member.value, depth) : refuse_member(member, depth));
    }
    return {};
  }
  std::vector<ToolHeader> take() { return std::move(found_); }

 private:
  Result<> take_properties(json::Value properties, std::size_t depth) {
    for (const json::Member property : properties.members()) {
      path_.emplace_back(property.name);
      const auto header = property.value.find(annotation);
      if (header) TRY(take_header(*header, property.value));
      TRY(take_schema(property.value, depth + 1));
      path_.pop_back();
    }
    return {};
  }

  Result<> take_header(json::Value header, json::Value schema) {
    const auto name = header.as_string();
    if (!name || !is_token(*name)) {
      return failed(Fault::bad_request, "an x-mcp-header is no field name");
    }
    const auto type = schema.find_string("type");
    if (type != "string" && type != "integer" && type != "boolean") {
      return failed(Fault::bad_request, "an x-mcp-header is on what is no plain value");
    }
    std::string field = "mcp-param-" + base::to_lower(*name);
    if (!fields_.insert(field).second) {
      return failed(Fault::bad_request, "two arguments have one x-mcp-header");
    }
    if (found_.size() >= tool_headers_max) {
      return failed(Fault::bad_request, "there are too many x-mcp-headers");
    }
    found_.push_back(ToolHeader{std::move(field), path_});
    return {};
  }

  // Anything else of a schema: a property's own annotation was taken already.
  static Result<> refuse_member(const json::Member& member, std::size_t depth) {
    const bool is_taken = member.name == annotation && depth > 0;
    const bool is_misplaced = member.name == annotation || has_annotation(member.value, depth + 1);
    if (is_taken || !is_misplaced) return {};
    return failed(Fault::bad_request, "an x-mcp-header stands where none may be");
  }

  // In items, alternatives, definitions. Names of properties there may well be called so.
  static bool has_annotation(json::Value value, std::size_t depth) {
    if (depth > schema_depth_max) return false;
    const auto is_one = [depth](const json::Member& member) {
      const bool is_said = member.name == annotation && member.value.is_string();
      return is_said || has_annotation(member.value, depth + 1);
    };
    const auto has_one = [depth](json::Value element) {
      return has_annotation(element, depth + 1);
    };
    const auto members = value.members();
    const auto elements = value.elements();
    return std::any_of(members.begin(), members.end(), is_one) ||
           std::any_of(elements.begin(), elements.end(), has_one);
  }

  std::vector<std::string> path_;
  std::set<std::string> fields_;
  std::vector<ToolHeader> found_;
};

std::string capabilities_text(const ModernSaying& saying) {
  std::string text = saying.client->capabilities();
  if (!saying.follows_tasks) return text;
  text.pop_back();
  if (text.size() > 1) text += ',';
  return text.append(R"("extensions":{")").append(tasks_extension).append(R"(":{}}})");
}

void write_meta(json::Writer& out, json::Value meta, const ModernSaying& saying) {
  out.name("_meta").begin_object();
  for (const json::Member member : meta.members()) {
    const bool is_ours = member.name.starts_with(reserved_meta) || member.name == "progressToken";
    if (!is_ours) out.name(member.name).value(member.value);
  }
  out.name("io.modelcontextprotocol/protocolVersion").string(text_of(modern_revision));
  out.name("io.modelcontextprotocol/clientInfo").raw(saying.client->info());
  out.name("io.modelcontextprotocol/clientCapabilities").raw(capabilities_text(saying));
  if (!saying.log_level.empty()) {
    out.name("io.modelcontextprotocol/logLevel").string(saying.log_level);
  }
  if (!saying.progress_token.empty()) out.name("progressToken").raw(saying.progress_token);
  out.end_object();
}

}  // namespace

ModernClient::ModernClient(json::Value initialize_params) {
  const auto info = initialize_params.find("clientInfo");
  info_ = info ? one_line(info->raw()) : R"({"name":"unknown","version":"0"})";
  const auto declared = initialize_params.find("capabilities").value_or(json::Value());
  const auto sampling = declared.find("sampling");
  const auto elicitation = declared.find("elicitation");
  samples_ = sampling && sampling->is_object();
  is_elicited_ = elicitation && elicitation->is_object();
  has_roots_ = declared.find("roots").has_value();
  json::Writer out;
  out.begin_object();
  if (samples_) out.name("sampling").raw(one_line(sampling->raw()));
  if (is_elicited_) out.name("elicitation").raw(one_line(elicitation->raw()));
  if (has_roots_) out.name("roots").raw("{}");
  capabilities_ = out.end_object().take();
}

bool ModernClient::answers(std::string_view method) const {
  if (method == "sampling/createMessage") return samples_;
  if (method == "elicitation/create") return is_elicited_;
  return method == "roots/list" && has_roots_;
}

std::string modern_params(json::Value params, const ModernSaying& saying) {
  json::Writer out;
  out.begin_object();
  for (const json::Member member : params.members()) {
    const bool is_answers = member.name == "inputResponses" && !saying.keeps_answers;
    const bool is_ours = member.name == "_meta" || is_answers || member.name == "requestState" ||
                         member.name == "task";
    if (!is_ours) out.name(member.name).value(member.value);
  }
  write_meta(out, params.find("_meta").value_or(json::Value()), saying);
  if (saying.retry != nullptr && !saying.retry->answers.empty()) {
    out.name("inputResponses").begin_object();
    for (const auto& [key, answer] : saying.retry->answers) out.name(key).raw(answer);
    out.end_object();
  }
  if (saying.retry != nullptr && saying.retry->state) {
    out.name("requestState").raw(*saying.retry->state);
  }
  return out.end_object().take();
}

std::string header_text(std::string_view text) {
  const bool is_visible =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  const bool has_edges = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  const bool is_marked = text.starts_with("=?base64?") && text.ends_with("?=");
  if (is_visible && !has_edges && !is_marked) return std::string(text);
  return "=?base64?" + base::base64_encode(text) + "?=";
}

Result<std::vector<ToolHeader>> tool_headers(json::Value tool) {
  const auto schema = tool.find("inputSchema");
  if (!schema) return std::vector<ToolHeader>();
  // Nearly all tools have none; a look at the text is cheaper than a walk.
  const std::string_view text = schema->raw();
  const bool may_be_annotated = text.find("mcp-header") != std::string_view::npos ||
                                text.find("\\u") != std::string_view::npos;
  if (!may_be_annotated) return std::vector<ToolHeader>();
  Annotations annotations;
  TRY(annotations.take_schema(*schema, 0));
  return annotations.take();
}

std::optional<std::string> tool_header_value(const ToolHeader& header, json::Value arguments) {
  json::Value value = arguments;
  for (const std::string& name : header.path) {
    const auto found = value.find(name);
    if (!found) return std::nullopt;
    value = *found;
  }
  if (const auto text = value.as_string()) return header_text(*text);
  if (const auto flag = value.as_bool()) return std::string(*flag ? "true" : "false");
  if (!value.is_number()) return std::nullopt;
  if (const auto number = value.as_int()) return std::to_string(*number);
  const double real = value.as_double().value_or(0);
  constexpr double exact_max = 9007199254740992.0;  // 2^53
  const bool is_integer = std::nearbyint(real) == real && std::abs(real) <= exact_max;
  if (is_integer) return std::to_string(static_cast<std::int64_t>(real));
  return std::string(value.number_text());
}

std::optional<std::string> named_in_header(std::string_view method, json::Value params) {
  std::string_view member;
  if (method == "tools/call" || method == "prompts/get") member = "name";
  if (method == "resources/read") member = "uri";
  if (is_task_method(method)) member = "taskId";
  if (member.empty()) return std::nullopt;
  const auto name = params.find_string(member);
  return name ? std::optional<std::string>(header_text(*name)) : std::nullopt;
}

}  // namespace mcp

#include "mcp/modern.h"

#include <algorithm>
#include <array>

#include "json/write.h"
#include "mcp/era.h"
#include "mcp/modern_task.h"
#include "mcp/write.h"

namespace mcp {
namespace {

constexpr std::string_view own_prefix = "io.modelcontextprotocol/";
constexpr std::string_view meta_version = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view meta_capabilities = "io.modelcontextprotocol/clientCapabilities";
constexpr std::string_view meta_client = "io.modelcontextprotocol/clientInfo";
constexpr std::string_view meta_level = "io.modelcontextprotocol/logLevel";

constexpr std::array<std::string_view, 8> level_texts = {
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

tl::unexpected<ModernFault> mismatch(std::string why) {
  return tl::unexpected(ModernFault(400, Code::header_mismatch, std::move(why)));
}

bool has_object(json::Value object, std::string_view name) {
  const auto member = object.find(name);
  return member && member->is_object();
}

// What Mcp-Name repeats; nothing for a method that names nothing.
std::optional<std::string_view> named_member(std::string_view method) {
  if (method == "tools/call" || method == "prompts/get") return "name";
  if (method == "resources/read") return "uri";
  // 2026-07-28, tasks: so that whoever routes can find the server that has the task.
  if (is_task_method(method)) return "taskId";
  return std::nullopt;
}

// Empty if the only header of that name says `body`.
std::string header_fault(std::string_view name, const std::vector<std::string_view>& values,
                         std::string_view body) {
  if (values.empty()) return "the header " + std::string(name) + " is missing";
  if (values.size() > 1) return "the header " + std::string(name) + " was sent more than once";
  const auto value = decode_mirrored(values.front());
  if (!value) return "the header " + std::string(name) + " is not valid base64";
  if (*value != body)
    return "the header " + std::string(name) + " says something else than the body";
  return {};
}

}  // namespace

AskCapabilities AskCapabilities::from(json::Value declared) {
  AskCapabilities asks;
  asks.roots_ = has_object(declared, "roots");
  if (const auto sampling = declared.find("sampling"); sampling && sampling->is_object()) {
    asks.sampling_ = true;
    asks.sampling_tools_ = has_object(*sampling, "tools");
    asks.sampling_context_ = has_object(*sampling, "context");
  }
  if (const auto elicitation = declared.find("elicitation");
      elicitation && elicitation->is_object()) {
    asks.url_ = has_object(*elicitation, "url");
    // One that names no mode means forms, as before there were modes.
    asks.form_ = has_object(*elicitation, "form") || !asks.url_;
  }
  return asks;
}

std::string AskCapabilities::text() const {
  json::Writer out;
  const auto flag = [&](bool is_set, std::string_view name) {
    if (is_set) out.name(name).begin_object().end_object();
  };
  out.begin_object();
  flag(roots_, "roots");
  if (sampling_) {
    out.name("sampling").begin_object();
    flag(sampling_tools_, "tools");
    flag(sampling_context_, "context");
    out.end_object();
  }
  if (form_ || url_) {
    out.name("elicitation").begin_object();
    flag(form_, "form");
    flag(url_, "url");
    out.end_object();
  }
  return out.end_object().take();
}

bool AskCapabilities::allow(const Message& question) const {
  if (question.method() == "roots/list") return roots_;
  const json::Value params = question.params();
  if (question.method() == "sampling/createMessage") {
    const bool uses_tools = params.find("tools") || params.find("toolChoice");
    return sampling_ && (sampling_tools_ || !uses_tools);
  }
  if (question.method() != "elicitation/create") return false;
  const auto mode = params.find("mode");
  if (!mode) return form_;
  return mode->as_string() == "url" ? url_ : form_ && mode->as_string() == "form";
}

std::optional<LogLevel> read_log_level(std::string_view text) {
  const auto* const found = std::find(level_texts.begin(), level_texts.end(), text);
  if (found == level_texts.end()) return std::nullopt;
  return static_cast<LogLevel>(found - level_texts.begin());
}

std::string_view text_of(LogLevel level) {
  return level_texts[static_cast<std::size_t>(level)];
}

namespace {

// -32020 and -32602 before anything else: what a request says of itself must be known first.
std::optional<ModernFault> version_fault(json::Value meta, const ModernHeaders& headers) {
  if (headers.version.empty()) {
    return ModernFault(400, Code::header_mismatch, "the header MCP-Protocol-Version is missing");
  }
  const auto version = meta.find_string(meta_version);
  if (!version || !has_object(meta, meta_capabilities)) {
    return ModernFault(400, Code::invalid_params,
                       "'params._meta' must have protocolVersion and clientCapabilities");
  }
  std::string fault = header_fault("MCP-Protocol-Version", headers.version, *version);
  if (!fault.empty()) return ModernFault(400, Code::header_mismatch, std::move(fault));
  const auto revision = read_revision(*version);
  if (revision && era_of(*revision) == Era::modern) return std::nullopt;
  const VersionFault unsupported("Unsupported protocol version", std::string(*version));
  return ModernFault(400, Code::unsupported_version, unsupported.why(), unsupported.data());
}

}  // namespace

tl::expected<ModernRequest, ModernFault> judge_modern(const Message& message,
                                                      const ModernHeaders& headers) {
  const json::Value meta = message.params().find("_meta").value_or(json::Value());
  if (auto fault = version_fault(meta, headers)) return tl::unexpected(std::move(*fault));
  if (std::string why = header_fault("Mcp-Method", headers.method, message.method());
      !why.empty()) {
    return mismatch(std::move(why));
  }
  if (const auto member = named_member(message.method())) {
    const auto name = message.params().find_string(*member);
    std::string why = name ? header_fault("Mcp-Name", headers.name, *name) : std::string();
    if (!why.empty()) return mismatch(std::move(why));
  }
  ModernRequest request;
  const json::Value capabilities = *meta.find(meta_capabilities);
  request.asks = AskCapabilities::from(capabilities);
  request.follows_tasks = has_tasks_extension(capabilities);
  request.client_info = meta.find(meta_client).value_or(json::Value());
  if (const auto level = meta.find(meta_level)) {
    request.log_level = read_log_level(level->as_string().value_or(""));
    if (!request.log_level) {
      return tl::unexpected(ModernFault(400, Code::invalid_params, "unknown log level"));
    }
  }
  return request;
}

bool can_be_asked(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read";
}

std::string plain_params(json::Value params) {
  json::Writer out;
  out.begin_object();
  for (const json::Member member : params.members()) {
    if (member.name == "inputResponses" || member.name == "requestState") continue;
    if (member.name != "_meta") {
      out.name(member.name).raw(one_line(member.value.raw()));
      continue;
    }
    json::Writer meta;
    meta.begin_object();
    for (const json::Member entry : member.value.members()) {
      if (entry.name.starts_with(own_prefix)) continue;
      meta.name(entry.name).raw(one_line(entry.value.raw()));
    }
    const std::string rest = meta.end_object().take();
    if (rest != "{}") out.name("_meta").raw(rest);
  }
  return out.end_object().take();
}

std::string canonical_text(json::Value value) {
  json::Writer out;
  if (value.is_object()) {
    std::vector<json::Member> members(value.members().begin(), value.members().end());
    std::sort(members.begin(), members.end(),
              [](const auto& one, const auto& other) { return one.name < other.name; });
    out.begin_object();
    for (const json::Member& member : members) {
      out.name(member.name).raw(canonical_text(member.value));
    }
    return out.end_object().take();
  }
  if (value.is_array()) {
    out.begin_array();
    for (const json::Value element : value.elements()) out.raw(canonical_text(element));
    return out.end_array().take();
  }
  return value.is_string() ? json::quoted(*value.as_string()) : std::string(value.raw());
}

}  // namespace mcp

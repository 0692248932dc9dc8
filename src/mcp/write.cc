#include "mcp/write.h"

#include <algorithm>
#include <bit>

#include "json/write.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace mcp {
namespace {

// Whatever one_line() replaces starts with one of these bytes.
bool is_suspect(char c) {
  return c == '\n' || c == '\r' || c == '\xE2' || c == '\xC2';
}

#ifdef __SSE2__
// All bits of each byte that ends a line; the highest bit of those that are not ASCII.
__m128i looks_in(const char* bytes) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i breaks = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\n')),
                                      _mm_cmpeq_epi8(block, _mm_set1_epi8('\r')));
  return _mm_or_si128(block, breaks);
}
#endif

// How much of the start of `json` is certainly free of suspects. Most messages are ASCII on one
// line, so this is what writing one costs: 64 bytes are looked at in one go.
std::size_t plain_start(std::string_view json) {
  std::size_t at = 0;
#ifdef __SSE2__
  for (; json.size() - at >= 64; at += 64) {
    const char* const bytes = json.data() + at;
    const __m128i first = _mm_or_si128(looks_in(bytes), looks_in(bytes + 16));
    const __m128i second = _mm_or_si128(looks_in(bytes + 32), looks_in(bytes + 48));
    if (_mm_movemask_epi8(_mm_or_si128(first, second)) != 0) return at;
  }
  for (; json.size() - at >= 16; at += 16) {
    if (_mm_movemask_epi8(looks_in(json.data() + at)) != 0) return at;
  }
  // The last 16 bytes once more: some of them were not looked at.
  if (json.size() >= 16 && _mm_movemask_epi8(looks_in(json.data() + json.size() - 16)) == 0) {
    return json.size();
  }
#endif
  return at;
}

// Where the first suspect is; the size of `json` if there is none.
std::size_t find_suspect(std::string_view json) {
  std::size_t at = plain_start(json);
#ifdef __SSE2__
  const auto equal = [](__m128i block, char c) { return _mm_cmpeq_epi8(block, _mm_set1_epi8(c)); };
  for (; json.size() - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(json.data() + at));
    const __m128i breaks = _mm_or_si128(equal(block, '\n'), equal(block, '\r'));
    const __m128i leads = _mm_or_si128(equal(block, '\xE2'), equal(block, '\xC2'));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(breaks, leads)));
    if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  while (at < json.size() && !is_suspect(json[at])) ++at;
  return at;
}

void append_one_line(std::string& out, std::string_view json) {
  while (!json.empty()) {
    const std::size_t at = find_suspect(json);
    out.append(json.substr(0, at));
    json.remove_prefix(at);
    if (json.empty()) return;
    if (json.front() == '\n' || json.front() == '\r') {
      out.push_back(' ');
      json.remove_prefix(1);
    } else if (json.starts_with("\xE2\x80\xA8") || json.starts_with("\xE2\x80\xA9")) {
      out.append(json[2] == '\xA8' ? "\\u2028" : "\\u2029");
      json.remove_prefix(3);
    } else if (json.starts_with("\xC2\x85")) {
      out.append("\\u0085");
      json.remove_prefix(2);
    } else {
      out.push_back(json.front());
      json.remove_prefix(1);
    }
  }
}

// What a member is replaced by, as JSON text; nothing: it is copied; empty: it is left out.
using Replacement = std::optional<std::string>;

Replacement quoted(const std::optional<std::string>& text) {
  return text ? Replacement(json::quoted(*text)) : std::nullopt;
}

// Writes an object anew; `replace` says per member what stands there instead.
template <class Replace>
std::string edited_object(json::Value object, Replace replace) {
  std::string out = "{";
  for (const json::Member member : object.members()) {
    const Replacement replacement = replace(member);
    if (replacement && replacement->empty()) continue;
    if (out.size() > 1) out.push_back(',');
    append_one_line(out, json::quoted(member.name));
    out.push_back(':');
    append_one_line(out, replacement ? std::string_view(*replacement) : member.value.raw());
  }
  out.push_back('}');
  return out;
}

Replacement edited_meta(json::Value meta, const ParamsEdit& edit) {
  const bool has_token = edit.progress_token && meta.find("progressToken");
  const bool has_task = edit.related_task && meta.find(related_task_member);
  if (!has_token && !has_task) return std::nullopt;
  return edited_object(meta, [&](const json::Member& member) -> Replacement {
    if (member.name == "progressToken") return edit.progress_token;
    return member.name == related_task_member ? edit.related_task : std::nullopt;
  });
}

Replacement edited_reference(json::Value reference, const ParamsEdit& edit) {
  if (!edit.reference) return std::nullopt;
  return edited_object(reference, [&](const json::Member& member) {
    const bool is_named = member.name == "name" || member.name == "uri";
    return is_named ? quoted(edit.reference) : std::nullopt;
  });
}

Replacement edited_member(const json::Member& member, const ParamsEdit& edit) {
  if (member.name == "name") return quoted(edit.name);
  if (member.name == "uri") return quoted(edit.uri);
  if (member.name == "cursor") return quoted(edit.cursor);
  if (member.name == "protocolVersion") return quoted(edit.protocol);
  if (member.name == "requestId") return edit.request_id;
  if (member.name == "progressToken") return edit.progress_token;
  if (member.name == "ref") return edited_reference(member.value, edit);
  if (member.name == "_meta") return edited_meta(member.value, edit);
  if (member.name == "taskId") return quoted(edit.task_id);
  if (member.name == "task") return edit.drop_task ? Replacement(std::string()) : edit.task;
  return std::nullopt;
}

// Opens a message and leaves the place where its params go; `id` empty for a notification.
std::string message_text(std::string_view id, std::string_view method, std::string_view params) {
  std::string out;
  out.reserve(id.size() + method.size() + params.size() + 64);
  out.append(R"({"jsonrpc":"2.0")");
  if (!id.empty()) {
    out.append(R"(,"id":)");
    append_one_line(out, id);
  }
  out.append(R"(,"method":)");
  append_one_line(out, json::quoted(method));
  if (!params.empty()) {
    out.append(R"(,"params":)");
    append_one_line(out, params);
  }
  out.push_back('}');
  return out;
}

std::string message_text(std::string_view id, std::string_view method, json::Value params,
                         const ParamsEdit& edit) {
  if (!params.is_object()) return message_text(id, method, std::string_view());
  if (edit.is_empty()) return message_text(id, method, params.raw());
  return message_text(id, method, edited_params(params, edit));
}

// `rest` is how many bytes the caller will add.
std::string response_start(std::string_view id, std::size_t rest) {
  std::string out;
  out.reserve(id.size() + rest + 64);
  out.append(R"({"jsonrpc":"2.0","id":)");
  append_one_line(out, id);
  return out;
}

}  // namespace

std::string edited_params(json::Value params, const ParamsEdit& edit) {
  std::string out = edited_object(
      params, [&](const json::Member& member) { return edited_member(member, edit); });
  if (!edit.task || edit.drop_task || params.find("task")) return out;
  out.pop_back();
  if (out.size() > 1) out.push_back(',');
  out.append(R"("task":)");
  append_one_line(out, *edit.task);
  out.push_back('}');
  return out;
}

std::string one_line(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  append_one_line(out, json);
  return out;
}

std::string request_text(const Id& id, std::string_view method, json::Value params,
                         const ParamsEdit& edit) {
  return message_text(id.raw(), method, params, edit);
}

std::string request_text(const Id& id, std::string_view method, std::string_view params) {
  return message_text(id.raw(), method, params);
}

std::string notification_text(std::string_view method, json::Value params, const ParamsEdit& edit) {
  return message_text({}, method, params, edit);
}

std::string notification_text(std::string_view method, std::string_view params) {
  return message_text({}, method, params);
}

std::string result_text(const Id& id, std::string_view result) {
  std::string out = response_start(id.raw(), result.size());
  out.append(R"(,"result":)");
  append_one_line(out, result);
  out.push_back('}');
  return out;
}

std::string error_text(const std::optional<Id>& id, int code, std::string_view message,
                       std::string_view data) {
  std::string out =
      response_start(id ? std::string_view(id->raw()) : "null", message.size() + data.size() + 64);
  out.append(R"(,"error":{"code":)").append(std::to_string(code)).append(R"(,"message":)");
  append_one_line(out, json::quoted(message));
  if (!data.empty()) {
    out.append(R"(,"data":)");
    append_one_line(out, data);
  }
  out.append("}}");
  return out;
}

std::string error_text(const std::optional<Id>& id, Code code, std::string_view message,
                       std::string_view data) {
  return error_text(id, static_cast<int>(code), message, data);
}

std::string error_text(const ReadFault& fault) {
  return error_text(fault.id(), fault.code(), fault.why());
}

std::string response_text(const Id& id, const Message& response) {
  if (response.result()) return result_text(id, response.result()->raw());
  const std::string_view error = response.error()->raw();
  std::string out = response_start(id.raw(), error.size());
  out.append(R"(,"error":)");
  append_one_line(out, error);
  out.push_back('}');
  return out;
}

std::string rewritten_list(json::Value result, std::string_view list,
                           const std::function<std::optional<std::string>(json::Value)>& rewrite) {
  return edited_object(result, [&](const json::Member& member) -> Replacement {
    if (member.name != list || !member.value.is_array()) return std::nullopt;
    std::string out = "[";
    for (const json::Value item : member.value.elements()) {
      const std::optional<std::string> text = rewrite(item);
      if (!text) continue;
      if (out.size() > 1) out.push_back(',');
      out.append(*text);
    }
    out.push_back(']');
    return out;
  });
}

std::string filtered_list(json::Value result, std::string_view list,
                          const std::function<bool(json::Value)>& keep) {
  return rewritten_list(result, list, [&](json::Value item) {
    return keep(item) ? std::optional<std::string>(item.raw()) : std::nullopt;
  });
}

std::string without_members(json::Value object, std::initializer_list<std::string_view> names) {
  json::Writer out;
  out.begin_object();
  for (const json::Member member : object.members()) {
    if (std::find(names.begin(), names.end(), member.name) != names.end()) continue;
    out.name(member.name).raw(one_line(member.value.raw()));
  }
  return out.end_object().take();
}

}  // namespace mcp

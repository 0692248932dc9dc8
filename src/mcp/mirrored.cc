// Arguments of tools that are repeated in headers (2026-07-28, transports: x-mcp-header).

#include <algorithm>
#include <charconv>

#include "base/base64.h"
#include "base/text.h"
#include "mcp/modern.h"

namespace mcp {
namespace {

constexpr std::string_view sentinel_begin = "=?base64?";
constexpr std::string_view sentinel_end = "?=";
constexpr std::size_t mirrored_max = 100;
constexpr int depth_max = 32;

bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    const bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_alphanumeric || others.find(c) != std::string_view::npos;
  });
}

void collect(json::Value schema, const std::vector<std::string>& path,
             std::vector<MirroredArgument>& found) {
  const auto properties = schema.find("properties");
  if (!properties || path.size() >= depth_max) return;
  for (const json::Member property : properties->members()) {
    if (found.size() >= mirrored_max) return;
    std::vector<std::string> inner = path;
    inner.emplace_back(property.name);
    const auto header = property.value.find_string("x-mcp-header");
    const auto type = property.value.find_string("type");
    const bool is_plain = type == "string" || type == "integer" || type == "boolean";
    if (header && is_plain && is_token(*header)) {
      found.push_back(MirroredArgument{"mcp-param-" + base::to_lower(*header), inner});
    }
    collect(property.value, inner, found);
  }
}

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool says(std::string_view header, json::Value value) {
  if (const auto text = value.as_string()) return header == *text;
  if (const auto truth = value.as_bool()) return header == (*truth ? "true" : "false");
  if (!value.is_number()) return false;
  return header == value.number_text() || number_in(header) == value.as_double();
}

}  // namespace

std::optional<std::string> decode_mirrored(std::string_view value) {
  const bool is_encoded = value.size() >= sentinel_begin.size() + sentinel_end.size() &&
                          value.starts_with(sentinel_begin) && value.ends_with(sentinel_end);
  if (!is_encoded) return std::string(value);
  value.remove_prefix(sentinel_begin.size());
  value.remove_suffix(sentinel_end.size());
  return base::base64_decode(value);
}

std::vector<MirroredArgument> mirrored_arguments(json::Value input_schema) {
  std::vector<MirroredArgument> found;
  collect(input_schema, {}, found);
  return found;
}

std::string mirror_fault(const MirroredArgument& argument, json::Value arguments,
                         std::span<const std::string> values) {
  std::optional<json::Value> value = arguments;
  for (const std::string& name : argument.path) value = value ? value->find(name) : std::nullopt;
  const bool is_there = value && !value->is_null();
  const std::string header = "the header " + argument.header;
  if (values.empty()) return is_there ? header + " is missing" : "";
  if (values.size() > 1) return header + " was sent more than once";
  const auto decoded = decode_mirrored(values.front());
  if (!decoded) return header + " is not valid base64";
  if (!is_there || !says(*decoded, *value)) return header + " says something else than the body";
  return {};
}

}  // namespace mcp

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/uri.h"
#include "upstream/detail_openapi_schema.h"

namespace upstream {
namespace {

constexpr std::size_t depth_max = 32;
constexpr std::size_t values_max = 5000;  // of one operation's schema
constexpr std::size_t looks_max = 50'000;
constexpr std::size_t names_a_look = 16;  // that are gone through in the time of one look

template <class List>
bool has(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// A step of a JSON pointer (RFC 6901).
std::string unescaped(std::string_view step) {
  std::string text = percent_decode(step).value_or(std::string(step));
  for (const auto& [from, to] : {std::pair<const char*, const char*>{"~1", "/"}, {"~0", "~"}}) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + 1)) {
      text.replace(at, 2, to);
    }
  }
  return text;
}

// What is of no use to a caller, or said otherwise since 3.1.
bool is_dropped(std::string_view name, json::Value value) {
  constexpr std::array<std::string_view, 9> dropped = {"xml",          "example",       "examples",
                                                       "externalDocs", "discriminator", "nullable",
                                                       "readOnly",     "writeOnly",     "$id"};
  const bool is_flag = name.starts_with("exclusiveM") && value.as_bool();
  return has(dropped, name) || is_flag || name.starts_with("x-");
}

}  // namespace

std::string_view text_at(json::Value value, std::string_view name) {
  return value.find_string(name).value_or("");
}

bool is_true(json::Value value, std::string_view name) {
  const auto found = value.find(name);
  return found && found->as_bool().value_or(false);
}

// A name is looked for among all of its object, so each reference is followed once.
std::optional<json::Value> References::at(std::string_view reference) const {
  const auto [known, is_new] = known_.try_emplace(std::string(reference));
  if (is_new) known->second = found(reference);
  return known->second;
}

std::optional<json::Value> References::found(std::string_view reference) const {
  if (!reference.starts_with("#/")) return std::nullopt;
  std::optional<json::Value> value = root_;
  for (const std::string_view step : base::split(reference.substr(2), '/')) {
    value = value->find(unescaped(step));
    if (!value) return std::nullopt;
  }
  return value;
}

std::optional<json::Value> References::resolved(json::Value value) const {
  for (std::size_t steps = 0; steps < depth_max; ++steps) {
    const auto reference = value.find_string("$ref");
    if (!reference) return value;
    const auto next = at(*reference);
    if (!next) return std::nullopt;
    value = *next;
  }
  return std::nullopt;
}

void SchemaText::write(json::Value schema, std::string_view description) {
  const std::string reference(text_at(schema, "$ref"));
  const bool ends = path_.size() >= depth_max || ++values_ > values_max || is_too_long() ||
                    has(path_, reference) || !schema.is_object();
  if (ends && !(schema.as_bool() && reference.empty())) {
    take(2);
    out_.begin_object().end_object();
    return;
  }
  if (schema.as_bool()) {
    write_value(schema);
    return;
  }
  path_.push_back(reference.empty() ? "(inline)" + std::to_string(path_.size()) : reference);
  const auto named = reference.empty() ? std::optional(schema) : references_.at(reference);
  if (!reference.empty() && named) {
    write(*named, description);
  } else if (named) {
    write_members(*named, description);
  } else {
    out_.begin_object().end_object();
  }
  path_.pop_back();
}

void SchemaText::write_members(json::Value schema, std::string_view description) {
  out_.begin_object();
  if (!description.empty() && !schema.find("description") && take(description.size())) {
    out_.name("description").string(description);
  }
  objects_.push_back(schema);
  for (const auto [name, value] : schema.members()) {
    if (!take(name.size())) break;
    write_member(schema, name, value);
  }
  objects_.pop_back();
  out_.end_object();
}

void SchemaText::write_map(json::Value schemas) {
  out_.begin_object();
  std::vector<json::Value> above;
  above.swap(objects_);  // what is said of their members is not said of those of a member
  for (const auto [key, one] : schemas.members()) {
    if (!take(key.size())) break;
    out_.name(key);
    write(one);
  }
  objects_.swap(above);
  out_.end_object();
}

void SchemaText::write_list(json::Value schemas) {
  out_.begin_array();
  for (const json::Value one : schemas.elements()) {
    if (is_too_long()) break;
    write(one);
  }
  out_.end_array();
}

void SchemaText::write_value(json::Value value) {
  if (take(value.raw().size())) {
    out_.value(value);
  } else {
    out_.null();
  }
}

// What only the service can say, a caller need not.
void SchemaText::write_required(json::Value names) {
  out_.begin_array();
  for (const json::Value one : names.elements()) {
    if (!take(one.raw().size())) break;
    if (!is_read_only(one.as_string().value_or(""))) out_.value(one);
  }
  out_.end_array();
}

bool SchemaText::is_read_only(std::string_view name) {
  for (const json::Value schema : objects_) {
    if (is_read_only_in(schema, name, 0)) return true;
  }
  return false;
}

bool SchemaText::is_read_only_in(json::Value schema, std::string_view name, std::size_t depth) {
  const auto said = references_.resolved(schema);
  if (!said || depth >= depth_max) return false;
  const auto properties = said->find("properties");
  looks_ += 1 + (properties ? properties->size() / names_a_look : 0);
  if (looks_ > looks_max) return false;
  const auto property = properties ? properties->find(name) : std::nullopt;
  const auto resolved = property ? references_.resolved(*property) : std::nullopt;
  if ((property && is_true(*property, "readOnly")) ||
      (resolved && is_true(*resolved, "readOnly"))) {
    return true;
  }
  const auto all = said->find("allOf");
  if (!all) return false;
  for (const json::Value one : all->elements()) {
    if (is_read_only_in(one, name, depth + 1)) return true;
  }
  return false;
}

void SchemaText::write_member(json::Value schema, std::string_view name, json::Value value) {
  constexpr std::array<std::string_view, 3> maps = {"properties", "patternProperties", "$defs"};
  constexpr std::array<std::string_view, 7> schemas = {
      "items", "additionalProperties", "not", "if", "then", "else", "contains"};
  constexpr std::array<std::string_view, 4> lists = {"allOf", "anyOf", "oneOf", "prefixItems"};
  if (is_dropped(name, value)) return;
  out_.name(name);
  if (has(maps, name) && value.is_object()) {
    write_map(value);
  } else if (has(schemas, name) && !value.is_array()) {
    std::vector<json::Value> above;
    above.swap(objects_);
    write(value);
    objects_.swap(above);
  } else if (has(lists, name) && value.is_array()) {
    write_list(value);
  } else if (name == "required" && value.is_array()) {
    write_required(value);
  } else if (name == "type" && value.is_string() && is_true(schema, "nullable")) {
    out_.begin_array().value(value).string("null").end_array();
  } else {
    write_value(value);
  }
}

}  // namespace upstream

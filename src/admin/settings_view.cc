#include "admin/settings_view.h"

#include <limits>

#include "base/secret_look.h"
#include "json/value.h"

namespace admin {
namespace {

// Walks what is written beside what may be written, so that aliases get their proper names.
class Origins {
 public:
  explicit Origins(json::Writer& writer) : writer_(writer) {}

  void visit(const yaml::Node& node, const schema::Schema* schema, const std::string& path,
             yaml::Position at) {
    if (!path.empty()) {
      writer_.name(path).begin_object();
      writer_.name("line").integer_unsigned(at.line);
      writer_.name("column").integer_unsigned(at.column);
      writer_.end_object();
    }
    if (node.is_mapping()) visit_members(node, schema, path);
    if (!node.is_sequence()) return;
    const schema::Schema* element = schema != nullptr ? schema->element.get() : nullptr;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      visit(node.items[i], element, path + "[" + std::to_string(i) + "]", node.items[i].at);
    }
  }

 private:
  void visit_members(const yaml::Node& node, const schema::Schema* schema,
                     const std::string& path) {
    const schema::ObjectInfo* info =
        schema != nullptr && schema->object != nullptr ? &schema->object() : nullptr;
    for (const yaml::Pair& pair : node.members) {
      std::string name = pair.key.text;
      const schema::Schema* below = schema != nullptr ? schema->element.get() : nullptr;
      if (info != nullptr) {
        const schema::FieldInfo* field = info->find(name);
        if (field == nullptr) continue;
        name = field->name;
        below = &field->schema;
      }
      visit(pair.value, below, path.empty() ? name : path + "." + name, pair.key.at);
    }
  }

  json::Writer& writer_;
};

void copy_shown(json::Writer& writer, json::Value value) {
  if (const auto text = value.as_string()) {
    writer.string(base::without_secrets(*text));
  } else if (value.is_object()) {
    writer.begin_object();
    for (const json::Member& member : value.members()) {
      writer.name(member.name);
      copy_shown(writer, member.value);
    }
    writer.end_object();
  } else if (value.is_array()) {
    writer.begin_array();
    for (const json::Value element : value.elements()) copy_shown(writer, element);
    writer.end_array();
  } else {
    writer.value(value);
  }
}

}  // namespace

std::string without_secret_addresses(std::string json) {
  json::Limits limits;  // no client's
  limits.members_max = std::numeric_limits<std::size_t>::max();
  const auto document = json::Document::parse(std::move(json), limits);
  json::Writer writer;
  if (document) {
    copy_shown(writer, document->root());
  } else {
    writer.string(schema::redacted_text);
  }
  return writer.take();
}

Place Place::member(const schema::ObjectInfo& info, std::string_view name) const {
  Place found{nullptr, path.empty() ? std::string(name) : path + "." + std::string(name)};
  if (node == nullptr || !node->is_mapping()) return found;
  for (const yaml::Pair& pair : node->members) {
    const schema::FieldInfo* field = info.find(pair.key.text);
    if (field != nullptr && field->name == name) found.node = &pair.value;
  }
  return found;
}

Place Place::member(std::string_view name) const {
  return Place{node != nullptr ? node->find(name) : nullptr,
               path.empty() ? std::string(name) : path + "." + std::string(name)};
}

Place Place::element(std::size_t index) const {
  Place found{nullptr, path + "[" + std::to_string(index) + "]"};
  if (node != nullptr && index < node->items.size()) found.node = &node->items[index];
  return found;
}

void write_place(json::Writer& writer, const Place& place) {
  writer.name("path").string(place.path);
  writer.name("line").integer_unsigned(place.node != nullptr ? place.node->at.line : 0);
  writer.name("column").integer_unsigned(place.node != nullptr ? place.node->at.column : 0);
}

void write_origins(json::Writer& writer, const yaml::Node* node, const schema::Schema& schema) {
  writer.name("origins").begin_object();
  if (node != nullptr) Origins(writer).visit(*node, &schema, "", node->at);
  writer.end_object();
}

}  // namespace admin

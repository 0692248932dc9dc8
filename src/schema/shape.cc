#include "schema/shape.h"

#include <algorithm>

#include "schema/object.h"
#include "schema/schema.h"

namespace schema {

const FieldInfo* ObjectInfo::find(std::string_view name_or_alias) const {
  for (const FieldInfo& field : fields) {
    const bool is_alias =
        std::find(field.aliases.begin(), field.aliases.end(), name_or_alias) != field.aliases.end();
    if (field.name == name_or_alias || is_alias) return &field;
  }
  return nullptr;
}

namespace {

bool has_own_secrets(const ObjectInfo& info) {
  return (info.scalar_form && info.scalar_form->is_secret) ||
         std::ranges::any_of(info.fields, [](const FieldInfo& field) { return field.is_secret; });
}

// What is in it, or in each of its elements; null if that is no object.
const ObjectInfo* object_in(const Schema& schema) {
  const Schema* inner = &schema;
  while (inner->element) inner = inner->element.get();
  return inner->object != nullptr ? &inner->object() : nullptr;
}

}  // namespace

bool FieldInfo::holds_secrets() const {
  const ObjectInfo* below = object_in(schema);
  return is_secret || (below != nullptr && has_own_secrets(*below));
}

bool ObjectInfo::has_secrets() const {
  return has_own_secrets(*this) ||
         std::ranges::any_of(fields, [](const FieldInfo& field) { return field.holds_secrets(); });
}

namespace {

void collect(const Schema& schema, std::vector<const ObjectInfo*>& objects);

void collect(const ObjectInfo& info, std::vector<const ObjectInfo*>& objects) {
  if (std::find(objects.begin(), objects.end(), &info) != objects.end()) return;
  objects.push_back(&info);
  for (const FieldInfo& field : info.fields) {
    if (field.is_supported) collect(field.schema, objects);
  }
  if (info.scalar_form) collect(info.scalar_form->schema, objects);
}

void collect(const Schema& schema, std::vector<const ObjectInfo*>& objects) {
  if (schema.element) collect(*schema.element, objects);
  if (schema.object) collect(schema.object(), objects);
}

}  // namespace

ObjectNames::ObjectNames(const ObjectInfo& root) {
  collect(root, objects_);
  for (const ObjectInfo* object : objects_) {
    std::string name = object->name;
    for (int n = 2; std::find(names_.begin(), names_.end(), name) != names_.end(); ++n) {
      name = object->name + std::to_string(n);
    }
    names_.push_back(std::move(name));
  }
}

const std::string& ObjectNames::of(const ObjectInfo& object) const {
  const auto found = std::find(objects_.begin(), objects_.end(), &object);
  return names_.at(static_cast<std::size_t>(found - objects_.begin()));
}

std::string unqualified(std::string_view pretty_function) {
  const std::size_t begin = pretty_function.find("T = ");
  if (begin == std::string_view::npos) return "Object";
  std::string_view name = pretty_function.substr(begin + 4);
  name = name.substr(0, name.find_first_of(";]"));
  // A variant has no name of its own.
  if (name.find('<') != std::string_view::npos) return "Choice";
  const std::size_t qualifier = name.rfind("::");
  if (qualifier != std::string_view::npos) name.remove_prefix(qualifier + 2);
  return std::string(name);
}

std::optional<yaml::Node> read_node(const yaml::Source& source,
                                    const yaml::Environment& environment, Problems& problems) {
  tl::expected<yaml::Node, yaml::Mistake> node = yaml::read(source.text);
  if (!node) {
    problems.push_back(problem_of(node.error()));
    return std::nullopt;
  }
  for (const yaml::Mistake& mistake : yaml::expand(*node, environment)) {
    problems.push_back(problem_of(mistake));
  }
  return std::move(*node);
}

}  // namespace schema

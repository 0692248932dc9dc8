#include "schema/schema.h"

namespace schema {
namespace {

constexpr std::string_view duration_pattern =
    "^(0|([0-9]+(\\.[0-9]+)?(d|h|m|s|ms|us|\xC2\xB5s|ns))+)$|\\$";
constexpr std::string_view bytes_pattern =
    "^[0-9]+(\\.[0-9]+)? ?(B|k|kB|KB|M|MB|G|GB|Ki|KiB|Mi|MiB|Gi|GiB)?$|\\$";

class SchemaWriter {
 public:
  explicit SchemaWriter(const ObjectInfo& root) : root_(root), names_(root) {}

  std::string write(std::string_view title) {
    writer_.begin_object();
    text("$schema", "https://json-schema.org/draft/2020-12/schema");
    text("title", title);
    write_reference(root_);
    writer_.name("$defs").begin_object();
    for (const ObjectInfo* object : names_.objects()) {
      writer_.name(names_.of(*object)).begin_object();
      write_object_or_scalar(*object);
      writer_.end_object();
    }
    // A variable is expanded before anything is typed, so any scalar may be one in the file.
    writer_.name("variable").begin_object();
    text("type", "string");
    text("pattern", "\\$");
    writer_.end_object().end_object().end_object();
    return writer_.take();
  }

 private:
  void text(std::string_view name, std::string_view value) { writer_.name(name).string(value); }

  void write_reference(const ObjectInfo& object) { text("$ref", "#/$defs/" + names_.of(object)); }

  void write_object_or_scalar(const ObjectInfo& object) {
    if (!object.doc.empty()) text("description", object.doc);
    if (!object.scalar_form) {
      write_object(object);
      return;
    }
    writer_.name("anyOf").begin_array().begin_object();
    write_field(*object.scalar_form);
    writer_.end_object().begin_object();
    write_object(object);
    writer_.end_object().end_array();
  }

  void write_object(const ObjectInfo& object) {
    text("type", "object");
    writer_.name("properties").begin_object();
    for (const FieldInfo& field : object.fields) {
      if (!field.is_supported) continue;
      write_property(field.name, field);
      for (const std::string& alias : field.aliases) write_property(alias, field);
    }
    writer_.end_object();
    if (!object.ignores_unknown) writer_.name("additionalProperties").boolean(false);
    write_conditions(object);
  }

  void write_property(const std::string& name, const FieldInfo& field) {
    writer_.name(name).begin_object();
    write_field(field);
    writer_.end_object();
  }

  void write_field(const FieldInfo& field) {
    if (!field.doc.empty()) text("description", field.doc);
    const std::string value = field.default_json ? field.default_json() : "";
    if (!value.empty() && !field.is_required) writer_.name("default").raw(value);
    if (field.is_secret) writer_.name("writeOnly").boolean(true);
    if (!field.deprecated.empty()) writer_.name("deprecated").boolean(true);
    write_schema(field.schema);
  }

  // What is required and what excludes each other.
  void write_conditions(const ObjectInfo& object) {
    writer_.name("allOf").begin_array();
    for (const FieldInfo& field : object.fields) {
      if (field.is_required) write_presence(field);
    }
    for (const Group& group : object.groups) write_group(object, group);
    writer_.end_array();
  }

  // The field is there, under whichever of its names.
  void write_presence(const FieldInfo& field) {
    if (field.aliases.empty()) {
      write_required(field.name);
      return;
    }
    writer_.begin_object().name("anyOf").begin_array();
    write_required(field.name);
    for (const std::string& alias : field.aliases) write_required(alias);
    writer_.end_array().end_object();
  }

  void write_required(const std::string& name) {
    writer_.begin_object().name("required").begin_array().string(name).end_array().end_object();
  }

  // Exactly one of: oneOf. At most one of: one of them or none of them.
  void write_group(const ObjectInfo& object, const Group& group) {
    writer_.begin_object().name("oneOf").begin_array();
    write_members(object, group);
    if (!group.is_required) {
      writer_.begin_object().name("not").begin_object().name("anyOf").begin_array();
      write_members(object, group);
      writer_.end_array().end_object().end_object();
    }
    writer_.end_array().end_object();
  }

  void write_members(const ObjectInfo& object, const Group& group) {
    for (const std::string& name : group.names) {
      const FieldInfo* field = object.find(name);
      if (field && field->is_supported) write_presence(*field);
    }
  }

  void write_schema(const Schema& schema) {
    switch (schema.shape) {
      case Shape::text:
        text("type", "string");
        return;
      case Shape::boolean:
      case Shape::integer:
      case Shape::number:
        write_typed(schema);
        return;
      case Shape::duration:
        write_pattern(duration_pattern);
        return;
      case Shape::bytes:
        write_bytes();
        return;
      case Shape::choice:
        write_choice(schema);
        return;
      case Shape::list:
        write_list(schema);
        return;
      case Shape::map:
        write_map(schema);
        return;
      case Shape::object:
        write_reference(schema.object());
        return;
      case Shape::any:
        return;
    }
  }

  void write_typed(const Schema& schema) {
    writer_.name("anyOf").begin_array().begin_object();
    const bool is_integer = schema.shape == Shape::integer;
    text("type", is_integer ? "integer" : schema.shape == Shape::boolean ? "boolean" : "number");
    if (schema.minimum) writer_.name("minimum").integer(*schema.minimum);
    if (schema.maximum) writer_.name("maximum").integer_unsigned(*schema.maximum);
    writer_.end_object();
    write_variable();
    writer_.end_array();
  }

  void write_variable() {
    writer_.begin_object();
    text("$ref", "#/$defs/variable");
    writer_.end_object();
  }

  void write_pattern(std::string_view pattern) {
    text("type", "string");
    text("pattern", pattern);
  }

  void write_bytes() {
    writer_.name("anyOf").begin_array().begin_object();
    text("type", "integer");
    writer_.name("minimum").integer(0).end_object().begin_object();
    write_pattern(bytes_pattern);
    writer_.end_object().end_array();
  }

  void write_choice(const Schema& schema) {
    writer_.name("anyOf").begin_array().begin_object().name("enum").begin_array();
    for (const std::string& spelling : schema.spellings) writer_.string(spelling);
    writer_.end_array().end_object();
    write_variable();
    writer_.end_array();
  }

  void write_list(const Schema& schema) {
    if (schema.is_one_or_more) {
      writer_.name("anyOf").begin_array().begin_object();
      write_schema(*schema.element);
      writer_.end_object().begin_object();
    }
    text("type", "array");
    writer_.name("items").begin_object();
    write_schema(*schema.element);
    writer_.end_object();
    if (schema.is_one_or_more) writer_.end_object().end_array();
  }

  void write_map(const Schema& schema) {
    text("type", "object");
    writer_.name("additionalProperties").begin_object();
    write_schema(*schema.element);
    writer_.end_object();
  }

  const ObjectInfo& root_;
  ObjectNames names_;
  json::Writer writer_;
};

}  // namespace

std::string json_schema(const ObjectInfo& root, std::string_view title) {
  return SchemaWriter(root).write(title);
}

}  // namespace schema

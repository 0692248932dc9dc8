#include "base/text.h"
#include "schema/schema.h"

namespace schema {
namespace {

// Text in a table cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

class DocsWriter {
 public:
  explicit DocsWriter(const ObjectInfo& root) : names_(root) {}

  std::string write() {
    for (const ObjectInfo* object : names_.objects()) write_object(*object);
    return std::move(text_);
  }

 private:
  void write_object(const ObjectInfo& object) {
    if (!text_.empty()) text_ += "\n";
    text_ += "### " + names_.of(object) + "\n\n";
    if (!object.doc.empty()) text_ += object.doc + "\n\n";
    if (object.scalar_form) {
      text_ += "In place of the object: " + type_of(object.scalar_form->schema) + ". " +
               object.scalar_form->doc + "\n\n";
    }
    write_groups(object);
    if (object.fields.empty()) {
      text_ += "No fields.\n";
      return;
    }
    text_ += "| field | type | default | meaning |\n|---|---|---|---|\n";
    for (const FieldInfo& field : object.fields) write_field(field);
  }

  void write_groups(const ObjectInfo& object) {
    for (const Group& group : object.groups) {
      std::vector<std::string> names;
      for (const std::string& name : group.names) {
        const FieldInfo* field = object.find(name);
        if (field && field->is_supported) names.push_back("`" + name + "`");
      }
      text_ += std::string(group.is_required ? "Exactly one of " : "At most one of ") +
               base::join(names, ", ") + ".\n\n";
    }
  }

  void write_field(const FieldInfo& field) {
    const std::string type = field.is_supported ? cell(type_of(field.schema)) : "";
    text_ += "| `" + field.name + "` | " + type + " | " + cell(default_of(field)) + " | " +
             cell(meaning_of(field)) + " |\n";
  }

  static std::string default_of(const FieldInfo& field) {
    if (!field.is_supported) return "";
    if (field.is_required) return "required";
    std::string text = field.default_json();
    // Texts without their quotes; an object's defaults stand in its own table.
    if (text.size() > 2 && text.starts_with('"')) text = text.substr(1, text.size() - 2);
    if (text.empty() || text.starts_with("{\"")) return "";
    return "`" + text + "`";
  }

  static std::string meaning_of(const FieldInfo& field) {
    std::string text = field.doc;
    if (!field.is_supported) text += " Not supported yet.";
    if (!field.deprecated.empty()) text += " Deprecated: " + field.deprecated + ".";
    if (field.is_secret) text += " Secret.";
    for (const std::string& alias : field.aliases) text += " Also `" + alias + "`.";
    return text;
  }

  std::string type_of(const Schema& schema) const {
    switch (schema.shape) {
      case Shape::text:
        return schema.format.empty() ? "string" : schema.format;
      case Shape::boolean:
        return "boolean";
      case Shape::integer:
        return "integer";
      case Shape::number:
        return "number";
      case Shape::duration:
        return "duration";
      case Shape::bytes:
        return "bytes";
      case Shape::choice:
        return "`" + base::join(schema.spellings, "` | `") + "`";
      case Shape::list:
        return (schema.is_one_or_more ? "one or a list of " : "list of ") +
               type_of(*schema.element);
      case Shape::map:
        return "map of " + type_of(*schema.element);
      case Shape::object:
        return link_to(schema.object());
      case Shape::any:
        break;
    }
    return "any";
  }

  std::string link_to(const ObjectInfo& object) const {
    const std::string& name = names_.of(object);
    return "[" + name + "](#" + base::to_lower(name) + ")";
  }

  ObjectNames names_;
  std::string text_;
};

}  // namespace

std::string markdown(const ObjectInfo& root) {
  return DocsWriter(root).write();
}

}  // namespace schema

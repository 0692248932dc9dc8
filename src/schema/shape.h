#pragma once
// What a setting may be, as plain data: JSON Schema, documentation and suggestions are ordinary
// code over it. It is collected once from the describe() functions and never changes.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace schema {

enum class Shape : std::uint8_t {
  text,
  boolean,
  integer,
  number,
  duration,
  bytes,
  choice,  // one of `spellings`
  list,
  map,     // names chosen by the operator
  object,  // names declared here
  any,
};

struct ObjectInfo;

struct Schema {
  Shape shape = Shape::any;
  std::vector<std::string> spellings;     // choice
  std::optional<std::int64_t> minimum;    // integer
  std::optional<std::uint64_t> maximum;   // integer
  std::shared_ptr<const Schema> element;  // list, map
  bool is_one_or_more = false;            // list: a single element may stand for a list of one
  std::string format;                     // text: what it has to be, for documentation ("CIDR")
  const ObjectInfo& (*object)() =
      nullptr;  // object; a function, since types may contain themselves
};

struct FieldInfo {
  std::string name;
  std::string doc;
  Schema schema;
  std::vector<std::string> aliases;
  bool is_required = false;
  bool is_secret = false;
  bool is_supported = true;  // false: agentgateway has it, we know it, it is not implemented yet
  std::string deprecated;    // if not empty: what to use instead
  // The default as JSON; empty if the field is absent by default.
  std::function<std::string()> default_json;

  // Whether it is a secret or leads to one: the objects in it have secret fields of their own.
  bool holds_secrets() const;
};

// Fields that exclude each other.
struct Group {
  std::vector<std::string> names;
  bool is_required = false;  // exactly one; otherwise at most one
};

struct ObjectInfo {
  std::string name;  // of the type: "JwtAuth"
  std::string doc;
  std::vector<FieldInfo> fields;
  std::vector<Group> groups;
  std::optional<FieldInfo> scalar_form;  // what may stand in place of the object; has no name
  bool ignores_unknown = false;

  const FieldInfo* find(std::string_view name_or_alias) const;
  // Whether it has a secret field, or an object right below it has one. What lies deeper does not
  // count: near the root everything holds secrets, and mistakes there could not be shown.
  bool has_secrets() const;
};

// The objects reachable from a root, the root first, each with a name no other one has.
class ObjectNames {
 public:
  explicit ObjectNames(const ObjectInfo& root);
  const std::vector<const ObjectInfo*>& objects() const { return objects_; }
  const std::string& of(const ObjectInfo& object) const;

 private:
  std::vector<const ObjectInfo*> objects_;
  std::vector<std::string> names_;  // one for each of objects_
};

}  // namespace schema

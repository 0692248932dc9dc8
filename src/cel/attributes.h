#pragma once
// How a host tells the engine which variables there are, and hands over their values. The host
// keeps one table of Attributes (documentation, checker and run time read the same one) and
// implements AttributeSource; the engine knows nothing of HTTP or MCP. An attribute is named by its
// whole path, and the rest of a chain (`jwt.nested.key`, `request.headers["x"]`) is looked up in
// its value.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cel/value.h"

namespace cel {

// When an attribute exists. In the order of time: what a phase may use includes all earlier ones.
enum class Phase : std::uint8_t {
  always,        // configuration: env
  connection,    // source, destination
  identity,      // jwt, apiKey
  request_head,  // request line and headers
  list,          // an item of a list is shown or hidden: mcp.tool.name, mcp.tool.target
  call,          // an MCP request is about to be made: mcp.tool.arguments, mcp.methodName
  request_body,  // the body was read
  response,      // there is an answer
  log,           // everything is over
};

// What may stand below an attribute.
enum class Record : std::uint8_t {
  none,    // a plain value of the given type
  closed,  // exactly the attributes whose path starts with this one; the source is not asked for it
  open,    // a map of anything; listed attributes below it are well-known fields with types
};

struct Attribute {
  std::string_view path;  // "mcp.tool.name"
  // bool int uint double string bytes timestamp duration ip cidr dyn type null_type list(T) map(K,
  // V) optional_type(T); of a record: ignored.
  std::string_view type = "dyn";
  Record record = Record::none;
  Phase phase = Phase::always;
  std::string_view doc = {};  // NOLINT(readability-redundant-member-init): g++ warns without
  // If not empty, the values it can have: comparing with another constant is warned about.
  std::span<const std::string_view> known_values = {};  // NOLINT(readability-redundant-member-init)
  // Not every evaluation has it: a tool's name is missing where a prompt is concerned.
  bool is_optional = false;
};

using AttributeTable = std::span<const Attribute>;
using AttributeIndex = std::uint32_t;

// The attribute of exactly that path.
std::optional<AttributeIndex> find_attribute(AttributeTable table, std::string_view path);

// Hands over values during an evaluation. Asked at most once for each attribute and evaluation by
// the compiled engine; the reference interpreter asks again and again.
class AttributeSource {
 public:
  // The value of the attribute with that index in the host's table, or error no_such_key (or
  // not_available) if there is none. Never asked for closed records. What it returns lives as long
  // as the evaluation; views may be made in `arena`.
  virtual Value get(AttributeIndex index, Arena& arena) const = 0;

 protected:
  AttributeSource() = default;
  AttributeSource(const AttributeSource&) = default;
  AttributeSource& operator=(const AttributeSource&) = default;
  ~AttributeSource() = default;
};

// A closed record as a map, for expressions that use it whole. Fields that are missing are left
// out.
class RecordView final : public Map {
 public:
  RecordView(AttributeTable table, AttributeIndex record, const AttributeSource& source)
      : table_(table), record_(record), source_(source) {}
  std::size_t size() const override;
  std::optional<Value> find_field(std::string_view name, Arena& arena) const override;
  bool next(Cursor& cursor, Arena& arena, Entry& entry) const override;

 private:
  AttributeTable table_;
  AttributeIndex record_;
  const AttributeSource& source_;
};

// The value of any attribute of the table: of a closed record the view (error no_such_key if all of
// its fields are missing), otherwise what the source says.
Value get_attribute(AttributeTable table, AttributeIndex index, const AttributeSource& source,
                    Arena& arena);

}  // namespace cel

#pragma once
// The syntax tree: records of 32 bytes in one vector, children before their parents, linked by
// indexes. `&&` and `||` are n-ary, parentheses leave no trace, and macros are nodes of their own
// kinds rather than folds. Names that a macro binds are already resolved to numbered locals; all
// other names are left to the checker (or to the reference interpreter).

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "cel/problem.h"
#include "cel/value.h"

namespace cel {

enum class NodeKind : std::uint8_t {
  constant,   // value: index in Ast::constants
  name,       // value: index in Ast::names. A free name; flag is_absolute for `.x`
  local,      // value: number of the local that a macro binds; second: index of its name
  select,     // [operand] value: field name. flags: is_quoted, is_optional (`.?`)
  has,        // [operand] value: field name: has(operand.field). flag is_optional
  index,      // [operand, index]; flag is_optional (`[?i]`)
  call,       // [arguments...] value: function name; with flag is_method the first is the receiver
  operation,  // [operands...] see Operator
  logical_and,  // [terms...], two or more
  logical_or,   // [terms...], two or more
  conditional,  // [condition, then, otherwise]
  list,         // [elements...]; an element may have the flag is_optional_entry
  map,          // [key, value, key, value...]; a key may have the flag is_optional_entry
  // Macros. Locals are numbered from `value` on; `second` is the index of the first one's name in
  // Ast::names, the others' names follow. Flag has_two_variables: (index or key, value).
  all,                // [range, predicate]
  exists,             // [range, predicate]
  exists_one,         // [range, predicate]
  filter,             // [range, predicate] gives a list (for a map: of keys)
  map_each,           // [range, transform] or [range, predicate, transform] gives a list
  transform_list,     // the same with two variables
  transform_map,      // [range, transform] or [range, predicate, transform] with two variables
  transform_entry,    // transformMapEntry: the transform gives a map of entries to insert
  map_values,         // [map, transform] agentgateway's m.mapValues(value, e)
  filter_keys,        // [map, predicate] agentgateway's m.filterKeys(key, p): keeps entries
  bind,               // [value, body] cel.bind(x, value, body) and value.with(x, body); lazy
  optional_map,       // [optional, body] o.optMap(x, body)
  optional_flat_map,  // [optional, body] o.optFlatMap(x, body)
  block,              // [values..., body] cel.block: value i is local `value + i`; tests only; lazy
  // Functions that look at errors of their arguments, so they are not ordinary calls.
  default_value,  // [expression, otherwise] default(e, d)
  coalesce,       // [expressions...]
};

// A macro whose bodies are evaluated once for each element of its range.
bool is_loop(NodeKind kind);

enum class Operator : std::uint8_t {
  logical_not,
  negate,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
};
// As it is written: "!", "-", "==", "in", ...
std::string_view spelling_of(Operator op);

namespace node_flag {
inline constexpr std::uint16_t is_absolute = 1;
inline constexpr std::uint16_t is_quoted = 2;
inline constexpr std::uint16_t is_optional = 4;
inline constexpr std::uint16_t is_method = 8;
inline constexpr std::uint16_t is_optional_entry = 16;
inline constexpr std::uint16_t has_two_variables = 32;
inline constexpr std::uint16_t is_erroneous = 64;  // stands where the parser had to skip text
}  // namespace node_flag

using NodeIndex = std::uint32_t;

struct Node {
  NodeKind kind = NodeKind::constant;
  Operator op = Operator::logical_not;  // of an operation
  std::uint16_t flags = 0;
  std::uint32_t child_count = 0;
  std::uint32_t first_child = 0;  // in Ast::links
  std::uint32_t value = 0;        // see NodeKind
  std::uint32_t second = 0;       // see NodeKind
  std::uint32_t begin = 0;        // source range of the whole expression, in bytes
  std::uint32_t end = 0;
  std::uint32_t caret = 0;  // where a message points: the operator, the field or function name

  bool has_flag(std::uint16_t flag) const { return (flags & flag) != 0; }
};
static_assert(sizeof(Node) == 32);

// A parsed expression. Owns its source and every text and constant its nodes speak of; may be
// moved.
struct Ast {
  std::vector<Node> nodes;
  std::vector<NodeIndex> links;
  std::vector<std::string_view> names;
  std::vector<Value> constants;
  NodeIndex root = 0;
  std::uint32_t local_count = 0;  // how many numbered locals the macros bind
  std::string_view source;
  std::unique_ptr<Arena> memory;  // what the texts and constants point to

  std::span<const NodeIndex> children(const Node& node) const {
    return std::span(links).subspan(node.first_child, node.child_count);
  }
  const Node& child(const Node& node, std::uint32_t place) const {
    return nodes[links[node.first_child + place]];
  }
  std::string_view name(const Node& node) const { return names[node.value]; }
  std::string_view text(const Node& node) const {
    return source.substr(node.begin, node.end - node.begin);
  }
};

struct ParseLimits {
  std::uint32_t source_max = 16 * 1024;
  std::uint32_t nodes_max = 4096;
  std::uint32_t nesting_max = 48;        // brackets, calls, literals, macros
  std::uint32_t height_max = 256;        // of the tree, chains included
  std::uint32_t arguments_max = 32;      // of a call
  std::uint32_t comprehensions_max = 8;  // inside one another
  std::uint32_t elements_max = 1000;     // of a list or map literal
  std::uint32_t problems_max = 10;
};

struct ParseOptions {
  ParseLimits limits;
  bool allows_block = false;  // cel.block and cel.index: what conformance tests use
};

struct Parsed {
  Ast ast;  // complete and well-formed only if there is no error among the problems
  std::vector<Problem> problems;

  bool ok() const { return !has_error(problems); }
};

// Reads one expression of the Common Expression Language and expands its macros. Never throws for
// bad text; recursion is bounded by the limits.
Parsed parse(std::string_view source, const ParseOptions& options = ParseOptions());

}  // namespace cel

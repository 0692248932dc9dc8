#pragma once
// What the names of an expression mean: attributes of the host by longest declared path, or types.
// The checker and the compiler ask the same questions here.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/environment.h"
#include "cel/node.h"

namespace cel {

// A chain `root.field["const"]...` of fields below a free name.
struct Path {
  struct Part {
    std::string_view name;
    bool is_plain = true;  // written `.name`: may be a part of a declared dotted name
    NodeIndex node = 0;
  };
  std::vector<Part> parts;  // the root's name first
  bool is_absolute = false;
};

// Nothing if the node is no such chain.
std::optional<Path> path_of(const Ast& ast, NodeIndex node);

struct Meaning {
  std::optional<AttributeIndex> attribute;
  std::optional<Value> type;   // a type's name stands for that type
  std::size_t part_count = 0;  // how many parts of the path the name took

  bool is_known() const { return attribute.has_value() || type.has_value(); }
};

// The longest prefix of the path that is declared, or names a type; the container's names first.
Meaning meaning_of(const Path& path, const Environment& environment);

// Names that `name` may stand for in the container "a.b": "a.b.name", "a.name", "name".
std::vector<std::string> candidates(std::string_view name, std::string_view container);

// A call as the function table knows it: `math.abs(x)` is the function "math.abs" of one argument.
struct Callee {
  std::string name;
  bool is_method = false;
  std::uint32_t first_argument = 0;  // 1 if the first child is only the namespace
};
Callee callee_of(const Ast& ast, const Node& node);

}  // namespace cel

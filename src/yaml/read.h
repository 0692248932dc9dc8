#pragma once
// One YAML document (or JSON text, which is YAML) as a Node. Refused: duplicate keys, several
// documents, keys that are no scalars, tags, and the directives and anchors beyond what Limits
// allow. Aliases become copies of what they name, within a bound, so a small file cannot become a
// large tree.

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "yaml/node.h"

namespace yaml {

// Why a text is no document, or a scalar cannot be expanded.
struct Mistake {
  Position at;
  std::string message;
  bool operator==(const Mistake&) const = default;
};

struct Limits {
  std::size_t bytes_max = std::size_t{8} << 20;  // inline OpenAPI documents are the largest in use
  std::size_t depth_max = 64;
  std::size_t nodes_max = 200'000;  // after aliases are expanded
};

// An empty text is a null scalar.
tl::expected<Node, Mistake> read(std::string_view text, const Limits& limits = Limits());

// What was read, for showing a line of it beside a message.
struct Source {
  std::string name;  // as the operator calls it: a path, or "<stdin>"
  std::string text;

  // Line `number` (from 1) without its end; empty if there is none.
  std::string_view line(std::size_t number) const;
};

}  // namespace yaml

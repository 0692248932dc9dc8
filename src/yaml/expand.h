#pragma once
// Variables in the scalars of a tree: $NAME, ${NAME}, ${NAME:-default} (used if NAME is unset or
// empty), and $$ for a dollar sign. It happens after parsing, so a value can never change the
// structure, and once: what a variable holds is not looked at again. A '$' that no name can follow
// stays ("^/a$"). Keys stay as they are.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/node.h"
#include "yaml/read.h"

namespace yaml {

// The value of a variable, or nothing if it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

// Expands in place. Returns every unset variable and unclosed "${", each at its place; the
// scalars concerned are left as they were and marked as broken.
std::vector<Mistake> expand(Node& node, const Environment& environment);

}  // namespace yaml

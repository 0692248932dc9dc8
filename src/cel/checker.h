#pragma once
// Types every part of an expression before anything is evaluated: unknown names, fields, functions
// and overloads, attributes that do not exist yet, and the fuel it may need at worst.

#include <cstdint>
#include <string>
#include <vector>

#include "cel/environment.h"
#include "cel/node.h"
#include "cel/problem.h"
#include "cel/program.h"

namespace cel {

struct Checked {
  std::vector<Problem> problems;
  std::string type = "dyn";  // of the whole expression
  std::uint64_t cost = 0;    // the worst case, in fuel

  bool ok() const { return !has_error(problems); }
};

Checked check_tree(const Ast& ast, const Environment& environment, const CompileOptions& options);

}  // namespace cel

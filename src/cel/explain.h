#pragma once
// Why a rule held or did not: the expression evaluated once more, keeping the value or error of
// every subexpression with its place in the source. Slow and allocating; for people, not for the
// request path.

#include <cstdint>
#include <string>
#include <vector>

#include "cel/program.h"

namespace cel {

struct Step {
  std::uint32_t begin = 0;  // source range in bytes
  std::uint32_t end = 0;
  std::uint32_t depth = 0;  // 0 is the whole expression; children follow their parent
  bool is_error = false;
  bool is_evaluated = true;  // false: not needed (the other branch of ?:), or inside a macro's body
  std::string result;        // JSON-like text of the value, or the error's message
};

struct Explanation {
  Truth outcome = Truth::error;
  std::string result;       // of the whole expression
  std::vector<Step> steps;  // in the order of the source tree, parents first
};

Explanation explain(const Program& program, Context& context);
// The steps as indented lines: source text, then its result.
std::string render(const Explanation& explanation, std::string_view source);

}  // namespace cel

// The parser against any bytes: it ends, within its limits, with a tree or with problems that point
// into the source.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cel/node.h"
#include "cel/problem.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(bytes), size);
  const cel::Parsed parsed = cel::parse(source);
  for (const cel::Problem& problem : parsed.problems) {
    if (problem.offset > size) std::abort();
    if (cel::render(problem, source).empty()) std::abort();
  }
  if (!parsed.ok()) return 0;
  for (const cel::Node& node : parsed.ast.nodes) {
    if (node.begin > node.end || node.end > size) std::abort();
  }
  return 0;
}

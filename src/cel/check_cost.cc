// The worst case in fuel, from declared maxima: what a caller sends is bounded, so that a rule
// which may exceed its budget is refused when it is loaded and not when it is needed.

#include <algorithm>
#include <limits>

#include "cel/detail_checker.h"

namespace cel {
namespace {

constexpr std::uint64_t unknown_size = 64;  // members of a claim, headers of a request
constexpr std::uint64_t call_cost = 8;      // a text of 256 bytes
constexpr std::uint64_t cost_max = std::numeric_limits<std::uint32_t>::max();

std::uint64_t saturated(std::uint64_t cost) {
  return std::min(cost, cost_max);
}

std::uint64_t size_of(const Ast& ast, const Node& range) {
  if (range.kind == NodeKind::list) return std::max<std::uint64_t>(range.child_count, 1);
  if (range.kind == NodeKind::map) return std::max<std::uint64_t>(range.child_count / 2, 1);
  const bool keeps_size = range.kind == NodeKind::map_each || range.kind == NodeKind::filter;
  return keeps_size ? size_of(ast, ast.child(range, 0)) : unknown_size;
}

}  // namespace

std::uint64_t Checker::cost_of(const Node& node) const {
  std::uint64_t cost = node.kind == NodeKind::call ? call_cost : 1;
  if (!is_loop(node.kind)) {
    for (std::uint32_t i = 0; i < node.child_count; ++i) {
      cost = saturated(cost + cost_of(ast_.child(node, i)));
    }
    return cost;
  }
  std::uint64_t body = 1;
  for (std::uint32_t i = 1; i < node.child_count; ++i) {
    body = saturated(body + cost_of(ast_.child(node, i)));
  }
  const Node& range = ast_.child(node, 0);
  return saturated(cost + cost_of(range) + size_of(ast_, range) * body);
}

}  // namespace cel

// Small functions of agentgateway: fail, merge, flatten, variables, unredacted. (with, default,
// coalesce, mapValues and filterKeys are nodes of their own.)

#include <array>

#include "cel/detail_library.h"

namespace cel {
namespace {

// An error of the rule's own making. It is never computed at load: it may stand in a branch.
Value fail(Evaluation&, Arguments arguments) {
  return Value::error(ErrorCode::failed, arguments[0].as_string());
}

// The entries of both maps; of those in both, the second's.
Value merge(Evaluation& evaluation, Arguments arguments) {
  const Map& left = arguments[0].as_map();
  const Map& right = arguments[1].as_map();
  MapBuilder map(evaluation);
  Cursor cursor;
  Entry entry;
  while (left.next(cursor, evaluation.arena(), entry)) {
    if (!evaluation.spend(right.size() / 32)) return evaluation.out_of_fuel();
    if (right.find(entry.key, evaluation.arena())) continue;
    if (!map.add(entry.key, entry.value)) return evaluation.out_of_fuel();
  }
  cursor = Cursor();
  while (right.next(cursor, evaluation.arena(), entry)) {
    if (!map.add(entry.key, entry.value)) return evaluation.out_of_fuel();
  }
  return map.finish();
}

// Only the log writer gives it a meaning; here it is its argument.
Value flatten(Evaluation&, Arguments arguments) {
  return arguments[0];
}

// Everything there is, bodies included: only a log record could have it.
Value variables(Evaluation&, Arguments) {
  return Value::error(ErrorCode::not_available, "variables() in a rule");
}

// Secrets are not kept, so there is nothing to uncover.
Value unredacted(Evaluation&, Arguments) {
  return Value::error(ErrorCode::not_available, "unredacted() in a rule");
}

constexpr std::array table{
    Overload{"fail", "(string) -> dyn", fail, Purity::volatile_},
    Overload{"merge", "map(A, B).(map(A, B)) -> map(A, B)", merge},
    Overload{"flatten", "(A) -> A", flatten},
    Overload{"flattenRecursive", "(A) -> A", flatten},
    Overload{"variables", "() -> map(string, dyn)", variables, Purity::volatile_},
    Overload{"unredacted", "string.() -> string", unredacted, Purity::volatile_},
};

}  // namespace

std::span<const Overload> gateway_functions() {
  return table;
}

}  // namespace cel

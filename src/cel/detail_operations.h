#pragma once
// The functions that records of compiled code point to, by file: op_value.cc, op_logic.cc,
// op_fused.cc, op_macro.cc.

#include "cel/detail_code.h"

namespace cel {

// Of records that have only one of the two entry points.
Truth test_value(const Op& op, Context& context);
Value value_of_test(const Op& op, Context& context);
// A bool as Truth; anything else is an error.
inline Truth truth_of(const Value& value, Context& context) {
  if (value.is(Kind::boolean)) return value.is_true() ? Truth::yes : Truth::no;
  return context.fail(value.is_error() ? value
                                       : Value::error(ErrorCode::no_such_overload, "not a bool"));
}
inline Truth truth_of(bool value) {
  return value ? Truth::yes : Truth::no;
}
inline Truth opposite(Truth truth) {
  return truth == Truth::error ? truth : truth_of(truth == Truth::no);
}

// op_value.cc
Value postponed_value();  // of a local whose value is computed when it is first needed
Value value_constant(const Op& op, Context& context);
Value value_slot(const Op& op, Context& context);
Value value_root(const Op& op, Context& context);
Value value_local(const Op& op, Context& context);
Value value_lazy_local(const Op& op, Context& context);
Value value_select(const Op& op, Context& context);
Value value_optional_select(const Op& op, Context& context);
Value value_index(const Op& op, Context& context);
Value value_optional_index(const Op& op, Context& context);
Value value_unary(const Op& op, Context& context);
Value value_binary(const Op& op, Context& context);
Value value_call(const Op& op, Context& context);
Value value_or(const Op& op, Context& context);
Value value_list(const Op& op, Context& context);
Value value_map(const Op& op, Context& context);
Value value_default(const Op& op, Context& context);
Value value_coalesce(const Op& op, Context& context);
Value value_has(const Op& op, Context& context);

// op_logic.cc
Truth test_constant(const Op& op, Context& context);
Truth test_and(const Op& op, Context& context);
Truth test_or(const Op& op, Context& context);
Truth test_not(const Op& op, Context& context);
Truth test_conditional(const Op& op, Context& context);
Value value_conditional(const Op& op, Context& context);
Truth test_equal(const Op& op, Context& context);
Truth test_not_equal(const Op& op, Context& context);
Truth test_compare(const Op& op, Context& context);
Truth test_in(const Op& op, Context& context);
// A set of Truth bits: all outcomes that are possible while late attributes are unknown.
std::uint8_t possible_outcomes(const Op& op, Context& context);

// op_fused.cc: a constant is in the record itself; with `from_slot` the other operand is an
// attribute's slot, else it is the child.
template <bool from_slot>
Truth test_equals_string(const Op& op, Context& context);
template <bool from_slot>
Truth test_differs_string(const Op& op, Context& context);
template <bool from_slot>
Truth test_equals_constant(const Op& op, Context& context);
template <bool from_slot>
Truth test_differs_constant(const Op& op, Context& context);
template <bool from_slot>
Truth test_in_strings(const Op& op, Context& context);
template <bool from_slot>
Truth test_holds_string(const Op& op, Context& context);
template <bool from_slot>
Truth test_starts_with(const Op& op, Context& context);
template <bool from_slot>
Truth test_ends_with(const Op& op, Context& context);
template <bool from_slot>
Truth test_contains(const Op& op, Context& context);
template <bool from_slot>
Truth test_matches(const Op& op, Context& context);
template <bool from_slot>
Truth test_matches_literal(const Op& op, Context& context);
// cidr(constant).containsIP(operand), for an IPv4 network.
template <bool from_slot>
Truth test_network_contains(const Op& op, Context& context);
Truth test_has_slot(const Op& op, Context& context);
Truth test_atom(const Op& op, Context& context);
Value value_has_slot(const Op& op, Context& context);
// How a literal pattern is anchored; of test_matches_literal's record.
inline constexpr std::uint8_t anchored_front = 1;
inline constexpr std::uint8_t anchored_back = 2;

// op_macro.cc
Truth test_all(const Op& op, Context& context);
Truth test_exists(const Op& op, Context& context);
Truth test_exists_one(const Op& op, Context& context);
Value value_filter(const Op& op, Context& context);
Value value_map_each(const Op& op, Context& context);
Value value_transform_map(const Op& op, Context& context);
Value value_transform_entry(const Op& op, Context& context);
Value value_map_values(const Op& op, Context& context);
Value value_filter_keys(const Op& op, Context& context);
Value value_bind(const Op& op, Context& context);
Truth test_bind(const Op& op, Context& context);
Value value_block(const Op& op, Context& context);
Value value_optional_map(const Op& op, Context& context);

}  // namespace cel

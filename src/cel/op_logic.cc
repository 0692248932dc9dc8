#include "cel/detail_operations.h"

namespace cel {
namespace {

constexpr std::uint8_t bit(Truth truth) {
  return static_cast<std::uint8_t>(truth);
}
constexpr std::uint8_t no_bit = bit(Truth::no);
constexpr std::uint8_t yes_bit = bit(Truth::yes);
constexpr std::uint8_t error_bit = bit(Truth::error);
constexpr std::uint8_t any_outcome = no_bit | yes_bit | error_bit;

// && and || differ only in which value decides alone. That value wins over errors on either side,
// except over an exhausted budget. The first error is the one that is told.
template <Truth deciding>
Truth junction(const Op& op, Context& context) {
  bool has_failed = false;
  Value error;
  const Op* child = op.first();
  for (std::size_t i = 0; i < op.count; ++i, child = child->next()) {
    const Truth truth = child->test(*child, context);
    if (truth == deciding) {
      if (has_failed && context.evaluation().is_aborted()) break;
      return deciding;
    }
    if (truth == Truth::error && !has_failed) {
      has_failed = true;
      error = context.error();
    }
  }
  if (has_failed) return context.fail(error);
  return opposite(deciding);
}

// All pairs of an outcome so far and one of the next term.
std::uint8_t combine(std::uint8_t left, std::uint8_t right, std::uint8_t deciding) {
  const std::uint8_t other = deciding ^ (no_bit | yes_bit);
  std::uint8_t outcomes = (left | right) & deciding;
  if ((left & other) != 0 && (right & other) != 0) outcomes |= other;
  const bool left_stays = (left & (other | error_bit)) != 0;
  const bool right_stays = (right & (other | error_bit)) != 0;
  if (((left & error_bit) != 0 && right_stays) || ((right & error_bit) != 0 && left_stays)) {
    outcomes |= error_bit;
  }
  return outcomes;
}

std::uint8_t swap_yes_and_no(std::uint8_t outcomes) {
  std::uint8_t swapped = outcomes & error_bit;
  if ((outcomes & no_bit) != 0) swapped |= yes_bit;
  if ((outcomes & yes_bit) != 0) swapped |= no_bit;
  return swapped;
}

std::uint8_t possible_junction(const Op& op, Context& context, std::uint8_t deciding) {
  std::uint8_t outcomes = deciding ^ (no_bit | yes_bit);
  const Op* child = op.first();
  for (std::size_t i = 0; i < op.count; ++i, child = child->next()) {
    outcomes = combine(outcomes, possible_outcomes(*child, context), deciding);
  }
  return outcomes;
}

std::uint8_t possible_conditional(const Op& op, Context& context) {
  const Op* then = op.first()->next();
  const Op* otherwise = then->next();
  const std::uint8_t condition = possible_outcomes(*op.first(), context);
  std::uint8_t outcomes = condition & error_bit;
  if ((condition & yes_bit) != 0) outcomes |= possible_outcomes(*then, context);
  if ((condition & no_bit) != 0) outcomes |= possible_outcomes(*otherwise, context);
  return outcomes;
}

struct Operands {
  Value left;
  Value right;
  bool has_failed = false;
};

Operands both(const Op& op, Context& context) {
  Operands operands;
  const Op* child = op.first();
  operands.left = child->value(*child, context);
  if (operands.left.is_error()) {
    operands.has_failed = true;
    context.fail(operands.left);
    return operands;
  }
  child = child->next();
  operands.right = child->value(*child, context);
  if (operands.right.is_error()) {
    operands.has_failed = true;
    context.fail(operands.right);
  }
  return operands;
}

}  // namespace

Truth test_value(const Op& op, Context& context) {
  return truth_of(op.value(op, context), context);
}

Truth test_constant(const Op& op, Context& context) {
  return truth_of(op.constant, context);
}

Truth test_and(const Op& op, Context& context) {
  return junction<Truth::no>(op, context);
}

Truth test_or(const Op& op, Context& context) {
  return junction<Truth::yes>(op, context);
}

Truth test_not(const Op& op, Context& context) {
  return opposite(op.first()->test(*op.first(), context));
}

Truth test_conditional(const Op& op, Context& context) {
  const Op* then = op.first()->next();
  switch (op.first()->test(*op.first(), context)) {
    case Truth::yes:
      return then->test(*then, context);
    case Truth::no:
      return then->next()->test(*then->next(), context);
    case Truth::error:
      break;
  }
  return Truth::error;
}

Value value_conditional(const Op& op, Context& context) {
  const Op* then = op.first()->next();
  switch (op.first()->test(*op.first(), context)) {
    case Truth::yes:
      return then->value(*then, context);
    case Truth::no:
      return then->next()->value(*then->next(), context);
    case Truth::error:
      break;
  }
  return context.error();
}

Truth test_equal(const Op& op, Context& context) {
  const Operands operands = both(op, context);
  if (operands.has_failed) return Truth::error;
  const bool is_equal = equal(operands.left, operands.right, context.evaluation());
  if (context.evaluation().is_aborted()) return context.fail(context.evaluation().out_of_fuel());
  return truth_of(is_equal);
}

Truth test_not_equal(const Op& op, Context& context) {
  return opposite(test_equal(op, context));
}

Truth test_compare(const Op& op, Context& context) {
  return truth_of(value_binary(op, context), context);
}

Truth test_in(const Op& op, Context& context) {
  return truth_of(value_binary(op, context), context);
}

std::uint8_t possible_outcomes(const Op& op, Context& context) {
  if (!op.is_late) return bit(op.test(op, context));
  switch (op.kind) {
    case OpKind::logical_and:
      return possible_junction(op, context, no_bit);
    case OpKind::logical_or:
      return possible_junction(op, context, yes_bit);
    case OpKind::logical_not:
      return swap_yes_and_no(possible_outcomes(*op.first(), context));
    case OpKind::conditional:
      return possible_conditional(op, context);
    default:
      return any_outcome;
  }
}

}  // namespace cel

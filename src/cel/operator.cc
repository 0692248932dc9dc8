#include <cmath>
#include <limits>

#include "cel/function.h"
#include "cel/number.h"
#include "cel/time.h"

namespace cel {
namespace {

Value no_overload(Operator op) {
  return Value::error(ErrorCode::no_such_overload, spelling_of(op));
}
Value overflow() {
  return Value::error(ErrorCode::overflow);
}

Value add_ints(std::int64_t left, std::int64_t right) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(left, right, &sum) ? overflow() : Value::of_int(sum);
}

Value arithmetic(Operator op, std::int64_t left, std::int64_t right) {
  std::int64_t result = 0;
  switch (op) {
    case Operator::add:
      return add_ints(left, right);
    case Operator::subtract:
      return __builtin_sub_overflow(left, right, &result) ? overflow() : Value::of_int(result);
    case Operator::multiply:
      return __builtin_mul_overflow(left, right, &result) ? overflow() : Value::of_int(result);
    default:
      break;
  }
  if (right == 0) return Value::error(ErrorCode::divide_by_zero);
  if (left == std::numeric_limits<std::int64_t>::min() && right == -1) return overflow();
  return Value::of_int(op == Operator::divide ? left / right : left % right);
}

Value arithmetic(Operator op, std::uint64_t left, std::uint64_t right) {
  std::uint64_t result = 0;
  switch (op) {
    case Operator::add:
      return __builtin_add_overflow(left, right, &result) ? overflow() : Value::of_uint(result);
    case Operator::subtract:
      return __builtin_sub_overflow(left, right, &result) ? overflow() : Value::of_uint(result);
    case Operator::multiply:
      return __builtin_mul_overflow(left, right, &result) ? overflow() : Value::of_uint(result);
    default:
      break;
  }
  if (right == 0) return Value::error(ErrorCode::divide_by_zero);
  return Value::of_uint(op == Operator::divide ? left / right : left % right);
}

// Division by zero has a result here (IEEE 754); % has no form for doubles.
#if defined(__clang__)
__attribute__((no_sanitize("float-divide-by-zero")))
#endif
Value arithmetic(Operator op, double left, double right) {
  switch (op) {
    case Operator::add:
      return Value::of_double(left + right);
    case Operator::subtract:
      return Value::of_double(left - right);
    case Operator::multiply:
      return Value::of_double(left * right);
    case Operator::divide:
      return Value::of_double(left / right);
    default:
      return no_overload(op);
  }
}

Value concatenate_text(const Value& left, const Value& right, Evaluation& evaluation) {
  const std::string_view a = left.text();
  const std::string_view b = right.text();
  if (!evaluation.spend_bytes(a.size() + b.size())) return evaluation.out_of_fuel();
  char* memory = evaluation.arena().make_text(a.size() + b.size());
  if (memory == nullptr) return evaluation.out_of_memory();
  a.copy(memory, a.size());
  b.copy(memory + a.size(), b.size());
  const std::string_view both(memory, a.size() + b.size());
  return left.is(Kind::string) ? Value::of_string(both) : Value::of_bytes(both);
}

// Copies the elements; where the next one goes.
Value* copy_elements(const List& list, Evaluation& evaluation, Value* place) {
  Cursor cursor;
  while (list.next(cursor, evaluation.arena(), *place)) ++place;
  return place;
}

Value concatenate_lists(const List& left, const List& right, Evaluation& evaluation) {
  const std::size_t size = left.size() + right.size();
  if (!evaluation.spend(size)) return evaluation.out_of_fuel();
  // One more, since an iteration that has ended may have written to its place.
  Value* values = evaluation.arena().make_values(size + 1);
  if (values == nullptr) return evaluation.out_of_memory();
  copy_elements(right, evaluation, copy_elements(left, evaluation, values));
  return evaluation.list(values, size);
}

Value add_times(const Value& left, const Value& right) {
  if (left.is(Kind::timestamp)) return shift_timestamp(left, right.as_duration());
  if (right.is(Kind::timestamp)) return shift_timestamp(right, left.as_duration());
  std::int64_t sum = 0;
  return __builtin_add_overflow(left.as_duration(), right.as_duration(), &sum)
             ? overflow()
             : Value::of_duration(sum);
}

Value subtract_times(const Value& left, const Value& right) {
  if (right.is(Kind::timestamp)) return timestamp_difference(left, right);
  if (left.is(Kind::timestamp)) {
    if (right.as_duration() == std::numeric_limits<std::int64_t>::min()) return overflow();
    return shift_timestamp(left, -right.as_duration());
  }
  std::int64_t difference = 0;
  return __builtin_sub_overflow(left.as_duration(), right.as_duration(), &difference)
             ? overflow()
             : Value::of_duration(difference);
}

bool is_time(const Value& value) {
  return value.is(Kind::timestamp) || value.is(Kind::duration);
}

Value add(const Value& left, const Value& right, Evaluation& evaluation) {
  if (left.kind() == right.kind()) {
    if (left.is(Kind::string) || left.is(Kind::bytes)) {
      return concatenate_text(left, right, evaluation);
    }
    if (left.is(Kind::list)) {
      return concatenate_lists(left.as_list(), right.as_list(), evaluation);
    }
  }
  const bool are_times =
      is_time(left) && is_time(right) && !(left.is(Kind::timestamp) && right.is(Kind::timestamp));
  return are_times ? add_times(left, right) : no_overload(Operator::add);
}

Value subtract(const Value& left, const Value& right) {
  const bool are_times =
      is_time(left) && is_time(right) && !(left.is(Kind::duration) && right.is(Kind::timestamp));
  return are_times ? subtract_times(left, right) : no_overload(Operator::subtract);
}

Value calculate(Operator op, const Value& left, const Value& right, Evaluation& evaluation) {
  if (left.kind() == right.kind()) {
    if (left.is(Kind::integer)) return arithmetic(op, left.as_int(), right.as_int());
    if (left.is(Kind::uinteger)) return arithmetic(op, left.as_uint(), right.as_uint());
    if (left.is(Kind::real)) return arithmetic(op, left.as_double(), right.as_double());
  }
  if (op == Operator::add) return add(left, right, evaluation);
  if (op == Operator::subtract) return subtract(left, right);
  return no_overload(op);
}

template <class T>
Order order_of(const T& left, const T& right) {
  if (left < right) return Order::less;
  return right < left ? Order::greater : Order::equal;
}

// Nothing if the kinds have no order with each other.
std::optional<Order> order(const Value& left, const Value& right, Evaluation& evaluation) {
  if (left.is_number() && right.is_number()) return compare_numbers(left, right);
  if (left.kind() != right.kind()) return std::nullopt;
  switch (left.kind()) {
    case Kind::boolean:
      return order_of(left.as_bool(), right.as_bool());
    case Kind::string:
    case Kind::bytes:
      // Bytewise order is the order of code points.
      evaluation.spend_bytes(std::min(left.text().size(), right.text().size()));
      return order_of(left.text(), right.text());
    case Kind::timestamp:
      return order_of(std::pair(left.seconds(), left.nanoseconds()),
                      std::pair(right.seconds(), right.nanoseconds()));
    case Kind::duration:
      return order_of(left.as_duration(), right.as_duration());
    default:
      return std::nullopt;
  }
}

Value compare(Operator op, const Value& left, const Value& right, Evaluation& evaluation) {
  const std::optional<Order> found = order(left, right, evaluation);
  if (evaluation.is_aborted()) return evaluation.out_of_fuel();
  if (!found) return no_overload(op);
  // A rule about a NaN should not quietly match or not match.
  if (*found == Order::unordered) {
    return Value::error(ErrorCode::bad_argument, "NaN has no order");
  }
  switch (op) {
    case Operator::less:
      return Value::of_bool(*found == Order::less);
    case Operator::less_equal:
      return Value::of_bool(*found != Order::greater);
    case Operator::greater:
      return Value::of_bool(*found == Order::greater);
    default:
      return Value::of_bool(*found != Order::less);
  }
}

Value contains(const Value& element, const Value& container, Evaluation& evaluation) {
  if (container.is(Kind::map)) {
    if (!evaluation.spend(container.as_map().size() / 32)) return evaluation.out_of_fuel();
    return Value::of_bool(container.as_map().find(element, evaluation.arena()).has_value());
  }
  if (!container.is(Kind::list)) return no_overload(Operator::in);
  Cursor cursor;
  Value candidate;
  bool is_found = false;
  while (!is_found && container.as_list().next(cursor, evaluation.arena(), candidate)) {
    if (!evaluation.spend(1)) return evaluation.out_of_fuel();
    is_found = equal(candidate, element, evaluation);
  }
  return evaluation.is_aborted() ? evaluation.out_of_fuel() : Value::of_bool(is_found);
}

Value negate(const Value& operand) {
  switch (operand.kind()) {
    case Kind::integer:
      if (operand.as_int() == std::numeric_limits<std::int64_t>::min()) return overflow();
      return Value::of_int(-operand.as_int());
    case Kind::real:
      return Value::of_double(-operand.as_double());
    case Kind::duration:
      if (operand.as_duration() == std::numeric_limits<std::int64_t>::min()) return overflow();
      return Value::of_duration(-operand.as_duration());
    default:
      return no_overload(Operator::negate);
  }
}

}  // namespace

Value apply_unary(Operator op, const Value& operand, Evaluation&) {
  if (operand.is_error()) return operand;
  if (op == Operator::negate) return negate(operand);
  if (!operand.is(Kind::boolean)) return no_overload(op);
  return Value::of_bool(!operand.as_bool());
}

Value apply_binary(Operator op, const Value& left, const Value& right, Evaluation& evaluation) {
  if (left.is_error()) return left;
  if (right.is_error()) return right;
  switch (op) {
    case Operator::equal:
    case Operator::not_equal: {
      const bool are_equal = equal(left, right, evaluation);
      if (evaluation.is_aborted()) return evaluation.out_of_fuel();
      return Value::of_bool(are_equal == (op == Operator::equal));
    }
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal:
      return compare(op, left, right, evaluation);
    case Operator::in:
      return contains(left, right, evaluation);
    default:
      return calculate(op, left, right, evaluation);
  }
}

}  // namespace cel

// optional.of() and its kin. or() and orValue() are calls here; engines that know the receiver has
// a value need not evaluate the argument.

#include <array>

#include "cel/detail_library.h"
#include "cel/time.h"

namespace cel {
namespace {

Value of(Evaluation& evaluation, Arguments arguments) {
  return evaluation.some(arguments[0]);
}

Value none(Evaluation&, Arguments) {
  return Value::of_optional(nullptr);
}

bool is_zero(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return !value.as_bool();
    case Kind::integer:
      return value.as_int() == 0;
    case Kind::uinteger:
      return value.as_uint() == 0;
    case Kind::real:
      return value.as_double() == 0;
    case Kind::string:
    case Kind::bytes:
      return value.text().empty();
    case Kind::list:
      return value.as_list().size() == 0;
    case Kind::map:
      return value.as_map().size() == 0;
    case Kind::duration:
      return value.as_duration() == 0;
    case Kind::timestamp:
      return value.seconds() == timestamp_min && value.nanoseconds() == 0;
    case Kind::optional:
      return value.as_optional() == nullptr;
    default:
      return false;
  }
}

Value of_non_zero(Evaluation& evaluation, Arguments arguments) {
  return is_zero(arguments[0]) ? Value::of_optional(nullptr) : evaluation.some(arguments[0]);
}

Value has_value(Evaluation&, Arguments arguments) {
  return Value::of_bool(arguments[0].as_optional() != nullptr);
}

Value value(Evaluation&, Arguments arguments) {
  const Value* content = arguments[0].as_optional();
  return content != nullptr ? *content
                            : Value::error(ErrorCode::bad_argument, "value() of optional.none()");
}

Value or_other(Evaluation&, Arguments arguments) {
  return arguments[0].as_optional() != nullptr ? arguments[0] : arguments[1];
}

Value or_value(Evaluation&, Arguments arguments) {
  const Value* content = arguments[0].as_optional();
  return content != nullptr ? *content : arguments[1];
}

// The contents of those that have one.
Value unwrap(Evaluation& evaluation, Arguments arguments) {
  ListBuilder list(evaluation);
  Cursor cursor;
  Value element;
  while (arguments[0].as_list().next(cursor, evaluation.arena(), element)) {
    if (!element.is(Kind::optional)) {
      return Value::error(ErrorCode::no_such_overload, "optional.unwrap");
    }
    const Value* content = element.as_optional();
    if (content != nullptr && !list.add(*content)) break;
  }
  return list.finish();
}

Value first(Evaluation& evaluation, Arguments arguments) {
  const List& list = arguments[0].as_list();
  return list.size() == 0 ? Value::of_optional(nullptr)
                          : evaluation.some(list.at(0, evaluation.arena()));
}

Value last(Evaluation& evaluation, Arguments arguments) {
  const List& list = arguments[0].as_list();
  if (!evaluation.spend(list.size() / 32)) return evaluation.out_of_fuel();
  return list.size() == 0 ? Value::of_optional(nullptr)
                          : evaluation.some(list.at(list.size() - 1, evaluation.arena()));
}

constexpr std::array table{
    Overload{"optional.of", "(A) -> optional(A)", of},
    Overload{"optional.none", "() -> optional(A)", none},
    Overload{"optional.ofNonZeroValue", "(A) -> optional(A)", of_non_zero},
    Overload{"optional.unwrap", "(list(optional(A))) -> list(A)", unwrap},
    Overload{"unwrapOpt", "list(optional(A)).() -> list(A)", unwrap},
    Overload{"hasValue", "optional(A).() -> bool", has_value},
    Overload{"value", "optional(A).() -> A", value},
    Overload{"or", "optional(A).(optional(A)) -> optional(A)", or_other},
    Overload{"orValue", "optional(A).(A) -> A", or_value},
    Overload{"first", "list(A).() -> optional(A)", first},
    Overload{"last", "list(A).() -> optional(A)", last},
};

}  // namespace

std::span<const Overload> optional_functions() {
  return table;
}

}  // namespace cel

// The math extension: greatest, least, rounding and kinds of doubles; and min and max.

#include <array>
#include <cmath>
#include <limits>

#include "cel/detail_library.h"
#include "cel/number.h"

namespace cel {
namespace {

// The first of the greatest (or least) numbers; nothing yet while `best` is null.
class Extreme {
 public:
  Extreme(Order wanted, std::string_view name) : wanted_(wanted), name_(name) {}

  // False if that is no number.
  bool add(const Value& value) {
    if (!value.is_number()) return false;
    if (best_.is_null() || compare_numbers(value, best_) == wanted_) best_ = value;
    return true;
  }
  Value best() const { return best_; }
  Value no_overload() const { return Value::error(ErrorCode::no_such_overload, name_); }

 private:
  Order wanted_;
  std::string_view name_;
  Value best_;
};

Value extreme_of_list(Evaluation& evaluation, const List& list, Extreme extreme) {
  Cursor cursor;
  Value element;
  while (list.next(cursor, evaluation.arena(), element)) {
    if (!evaluation.spend(1)) return evaluation.out_of_fuel();
    if (!extreme.add(element)) return extreme.no_overload();
  }
  return extreme.best();
}

Value extreme_of(Evaluation& evaluation, Arguments arguments, Extreme extreme) {
  if (arguments.size() == 1 && arguments[0].is(Kind::list)) {
    return extreme_of_list(evaluation, arguments[0].as_list(), extreme);
  }
  for (const Value& argument : arguments) {
    if (!extreme.add(argument)) return extreme.no_overload();
  }
  return extreme.best();
}

// The math extension wants at least one number.
Value at_least_one(const Value& found, std::string_view name) {
  return found.is_null() ? Value::error(ErrorCode::bad_argument, name) : found;
}

Value greatest(Evaluation& evaluation, Arguments arguments) {
  return at_least_one(extreme_of(evaluation, arguments, {Order::greater, "math.greatest"}),
                      "math.greatest() of nothing");
}
Value least(Evaluation& evaluation, Arguments arguments) {
  return at_least_one(extreme_of(evaluation, arguments, {Order::less, "math.least"}),
                      "math.least() of nothing");
}
Value maximum(Evaluation& evaluation, Arguments arguments) {
  return extreme_of(evaluation, arguments, {Order::greater, "max"});
}
Value minimum(Evaluation& evaluation, Arguments arguments) {
  return extreme_of(evaluation, arguments, {Order::less, "min"});
}

Value ceil(Evaluation&, Arguments arguments) {
  return Value::of_double(std::ceil(arguments[0].as_double()));
}
Value floor(Evaluation&, Arguments arguments) {
  return Value::of_double(std::floor(arguments[0].as_double()));
}
Value round(Evaluation&, Arguments arguments) {
  return Value::of_double(std::round(arguments[0].as_double()));
}
Value trunc(Evaluation&, Arguments arguments) {
  return Value::of_double(std::trunc(arguments[0].as_double()));
}
Value sqrt(Evaluation&, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::real)) return Value::of_double(std::sqrt(value.as_double()));
  return Value::of_double(std::sqrt(value.is(Kind::integer)
                                        ? static_cast<double>(value.as_int())
                                        : static_cast<double>(value.as_uint())));
}

Value abs(Evaluation&, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::uinteger)) return value;
  if (value.is(Kind::real)) return Value::of_double(std::fabs(value.as_double()));
  if (value.as_int() == std::numeric_limits<std::int64_t>::min()) {
    return Value::error(ErrorCode::overflow);
  }
  return Value::of_int(std::abs(value.as_int()));
}

Value sign(Evaluation&, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::uinteger)) return Value::of_uint(value.as_uint() > 0 ? 1 : 0);
  if (value.is(Kind::integer)) {
    return Value::of_int((value.as_int() > 0 ? 1 : 0) - (value.as_int() < 0 ? 1 : 0));
  }
  if (std::isnan(value.as_double())) return value;
  return Value::of_double((value.as_double() > 0 ? 1.0 : 0.0) -
                          (value.as_double() < 0 ? 1.0 : 0.0));
}

Value is_nan(Evaluation&, Arguments arguments) {
  return Value::of_bool(std::isnan(arguments[0].as_double()));
}
Value is_inf(Evaluation&, Arguments arguments) {
  return Value::of_bool(std::isinf(arguments[0].as_double()));
}
Value is_finite(Evaluation&, Arguments arguments) {
  return Value::of_bool(std::isfinite(arguments[0].as_double()));
}

constexpr std::array table{
    Overload{"math.greatest", "(int...) -> int", greatest},
    Overload{"math.greatest", "(uint...) -> uint", greatest},
    Overload{"math.greatest", "(double...) -> double", greatest},
    Overload{"math.greatest", "(list(int)) -> int", greatest},
    Overload{"math.greatest", "(list(uint)) -> uint", greatest},
    Overload{"math.greatest", "(list(double)) -> double", greatest},
    Overload{"math.greatest", "(list(dyn)) -> dyn", greatest},
    Overload{"math.greatest", "(dyn...) -> dyn", greatest},
    Overload{"math.least", "(int...) -> int", least},
    Overload{"math.least", "(uint...) -> uint", least},
    Overload{"math.least", "(double...) -> double", least},
    Overload{"math.least", "(list(int)) -> int", least},
    Overload{"math.least", "(list(uint)) -> uint", least},
    Overload{"math.least", "(list(double)) -> double", least},
    Overload{"math.least", "(list(dyn)) -> dyn", least},
    Overload{"math.least", "(dyn...) -> dyn", least},
    Overload{"max", "() -> dyn", maximum},
    Overload{"max", "(dyn...) -> dyn", maximum},
    Overload{"min", "() -> dyn", minimum},
    Overload{"min", "(dyn...) -> dyn", minimum},
    Overload{"math.ceil", "(double) -> double", ceil},
    Overload{"math.floor", "(double) -> double", floor},
    Overload{"math.round", "(double) -> double", round},
    Overload{"math.trunc", "(double) -> double", trunc},
    Overload{"math.sqrt", "(double) -> double", sqrt},
    Overload{"math.sqrt", "(int) -> double", sqrt},
    Overload{"math.sqrt", "(uint) -> double", sqrt},
    Overload{"math.abs", "(int) -> int", abs},
    Overload{"math.abs", "(uint) -> uint", abs},
    Overload{"math.abs", "(double) -> double", abs},
    Overload{"math.sign", "(int) -> int", sign},
    Overload{"math.sign", "(uint) -> uint", sign},
    Overload{"math.sign", "(double) -> double", sign},
    Overload{"math.isNaN", "(double) -> bool", is_nan},
    Overload{"math.isInf", "(double) -> bool", is_inf},
    Overload{"math.isFinite", "(double) -> bool", is_finite},
};

}  // namespace

std::span<const Overload> math_functions() {
  return table;
}

}  // namespace cel

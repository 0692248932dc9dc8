#include "cel/function.h"
#include "cel/number.h"

namespace cel {
namespace {

constexpr std::string_view bad_index = "an index of that type";

Value index_list(const List& list, const Value& index, Evaluation& evaluation) {
  if (!index.is_number()) return Value::error(ErrorCode::no_such_overload, bad_index);
  const std::optional<std::uint64_t> place = exact_uint(index);
  if (!place || *place >= list.size()) return Value::error(ErrorCode::out_of_range, "list index");
  // Some lists are walked to get there.
  if (!evaluation.spend(*place / 32)) return evaluation.out_of_fuel();
  return list.at(*place, evaluation.arena());
}

Value no_such_key(const Value& key, Evaluation& evaluation) {
  if (key.is(Kind::string)) return Value::error(ErrorCode::no_such_key, key.as_string());
  if (key.is(Kind::integer)) {
    return evaluation.fail(ErrorCode::no_such_key, std::to_string(key.as_int()));
  }
  return Value::error(ErrorCode::no_such_key);
}

Value index_map(const Map& map, const Value& key, Evaluation& evaluation) {
  if (!evaluation.spend(map.size() / 32)) return evaluation.out_of_fuel();
  const auto found = map.find(key, evaluation.arena());
  return found ? *found : no_such_key(key, evaluation);
}

// What an operation on the content of an optional gave, as an optional again.
Value wrapped(const Value& result, Evaluation& evaluation) {
  if (result.is_abort()) return result;
  return result.is_error() ? Value::of_optional(nullptr) : evaluation.some(result);
}

// Only a missing key or place makes an empty optional; anything else is an error.
bool is_absence(const Value& result) {
  return result.is_error() &&
         (result.code() == ErrorCode::no_such_key || result.code() == ErrorCode::out_of_range);
}

}  // namespace

Value index_value(const Value& operand, const Value& index, Evaluation& evaluation) {
  if (operand.is_error()) return operand;
  if (index.is_error()) return index;
  switch (operand.kind()) {
    case Kind::list:
      return index_list(operand.as_list(), index, evaluation);
    case Kind::map:
      return index_map(operand.as_map(), index, evaluation);
    case Kind::optional:
      return optional_index(operand, index, evaluation);
    default:
      return Value::error(ErrorCode::no_such_overload, "[]");
  }
}

Value select_field(const Value& operand, std::string_view field, Evaluation& evaluation) {
  if (operand.is_error()) return operand;
  if (operand.is(Kind::optional)) return optional_select(operand, field, evaluation);
  if (!operand.is(Kind::map)) return Value::error(ErrorCode::no_such_overload, field);
  const Map& map = operand.as_map();
  if (!evaluation.spend(map.size() / 32)) return evaluation.out_of_fuel();
  const auto found = map.find_field(field, evaluation.arena());
  return found ? *found : Value::error(ErrorCode::no_such_key, field);
}

Value has_field(const Value& operand, std::string_view field, Evaluation& evaluation) {
  if (operand.is(Kind::optional)) {
    const Value* content = operand.as_optional();
    if (content == nullptr) return Value::of_bool(false);
    return has_field(*content, field, evaluation);
  }
  const Value found = select_field(operand, field, evaluation);
  if (!found.is_error()) return Value::of_bool(true);
  if (operand.is(Kind::map) && found.code() == ErrorCode::no_such_key) {
    return Value::of_bool(false);
  }
  return found;
}

Value optional_select(const Value& operand, std::string_view field, Evaluation& evaluation) {
  if (operand.is_error()) return operand;
  if (operand.is(Kind::optional) && operand.as_optional() == nullptr) return operand;
  const Value& inner = operand.is(Kind::optional) ? *operand.as_optional() : operand;
  const Value found = select_field(inner, field, evaluation);
  if (found.is_error() && !is_absence(found)) return found;
  // Of an optional inside an optional the selection is an optional already.
  return inner.is(Kind::optional) ? found : wrapped(found, evaluation);
}

Value optional_index(const Value& operand, const Value& index, Evaluation& evaluation) {
  if (operand.is_error()) return operand;
  if (index.is_error()) return index;
  if (operand.is(Kind::optional) && operand.as_optional() == nullptr) return operand;
  const Value& inner = operand.is(Kind::optional) ? *operand.as_optional() : operand;
  const Value found = index_value(inner, index, evaluation);
  if (found.is_error() && !is_absence(found)) return found;
  return inner.is(Kind::optional) ? found : wrapped(found, evaluation);
}

}  // namespace cel

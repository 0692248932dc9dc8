#include <array>
#include <optional>
#include <span>

#include "cel/detail_operations.h"

namespace cel {
namespace {

// The arguments of a call stand on the stack; the parser allows no more.
constexpr std::size_t arguments_max = 33;  // with the receiver

// A local of cel.bind before its value was needed. Told from a real error by the address of its
// text.
constexpr std::string_view not_yet = "bound value not evaluated yet";

bool is_not_yet(const Value& value) {
  return value.is_error() && value.text().data() == not_yet.data();
}

Value call(const CallTarget& target, Evaluation& evaluation, Arguments arguments) {
  if (target.only != nullptr && target.only->fits(arguments)) {
    return target.only->overload->call(evaluation, arguments);
  }
  return call_function(*target.function, evaluation, arguments);
}

// An entry of a list or map literal with `?`: nothing if the optional is empty; else its value or
// an error.
std::optional<Value> optional_entry(const Value& value) {
  if (value.is_error()) return value;
  if (!value.is(Kind::optional)) return Value::error(ErrorCode::no_such_overload, "?");
  const Value* content = value.as_optional();
  if (content == nullptr) return std::nullopt;
  return *content;
}

bool is_key(const Value& key) {
  return key.is(Kind::string) || key.is(Kind::integer) || key.is(Kind::uinteger) ||
         key.is(Kind::boolean);
}

// Why the key cannot stand in the map; null if it can.
Value key_problem(const Value& key, std::span<const Entry> entries, Evaluation& evaluation) {
  if (!is_key(key)) return Value::error(ErrorCode::bad_key, "map key");
  if (!evaluation.spend(1 + entries.size() / 32)) return evaluation.out_of_fuel();
  for (const Entry& entry : entries) {
    if (equal(entry.key, key, evaluation)) return Value::error(ErrorCode::duplicate_key, "map");
  }
  return Value::null();
}

}  // namespace

Value postponed_value() {
  return Value::error(ErrorCode::failed, not_yet);
}

Value value_of_test(const Op& op, Context& context) {
  const Truth truth = op.test(op, context);
  return truth == Truth::error ? context.error() : Value::of_bool(truth == Truth::yes);
}

Value value_constant(const Op& op, Context&) {
  return op.constant;
}

Value value_slot(const Op& op, Context& context) {
  return context.get(op.number);
}

// A variable that the host does not have is null where it stands alone.
Value value_root(const Op& op, Context& context) {
  const Value& value = context.get(op.number);
  const bool is_absent = value.is_error() && (value.code() == ErrorCode::no_such_key ||
                                              value.code() == ErrorCode::no_such_name);
  return is_absent ? Value::null() : value;
}

Value value_local(const Op& op, Context& context) {
  return context.local(op.number);
}

Value value_lazy_local(const Op& op, Context& context) {
  if (is_not_yet(context.local(op.number))) {
    const Op& value = *static_cast<const Op*>(op.data);
    context.local(op.number) = value.value(value, context);
  }
  return context.local(op.number);
}

Value value_select(const Op& op, Context& context) {
  const Value operand = op.first()->value(*op.first(), context);
  if (operand.is_error()) return operand;
  return select_field(operand, op.constant.text(), context.evaluation());
}

Value value_optional_select(const Op& op, Context& context) {
  const Value operand = op.first()->value(*op.first(), context);
  if (operand.is_error()) return operand;
  return optional_select(operand, op.constant.text(), context.evaluation());
}

Value value_has(const Op& op, Context& context) {
  const Value operand = op.first()->value(*op.first(), context);
  if (operand.is_error()) return operand;
  return has_field(operand, op.constant.text(), context.evaluation());
}

Value value_index(const Op& op, Context& context) {
  const Op* child = op.first();
  const Value operand = child->value(*child, context);
  if (operand.is_error()) return operand;
  child = child->next();
  const Value index = child->value(*child, context);
  if (index.is_error()) return index;
  return index_value(operand, index, context.evaluation());
}

Value value_optional_index(const Op& op, Context& context) {
  const Op* child = op.first();
  const Value operand = child->value(*child, context);
  if (operand.is_error()) return operand;
  child = child->next();
  const Value index = child->value(*child, context);
  if (index.is_error()) return index;
  return optional_index(operand, index, context.evaluation());
}

Value value_unary(const Op& op, Context& context) {
  const Value operand = op.first()->value(*op.first(), context);
  if (operand.is_error()) return operand;
  return apply_unary(static_cast<Operator>(op.number), operand, context.evaluation());
}

Value value_binary(const Op& op, Context& context) {
  const Op* child = op.first();
  const Value left = child->value(*child, context);
  if (left.is_error()) return left;
  child = child->next();
  const Value right = child->value(*child, context);
  if (right.is_error()) return right;
  return apply_binary(static_cast<Operator>(op.number), left, right, context.evaluation());
}

Value value_call(const Op& op, Context& context) {
  std::array<Value, arguments_max> arguments;
  const Op* child = op.first();
  for (std::size_t i = 0; i < op.count; ++i, child = child->next()) {
    arguments[i] = child->value(*child, context);
    if (arguments[i].is_error()) return arguments[i];
  }
  const CallTarget& target = *static_cast<const CallTarget*>(op.data);
  return call(target, context.evaluation(), {arguments.data(), op.count});
}

// a.or(b) and a.orValue(b): b is only looked at if a has no value.
Value value_or(const Op& op, Context& context) {
  const Op* child = op.first();
  const Value optional = child->value(*child, context);
  if (optional.is_error()) return optional;
  const bool gives_content = op.number != 0;
  if (optional.is(Kind::optional) && optional.as_optional() != nullptr) {
    return gives_content ? *optional.as_optional() : optional;
  }
  child = child->next();
  const Value other = child->value(*child, context);
  if (other.is_error()) return other;
  const std::array<Value, 2> arguments = {optional, other};
  return call(*static_cast<const CallTarget*>(op.data), context.evaluation(), arguments);
}

Value value_list(const Op& op, Context& context) {
  Evaluation& evaluation = context.evaluation();
  Value* values = evaluation.arena().make_values(op.count);
  if (values == nullptr && op.count > 0) return evaluation.out_of_memory();
  std::size_t size = 0;
  const Op* child = op.first();
  for (std::size_t i = 0; i < op.count; ++i, child = child->next()) {
    Value value = child->value(*child, context);
    if (child->is_optional_entry) {
      const auto content = optional_entry(value);
      if (!content) continue;
      value = *content;
    }
    if (value.is_error()) return value;
    values[size++] = value;
  }
  return evaluation.list(values, size);
}

Value value_map(const Op& op, Context& context) {
  Evaluation& evaluation = context.evaluation();
  const std::size_t count = op.count / 2;
  auto* entries =
      static_cast<Entry*>(evaluation.arena().allocate(count * sizeof(Entry), alignof(Entry)));
  if (entries == nullptr && count > 0) return evaluation.out_of_memory();
  std::size_t size = 0;
  const Op* child = op.first();
  for (std::size_t i = 0; i < count; ++i) {
    const Op* key_op = child;
    const Op* value_op = key_op->next();
    child = value_op->next();
    const Value key = key_op->value(*key_op, context);
    if (key.is_error()) return key;
    Value value = value_op->value(*value_op, context);
    if (key_op->is_optional_entry) {
      const auto content = optional_entry(value);
      if (!content) continue;
      value = *content;
    }
    if (value.is_error()) return value;
    const Value problem = key_problem(key, {entries, size}, evaluation);
    if (problem.is_error()) return problem;
    entries[size++] = Entry{key, value};
  }
  return evaluation.map(entries, size);
}

Value value_default(const Op& op, Context& context) {
  const Value value = op.first()->value(*op.first(), context);
  const bool is_missing =
      value.is_null() || (value.is_error() && (value.code() == ErrorCode::no_such_key ||
                                               value.code() == ErrorCode::no_such_name));
  if (!is_missing) return value;
  if (context.evaluation().is_aborted()) return context.evaluation().out_of_fuel();
  const Op* otherwise = op.first()->next();
  return otherwise->value(*otherwise, context);
}

Value value_coalesce(const Op& op, Context& context) {
  bool has_null = false;
  Value last = Value::error(ErrorCode::bad_argument, "coalesce() without arguments");
  const Op* child = op.first();
  for (std::size_t i = 0; i < op.count; ++i, child = child->next()) {
    const Value value = child->value(*child, context);
    if (context.evaluation().is_aborted()) return context.evaluation().out_of_fuel();
    if (!value.is_error() && !value.is_null()) return value;
    if (value.is_null()) {
      has_null = true;
    } else {
      last = value;
    }
  }
  return has_null ? Value::null() : last;
}

}  // namespace cel

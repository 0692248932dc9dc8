// Constant parts of an expression are computed once, at load, with the functions that would compute
// them at run time. An error is folded to a record that fails: `&&` and `||` may absorb it.

#include <algorithm>

#include "cel/convert.h"
#include "cel/detail_emitter.h"
#include "cel/detail_operations.h"

namespace cel {
namespace {

class NoAttributes final : public AttributeSource {
 public:
  Value get(AttributeIndex, Arena&) const override { return Value::error(ErrorCode::no_such_key); }
};

bool is_pure(const Op& op) {
  if (op.value != value_call) return true;
  const auto& target = *static_cast<const CallTarget*>(op.data);
  return std::all_of(
      target.function->overloads.begin(), target.function->overloads.end(),
      [](const Signature& signature) { return signature.overload->purity == Purity::pure; });
}

// Records whose result follows from their direct children alone.
bool is_foldable(const Op& op) {
  static constexpr ValueFunction values[] = {value_select,  value_optional_select,
                                             value_index,   value_optional_index,
                                             value_unary,   value_binary,
                                             value_call,    value_list,
                                             value_map,     value_has,
                                             value_default, value_coalesce};
  static constexpr TestFunction tests[] = {test_not, test_equal, test_not_equal, test_compare,
                                           test_in};
  return (std::find(std::begin(values), std::end(values), op.value) != std::end(values) ||
          std::find(std::begin(tests), std::end(tests), op.test) != std::end(tests)) &&
         is_pure(op);
}

// What fails because of the text of a constant: a bad pattern, address, time.
bool is_bad_text(const Value& error) {
  return error.code() == ErrorCode::bad_argument;
}

}  // namespace

bool Emitter::all_constant(Record record) const {
  const Op& op = code_.ops[record];
  const Op* child = op.first();
  for (std::uint32_t i = 0; i < op.count; ++i, child = child->next()) {
    if (child->kind != OpKind::constant || child->is_optional_entry) return false;
  }
  return true;
}

// Removes the records [from, to); the caller corrects `skip` of those that enclose them.
void Emitter::erase(Record from, Record to) {
  code_.ops.erase(code_.ops.begin() + from, code_.ops.begin() + to);
}

void Emitter::replace_by_constant(Record record, const Value& value) {
  Op& op = at(record);
  op.test = test_constant;
  op.value = value_constant;
  op.kind = OpKind::constant;
  op.constant = value;
  op.data = nullptr;
  op.is_late = false;
  op.count = 0;
  op.skip = 1;
  code_.ops.resize(record + 1);
}

void Emitter::report(const Op& op, const Value& error) {
  if (!options_.is_checked || !options_.is_rule) return;
  const Node& node = code_.ast.nodes[op.node];
  Problem problem;
  problem.severity = sheltered_ > 0 && !is_bad_text(error) ? Severity::warning : Severity::error;
  problem.offset = node.begin;
  problem.length = node.end - node.begin;
  problem.text = "this always fails: " + error_text(error);
  problems_.push_back(std::move(problem));
}

void Emitter::fold(Record record) {
  const OpKind kind = at(record).kind;
  if (kind == OpKind::constant) return;
  if (kind == OpKind::logical_and) return fold_junction(record, Truth::no);
  if (kind == OpKind::logical_or) return fold_junction(record, Truth::yes);
  if (kind == OpKind::conditional) return fold_conditional(record);
  if (!is_foldable(at(record)) || !all_constant(record)) return;
  if (scratch_ == nullptr) {
    static const NoAttributes no_attributes;
    empty_ = std::make_unique<Environment>(AttributeTable());
    scratch_ = std::make_unique<Context>(*empty_, no_attributes);
  }
  scratch_->begin();
  const Value result = at(record).value(at(record), *scratch_);
  if (scratch_->evaluation().is_aborted()) return;  // too much for load time: fails when evaluated
  const Value kept = copy_value(result, code_.constants, scratch_->evaluation().arena());
  if (kept.is_abort()) return;
  const bool has_error_below = std::any_of(
      code_.ops.begin() + record + 1, code_.ops.end(),
      [](const Op& op) { return op.kind == OpKind::constant && op.constant.is_error(); });
  if (kept.is_error() && !has_error_below) report(at(record), kept);
  replace_by_constant(record, kept);
}

// `true && X` is X, and so on. A constant that fails must stay: `error && X` is false where X is.
void Emitter::fold_junction(Record record, Truth deciding) {
  bool has_error = false;
  bool all_known = true;
  std::vector<Record> neutral;
  Record child = record + 1;
  for (std::uint32_t i = 0; i < at(record).count; ++i, child += at(child).skip) {
    const Op& op = at(child);
    if (op.kind != OpKind::constant) {
      all_known = false;
    } else if (!op.constant.is(Kind::boolean)) {
      has_error = true;
    } else if (op.constant.is_true() == (deciding == Truth::yes)) {
      return replace_by_constant(record, Value::of_bool(deciding == Truth::yes));
    } else {
      neutral.push_back(child);
    }
  }
  if (all_known && !has_error) {
    return replace_by_constant(record, Value::of_bool(deciding == Truth::no));
  }
  for (auto it = neutral.rbegin(); it != neutral.rend(); ++it) {
    erase(*it, *it + 1);
    at(record).count -= 1;
    at(record).skip -= 1;
  }
}

// A constant condition leaves one branch.
void Emitter::fold_conditional(Record record) {
  const Op& condition = at(record + 1);
  if (condition.kind != OpKind::constant || !condition.constant.is(Kind::boolean)) return;
  const bool takes_then = condition.constant.is_true();
  const Record then = child_of(record, 1);
  const Record otherwise = child_of(record, 2);
  const bool is_entry = at(record).is_optional_entry;
  if (takes_then) {
    code_.ops.resize(otherwise);
    erase(record, then);
  } else {
    erase(record, otherwise);
  }
  at(record).is_optional_entry = is_entry;
}

namespace {

const Value copy_failed = Value::error(ErrorCode::out_of_memory);

Value copy_optional(const Value& value, Arena& arena, Arena& scratch) {
  if (value.as_optional() == nullptr) return value;
  const Value content = copy_value(*value.as_optional(), arena, scratch);
  const auto* kept = arena.make<Value>(content);
  return kept == nullptr || content.is_abort() ? copy_failed : Value::of_optional(kept);
}

Value copy_list(const List& from, Arena& arena, Arena& scratch) {
  const std::size_t size = from.size();
  Value* elements = arena.make_values(size + 1);
  if (elements == nullptr) return copy_failed;
  for (std::size_t i = 0; i < size; ++i) {
    elements[i] = copy_value(from.at(i, scratch), arena, scratch);
    if (elements[i].is_abort()) return copy_failed;
  }
  const auto* list = arena.make<ArrayList>(elements, size);
  return list == nullptr ? copy_failed : Value::of_list(list);
}

Value copy_map(const Map& from, Arena& arena, Arena& scratch) {
  const std::size_t size = from.size();
  auto* entries = static_cast<Entry*>(arena.allocate((size + 1) * sizeof(Entry), alignof(Entry)));
  if (entries == nullptr) return copy_failed;
  Cursor cursor;
  Entry entry;
  std::size_t count = 0;
  while (count < size && from.next(cursor, scratch, entry)) {
    const Value key = copy_value(entry.key, arena, scratch);
    const Value content = copy_value(entry.value, arena, scratch);
    if (key.is_abort() || content.is_abort()) return copy_failed;
    entries[count++] = Entry{key, content};
  }
  const auto* map = arena.make<ArrayMap>(entries, count);
  return map == nullptr ? copy_failed : Value::of_map(map);
}

}  // namespace

Value copy_value(const Value& value, Arena& arena, Arena& scratch) {
  const auto text = [&](auto make) {
    const auto copy = arena.copy(value.text());
    return copy ? make(*copy) : copy_failed;
  };
  switch (value.kind()) {
    case Kind::string:
      return text(Value::of_string);
    case Kind::bytes:
      return text(Value::of_bytes);
    case Kind::type:
      return text(Value::of_type);
    case Kind::error:
      return text([&](std::string_view copy) { return Value::error(value.code(), copy); });
    case Kind::ip:
      return Value::of_ip(value.address(), arena);
    case Kind::cidr:
      return Value::of_cidr(value.address(), value.prefix_length(), arena);
    case Kind::optional:
      return copy_optional(value, arena, scratch);
    case Kind::list:
      return copy_list(value.as_list(), arena, scratch);
    case Kind::map:
      return copy_map(value.as_map(), arena, scratch);
    default:
      return value;
  }
}

}  // namespace cel

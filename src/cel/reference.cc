#include "cel/reference.h"

#include "cel/detail_library.h"
#include "cel/detail_reference.h"
#include "cel/function.h"
#include "cel/number.h"

namespace cel {
namespace {

Value not_bool(std::string_view where) {
  return Value::error(ErrorCode::no_such_overload, where);
}

// Whether a default() takes the place of this error.
bool is_missing(const Value& value) {
  return value.is_error() &&
         (value.code() == ErrorCode::no_such_key || value.code() == ErrorCode::no_such_name);
}

// Recursion follows the tree, whose height the parser limits.
class Interpreter {
 public:
  Interpreter(const Ast& ast, const ReferenceInput& input, Evaluation& evaluation)
      : ast_(ast), input_(input), evaluation_(evaluation), locals_(ast.local_count) {}

  Value evaluate(const Node& node) {
    if (evaluation_.is_aborted() || !evaluation_.spend(1)) return evaluation_.out_of_fuel();
    const Value value = dispatch(node);
    // A view that found no room says so in its value only.
    if (value.is_abort() && !evaluation_.is_aborted()) return evaluation_.out_of_memory();
    return value;
  }

 private:
  Value child(const Node& node, std::uint32_t place) { return evaluate(ast_.child(node, place)); }

  Value dispatch(const Node& node) {
    switch (node.kind) {
      case NodeKind::constant:
        return ast_.constants[node.value];
      case NodeKind::name:
      case NodeKind::select:
      case NodeKind::has:
        return reference(node);
      case NodeKind::local:
        return local(node.value);
      case NodeKind::index:
        return index(node);
      case NodeKind::call:
        return call(node);
      case NodeKind::operation:
        return operation(node);
      case NodeKind::logical_and:
        return logical(node, false);
      case NodeKind::logical_or:
        return logical(node, true);
      case NodeKind::conditional:
        return conditional(node);
      case NodeKind::list:
        return list(node);
      case NodeKind::map:
        return map(node);
      default:
        return macro(node);
    }
  }

  Value macro(const Node& node) {
    switch (node.kind) {
      case NodeKind::all:
        return quantifier(node, false);
      case NodeKind::exists:
        return quantifier(node, true);
      case NodeKind::exists_one:
        return exists_one(node);
      case NodeKind::filter:
      case NodeKind::map_each:
      case NodeKind::transform_list:
        return list_macro(node);
      case NodeKind::transform_map:
      case NodeKind::transform_entry:
      case NodeKind::map_values:
      case NodeKind::filter_keys:
        return map_macro(node);
      case NodeKind::bind:
      case NodeKind::block:
        return bind(node);
      case NodeKind::optional_map:
      case NodeKind::optional_flat_map:
        return optional_map(node);
      case NodeKind::default_value:
        return default_value(node);
      default:
        return coalesce(node);
    }
  }

  // --- names ---

  // `a.b.c` as text if it is a chain of plain names.
  bool dotted(const Node& node, std::string& path) const {
    if (node.kind == NodeKind::name) {
      path = ast_.name(node);
      return true;
    }
    const std::uint16_t other = node.flags & ~node_flag::is_optional_entry;
    if (node.kind != NodeKind::select || other != 0) return false;
    if (!dotted(ast_.child(node, 0), path)) return false;
    path += '.';
    path += ast_.name(node);
    return true;
  }

  const Node& first_of_chain(const Node& node) const {
    return node.kind == NodeKind::name ? node : first_of_chain(ast_.child(node, 0));
  }

  std::optional<Value> find_variable(const std::string& path) {
    if (const auto found = find_attribute(input_.attributes, path)) {
      return get_attribute(input_.attributes, *found, input_.source, evaluation_.arena());
    }
    return find_type(path);
  }

  // The path in the container, in the ones around it, and alone.
  std::optional<Value> find_in_container(const std::string& path, bool is_absolute) {
    std::string container(is_absolute ? std::string_view() : input_.container);
    while (!container.empty()) {
      std::string candidate = container;
      candidate.append(1, '.').append(path);
      if (const auto found = find_variable(candidate)) return found;
      const std::size_t dot = container.rfind('.');
      container.resize(dot == std::string::npos ? 0 : dot);
    }
    return find_variable(path);
  }

  // A variable with dots in its name is preferred to a field of a shorter one. A variable that the
  // host does not have is null when it stands alone.
  Value reference(const Node& node) {
    std::string path;
    if (node.kind != NodeKind::has && dotted(node, path)) {
      const bool is_absolute = first_of_chain(node).has_flag(node_flag::is_absolute);
      if (const auto found = find_in_container(path, is_absolute)) {
        const bool is_absent = node.kind == NodeKind::name && is_missing(*found);
        return is_absent ? Value::null() : *found;
      }
    }
    if (node.kind == NodeKind::name) return Value::error(ErrorCode::no_such_name, ast_.name(node));
    const Node& operand = ast_.child(node, 0);
    const Value value = chained(operand);
    if (node.kind == NodeKind::has) return has(node, value, operand);
    if (node.has_flag(node_flag::is_optional)) {
      return optional_select(value, ast_.name(node), evaluation_);
    }
    return select_field(value, ast_.name(node), evaluation_);
  }

  // The operand of a selection. Of an absent variable every field is absent, so that its error is
  // kept here, unlike where it stands alone.
  Value chained(const Node& operand) {
    std::string path;
    if (operand.kind != NodeKind::name || !dotted(operand, path)) return evaluate(operand);
    if (!evaluation_.spend(1)) return evaluation_.out_of_fuel();
    const bool is_absolute = operand.has_flag(node_flag::is_absolute);
    const auto found = find_in_container(path, is_absolute);
    return found ? *found : Value::error(ErrorCode::no_such_name, ast_.name(operand));
  }

  // has(root.field) of an absent root is false, and so is has() of a listed attribute that is
  // absent.
  Value has(const Node& node, const Value& operand, const Node& operand_node) {
    std::string path;
    if (dotted(operand_node, path)) {
      const bool is_absolute = first_of_chain(operand_node).has_flag(node_flag::is_absolute);
      const auto found = find_in_container(path + '.' + std::string(ast_.name(node)), is_absolute);
      if (found && !found->is_error()) return Value::of_bool(true);
      if (found && is_missing(*found)) return Value::of_bool(false);
      const bool is_absent_root = operand_node.kind == NodeKind::name && operand.is_error() &&
                                  operand.code() == ErrorCode::no_such_key;
      if (is_absent_root) return Value::of_bool(false);
    }
    return has_field(operand, ast_.name(node), evaluation_);
  }

  Value local(std::uint32_t number) {
    if (const Node* pending = locals_[number].pending) {
      locals_[number].pending = nullptr;
      // Evaluating may bind other locals, never this one.
      locals_[number].value = evaluate(*pending);
    }
    return locals_[number].value;
  }

  // --- operators and calls ---

  Value index(const Node& node) {
    const Value operand = chained(ast_.child(node, 0));
    const Value place = child(node, 1);
    return node.has_flag(node_flag::is_optional) ? optional_index(operand, place, evaluation_)
                                                 : index_value(operand, place, evaluation_);
  }

  Value operation(const Node& node) {
    const Value first = child(node, 0);
    if (node.child_count == 1) return apply_unary(node.op, first, evaluation_);
    return apply_binary(node.op, first, child(node, 1), evaluation_);
  }

  Value call(const Node& node) {
    const bool is_method = node.has_flag(node_flag::is_method);
    const Function* function = find_function(ast_.name(node), is_method);
    if (function == nullptr) return Value::error(ErrorCode::no_such_function, ast_.name(node));
    std::vector<Value> arguments;
    for (std::uint32_t i = 0; i < node.child_count; ++i) {
      arguments.push_back(child(node, i));
      if (arguments.back().is_error()) return arguments.back();
      if (i == 0 && needs_no_argument(node, arguments[0])) arguments.push_back(arguments[0]);
      if (arguments.size() == node.child_count) break;
    }
    return call_function(*function, evaluation_, arguments);
  }

  // The argument of or() and orValue() is evaluated only if there is no value. (The receiver then
  // stands in for it.)
  bool needs_no_argument(const Node& node, const Value& receiver) const {
    const bool is_or = ast_.name(node) == "or" || ast_.name(node) == "orValue";
    return is_or && node.has_flag(node_flag::is_method) && node.child_count == 2 &&
           receiver.is(Kind::optional) && receiver.as_optional() != nullptr;
  }

  // && (or ||): one false (true) decides, whatever the others are; otherwise an error or a value
  // that is no bool is the result.
  Value logical(const Node& node, bool deciding) {
    Value result = Value::of_bool(!deciding);
    for (std::uint32_t i = 0; i < node.child_count; ++i) {
      const Value value = child(node, i);
      if (value.is_abort()) return value;
      if (value.is(Kind::boolean) && value.as_bool() == deciding) return value;
      absorb(value, deciding ? "||" : "&&", result);
    }
    return result;
  }

  static void absorb(const Value& value, std::string_view where, Value& result) {
    if (result.is_error() || value.is(Kind::boolean)) return;
    result = value.is_error() ? value : not_bool(where);
  }

  Value conditional(const Node& node) {
    const Value condition = child(node, 0);
    if (condition.is_error()) return condition;
    if (!condition.is(Kind::boolean)) return not_bool("?:");
    return child(node, condition.as_bool() ? 1 : 2);
  }

  // --- literals ---

  Value list(const Node& node) {
    ListBuilder builder(evaluation_);
    for (const NodeIndex place : ast_.children(node)) {
      const Node& element = ast_.nodes[place];
      Value value = evaluate(element);
      if (value.is_error()) return value;
      if (element.has_flag(node_flag::is_optional_entry)) {
        if (!value.is(Kind::optional)) return Value::error(ErrorCode::no_such_overload, "[?]");
        if (value.as_optional() == nullptr) continue;
        value = *value.as_optional();
      }
      if (!builder.add(value)) break;
    }
    return builder.finish();
  }

  Value map(const Node& node) {
    MapBuilder builder(evaluation_);
    for (std::uint32_t i = 0; i < node.child_count; i += 2) {
      const Value key = child(node, i);
      if (key.is_error()) return key;
      Value value = child(node, i + 1);
      if (value.is_error()) return value;
      if (ast_.child(node, i).has_flag(node_flag::is_optional_entry)) {
        if (!value.is(Kind::optional)) return Value::error(ErrorCode::no_such_overload, "{?}");
        if (value.as_optional() == nullptr) continue;
        value = *value.as_optional();
      }
      const Value problem = insert(builder, key, value);
      if (problem.is_error()) return problem;
    }
    return builder.finish();
  }

  // Null, or why the entry cannot be in a map.
  Value insert(MapBuilder& builder, const Value& key, const Value& value) {
    const bool is_key = key.is(Kind::string) || key.is(Kind::boolean) || key.is(Kind::integer) ||
                        key.is(Kind::uinteger);
    if (!is_key) return Value::error(ErrorCode::bad_key);
    if (!evaluation_.spend(1 + builder.size() / 32)) return evaluation_.out_of_fuel();
    if (builder.find(key) != nullptr) return Value::error(ErrorCode::duplicate_key);
    builder.add(key, value);
    return Value::null();
  }

  // --- macros ---

  // An error unless macros can go over the value.
  static Value check_range(const Value& range) {
    if (range.is_error() || range.is(Kind::list) || range.is(Kind::map)) return range;
    return Value::error(ErrorCode::no_such_overload, "a macro over a value that is no list or map");
  }

  // One variable: a list's element or a map's key. Two: index or key, and element or value.
  void bind_entry(const Node& node, const Value& range, const Entry& entry) {
    if (node.has_flag(node_flag::has_two_variables)) {
      locals_[node.value] = {entry.key, nullptr};
      locals_[node.value + 1] = {entry.value, nullptr};
    } else if (node.kind == NodeKind::map_values) {
      locals_[node.value] = {entry.value, nullptr};
    } else {
      locals_[node.value] = {range.is(Kind::map) ? entry.key : entry.value, nullptr};
    }
  }

  Value quantifier(const Node& node, bool deciding) {
    const Value range = check_range(child(node, 0));
    if (range.is_error()) return range;
    Value result = Value::of_bool(!deciding);
    Range entries(range, evaluation_);
    Entry entry;
    while (entries.next(entry)) {
      if (!evaluation_.spend(1)) return evaluation_.out_of_fuel();
      bind_entry(node, range, entry);
      const Value value = child(node, 1);
      if (value.is_abort()) return value;
      if (value.is(Kind::boolean) && value.as_bool() == deciding) return value;
      absorb(value, deciding ? "exists" : "all", result);
    }
    return result;
  }

  // A predicate's value, which must be a bool.
  Value predicate(const Node& node, std::uint32_t place) {
    const Value value = child(node, place);
    return value.is_error() || value.is(Kind::boolean) ? value : not_bool("a predicate");
  }

  Value exists_one(const Node& node) {
    const Value range = check_range(child(node, 0));
    if (range.is_error()) return range;
    std::size_t count = 0;
    Range entries(range, evaluation_);
    Entry entry;
    while (entries.next(entry)) {
      if (!evaluation_.spend(1)) return evaluation_.out_of_fuel();
      bind_entry(node, range, entry);
      const Value value = predicate(node, 1);
      if (value.is_error()) return value;
      count += value.as_bool() ? 1 : 0;
    }
    return Value::of_bool(count == 1);
  }

  // Whether the entry is taken: what the predicate says, if the macro has one.
  Value takes(const Node& node) {
    const bool has_predicate = node.kind == NodeKind::filter || node.child_count == 3 ||
                               node.kind == NodeKind::filter_keys;
    return has_predicate ? predicate(node, 1) : Value::of_bool(true);
  }

  Value list_macro(const Node& node) {
    const Value range = check_range(child(node, 0));
    if (range.is_error()) return range;
    ListBuilder builder(evaluation_);
    Range entries(range, evaluation_);
    Entry entry;
    while (entries.next(entry)) {
      bind_entry(node, range, entry);
      const Value taken = takes(node);
      if (taken.is_error()) return taken;
      if (!taken.as_bool()) continue;
      const Value value = node.kind == NodeKind::filter ? locals_[node.value].value
                                                        : child(node, node.child_count - 1);
      if (value.is_error()) return value;
      if (!builder.add(value)) break;
    }
    return builder.finish();
  }

  Value map_macro(const Node& node) {
    const bool needs_map = node.kind == NodeKind::map_values || node.kind == NodeKind::filter_keys;
    const Value range = check_range(child(node, 0));
    if (range.is_error()) return range;
    if (needs_map && !range.is(Kind::map))
      return Value::error(ErrorCode::no_such_overload, "a map");
    MapBuilder builder(evaluation_);
    Range entries(range, evaluation_);
    Entry entry;
    while (entries.next(entry)) {
      bind_entry(node, range, entry);
      const Value taken = takes(node);
      if (taken.is_error()) return taken;
      if (!taken.as_bool()) continue;
      const Value problem = insert_transformed(node, entry, builder);
      if (problem.is_error()) return problem;
    }
    return builder.finish();
  }

  Value insert_transformed(const Node& node, const Entry& entry, MapBuilder& builder) {
    if (node.kind == NodeKind::filter_keys) return insert(builder, entry.key, entry.value);
    const Value value = child(node, node.child_count - 1);
    if (value.is_error()) return value;
    if (node.kind == NodeKind::transform_entry) return insert_all(builder, value);
    return insert(builder, entry.key, value);
  }

  // transformMapEntry(): the transform's value is a map whose entries are added.
  Value insert_all(MapBuilder& builder, const Value& entries) {
    if (!entries.is(Kind::map)) {
      return Value::error(ErrorCode::no_such_overload, "transformMapEntry");
    }
    Cursor cursor;
    Entry entry;
    while (entries.as_map().next(cursor, evaluation_.arena(), entry)) {
      const Value problem = insert(builder, entry.key, entry.value);
      if (problem.is_error()) return problem;
    }
    return Value::null();
  }

  // The values are evaluated where they are first used.
  Value bind(const Node& node) {
    const std::uint32_t count = node.child_count - 1;
    for (std::uint32_t i = 0; i < count; ++i) {
      locals_[node.value + i] = {Value(), &ast_.child(node, i)};
    }
    return child(node, count);
  }

  Value optional_map(const Node& node) {
    const Value operand = child(node, 0);
    if (operand.is_error()) return operand;
    if (!operand.is(Kind::optional)) return Value::error(ErrorCode::no_such_overload, "optMap");
    if (operand.as_optional() == nullptr) return operand;
    locals_[node.value] = {*operand.as_optional(), nullptr};
    const Value value = child(node, 1);
    if (value.is_error()) return value;
    if (node.kind == NodeKind::optional_map) return evaluation_.some(value);
    return value.is(Kind::optional) ? value
                                    : Value::error(ErrorCode::no_such_overload, "optFlatMap");
  }

  Value default_value(const Node& node) {
    const Value value = child(node, 0);
    const bool is_replaced = value.is_null() || (is_missing(value) && !value.is_abort());
    return is_replaced ? child(node, 1) : value;
  }

  Value coalesce(const Node& node) {
    Value last;
    bool had_null = false;
    for (std::uint32_t i = 0; i < node.child_count; ++i) {
      last = child(node, i);
      if (last.is_abort()) return last;
      if (!last.is_error() && !last.is_null()) return last;
      had_null = had_null || last.is_null();
    }
    return had_null ? Value::null() : last;
  }

  const Ast& ast_;
  const ReferenceInput& input_;
  Evaluation& evaluation_;
  std::vector<Local> locals_;
};

}  // namespace

Value evaluate_reference(const Ast& ast, const ReferenceInput& input, Evaluation& evaluation) {
  return Interpreter(ast, input, evaluation).evaluate(ast.nodes[ast.root]);
}

}  // namespace cel

#include <algorithm>

#include "cel/detail_emitter.h"
#include "cel/detail_operations.h"
#include "cel/detail_path.h"

namespace cel {
namespace {

struct MacroForm {
  NodeKind kind;
  TestFunction test;
  ValueFunction value;
};

constexpr MacroForm macro_forms[] = {
    {NodeKind::all, test_all, nullptr},
    {NodeKind::exists, test_exists, nullptr},
    {NodeKind::exists_one, test_exists_one, nullptr},
    {NodeKind::filter, nullptr, value_filter},
    {NodeKind::map_each, nullptr, value_map_each},
    {NodeKind::transform_list, nullptr, value_map_each},
    {NodeKind::transform_map, nullptr, value_transform_map},
    {NodeKind::transform_entry, nullptr, value_transform_entry},
    {NodeKind::map_values, nullptr, value_map_values},
    {NodeKind::filter_keys, nullptr, value_filter_keys},
    {NodeKind::optional_map, nullptr, value_optional_map},
    {NodeKind::optional_flat_map, nullptr, value_optional_map},
};

// Nodes that can give a result although a part of them failed.
bool shelters(NodeKind kind) {
  if (is_loop(kind)) return true;
  switch (kind) {
    case NodeKind::logical_and:
    case NodeKind::logical_or:
    case NodeKind::conditional:
    case NodeKind::bind:
    case NodeKind::optional_map:
    case NodeKind::optional_flat_map:
    case NodeKind::block:
    case NodeKind::default_value:
    case NodeKind::coalesce:
      return true;
    default:
      return false;
  }
}

TestFunction test_of(Operator op) {
  switch (op) {
    case Operator::equal:
      return test_equal;
    case Operator::not_equal:
      return test_not_equal;
    case Operator::in:
      return test_in;
    default:
      return test_compare;
  }
}

bool gives_truth(Operator op) {
  return op >= Operator::equal;
}

}  // namespace

Emitter::Emitter(Code& code, Environment& environment, const CompileOptions& options)
    : code_(code),
      environment_(environment),
      options_(options),
      lazy_locals_(code.ast.local_count, false) {
  code_.ops.reserve(code.ast.nodes.size());
}

void Emitter::run() {
  emit(code_.ast.root);
  link_lazy_values();
  environment_.need_locals(code_.ast.local_count);
  code_.straight_cost = code_.ops.size();
}

ValueFunction Emitter::value_test() {
  return value_of_test;
}
TestFunction Emitter::test_any() {
  return test_value;
}

Emitter::Record Emitter::begin(NodeIndex index, TestFunction test, ValueFunction value) {
  const Node& node = code_.ast.nodes[index];
  Op op;
  op.test = test;
  op.value = value;
  op.node = index;
  op.is_optional_entry = node.has_flag(node_flag::is_optional_entry);
  op.has_two = node.has_flag(node_flag::has_two_variables);
  code_.ops.push_back(op);
  return static_cast<Record>(code_.ops.size() - 1);
}

void Emitter::children(Record record, const Node& node, std::uint32_t from) {
  const bool is_shelter = shelters(node.kind);
  if (is_shelter) ++sheltered_;
  for (std::uint32_t i = from; i < node.child_count; ++i) {
    emit(code_.ast.links[node.first_child + i]);
  }
  if (is_shelter) --sheltered_;
  at(record).count = static_cast<std::uint16_t>(node.child_count - from);
  finish(record);
}

// Closes the record's subtree.
void Emitter::finish(Record record) {
  Op& op = at(record);
  op.skip = static_cast<std::uint32_t>(code_.ops.size() - record);
  for (const Op* child = op.first(); child < op.next(); child = child->next()) {
    op.is_late = op.is_late || child->is_late;
  }
}

Emitter::Record Emitter::child_of(Record record, std::uint32_t place) const {
  Record child = record + 1;
  for (; place > 0; --place) child += code_.ops[child].skip;
  return child;
}

void Emitter::emit_constant(NodeIndex index, const Value& value) {
  const Record record = begin(index, test_constant, value_constant);
  at(record).constant = value;
  at(record).kind = OpKind::constant;
}

void Emitter::emit(NodeIndex index) {
  const Node node = code_.ast.nodes[index];
  const auto record = static_cast<Record>(code_.ops.size());
  emit_kind(index, node);
  if (!options_.is_optimized) return;
  fold(record);
  if (at(record).kind != OpKind::constant) fuse(record, node);
}

void Emitter::emit_kind(NodeIndex index, const Node& node) {
  switch (node.kind) {
    case NodeKind::constant:
      return emit_constant(index, code_.ast.constants[node.value]);
    case NodeKind::local:
      return emit_local(index, node);
    case NodeKind::name:
    case NodeKind::select:
    case NodeKind::index:
      if (emit_path(index)) return;
      break;
    case NodeKind::has:
      return emit_has(index, node);
    case NodeKind::operation:
      return emit_operation(index, node);
    case NodeKind::call:
      return emit_call(index, node);
    case NodeKind::bind:
    case NodeKind::block:
      return emit_lazy(index, node);
    default:
      return emit_macro(index, node);
  }
  const bool is_optional = node.has_flag(node_flag::is_optional);
  if (node.kind == NodeKind::select) {
    const Record record = begin_value(index, is_optional ? value_optional_select : value_select);
    at(record).constant = Value::of_string(code_.ast.name(node));
    return children(record, node);
  }
  if (node.kind == NodeKind::index) {
    return children(begin_value(index, is_optional ? value_optional_index : value_index), node);
  }
  emit_constant(index, Value::error(ErrorCode::no_such_name, code_.ast.name(node)));
}

bool Emitter::emit_path(NodeIndex index) {
  const auto path = path_of(code_.ast, index);
  if (!path) return false;
  const Meaning meaning = meaning_of(*path, environment_);
  if (meaning.type && meaning.part_count == path->parts.size()) {
    emit_constant(index, *meaning.type);
    return true;
  }
  if (!meaning.attribute) return false;
  const std::uint32_t slot = slot_of(*path, meaning);
  const bool is_root = path->parts.size() == 1;
  const Record record = begin_value(index, is_root ? value_root : value_slot);
  at(record).number = slot;
  at(record).kind = is_root ? OpKind::other : OpKind::slot;
  at(record).is_late = environment_.slots()[slot].phase > Phase::list;
  return true;
}

std::uint32_t Emitter::slot_of(const Path& path, const Meaning& meaning) {
  std::uint32_t slot = environment_.slot_of(*meaning.attribute);
  for (std::size_t i = meaning.part_count; i < path.parts.size(); ++i) {
    slot = environment_.slot_below(slot, path.parts[i].name);
  }
  code_.latest = std::max(code_.latest, environment_.slots()[slot].phase);
  return slot;
}

void Emitter::emit_local(NodeIndex index, const Node& node) {
  const Record record =
      begin_value(index, lazy_locals_[node.value] ? value_lazy_local : value_local);
  at(record).number = node.value;
}

void Emitter::emit_has(NodeIndex index, const Node& node) {
  if (!node.has_flag(node_flag::is_optional) && emit_has_path(index, node)) return;
  const Record record = begin_value(index, value_has);
  at(record).constant = Value::of_string(code_.ast.name(node));
  children(record, node);
}

// has(root.field...): a listed attribute that is absent is no error, nor is a field of an absent
// root.
bool Emitter::emit_has_path(NodeIndex index, const Node& node) {
  auto path = path_of(code_.ast, code_.ast.links[node.first_child]);
  if (!path) return false;
  const bool is_below_root = path->parts.size() == 1;
  path->parts.push_back({code_.ast.name(node), !node.has_flag(node_flag::is_quoted), index});
  const Meaning meaning = meaning_of(*path, environment_);
  if (!meaning.attribute) return false;
  const std::uint32_t slot = slot_of(*path, meaning);
  const Record record = begin_test(index, test_has_slot);
  at(record).number = slot;
  at(record).has_two = is_below_root;
  at(record).is_late = environment_.slots()[slot].phase > Phase::list;
  return true;
}

void Emitter::emit_operation(NodeIndex index, const Node& node) {
  if (node.op == Operator::logical_not) {
    const Record record = begin_test(index, test_not);
    at(record).kind = OpKind::logical_not;
    return children(record, node);
  }
  const bool is_truth = gives_truth(node.op);
  const ValueFunction arithmetic = node.child_count == 1 ? value_unary : value_binary;
  const Record record =
      is_truth ? begin_test(index, test_of(node.op)) : begin_value(index, arithmetic);
  at(record).number = static_cast<std::uint32_t>(node.op);
  children(record, node);
}

const CallTarget* Emitter::target(const Function& function, std::size_t argument_count) {
  auto made = std::make_unique<CallTarget>();
  made->function = &function;
  std::size_t fitting = 0;
  for (const Signature& signature : function.overloads) {
    if (!signature.fits_count(argument_count)) continue;
    ++fitting;
    made->only = &signature;
  }
  if (fitting != 1) made->only = nullptr;
  code_.targets.push_back(std::move(made));
  return code_.targets.back().get();
}

void Emitter::emit_call(NodeIndex index, const Node& node) {
  const Callee callee = callee_of(code_.ast, node);
  const Function* function = find_function(callee.name, callee.is_method);
  if (function == nullptr) {
    return emit_constant(index, Value::error(ErrorCode::no_such_function, code_.ast.name(node)));
  }
  const bool is_or = callee.is_method && node.child_count == 2 &&
                     (callee.name == "or" || callee.name == "orValue");
  const Record record = begin_value(index, is_or ? value_or : value_call);
  at(record).number = callee.name == "orValue" ? 1 : 0;
  at(record).data = target(*function, node.child_count - callee.first_argument);
  children(record, node, callee.first_argument);
}

void Emitter::emit_macro(NodeIndex index, const Node& node) {
  Record record = 0;
  const auto form = std::find_if(std::begin(macro_forms), std::end(macro_forms),
                                 [&](const MacroForm& it) { return it.kind == node.kind; });
  if (form != std::end(macro_forms)) {
    record =
        form->test != nullptr ? begin_test(index, form->test) : begin_value(index, form->value);
    at(record).number = node.value;
    if (node.kind == NodeKind::optional_flat_map) at(record).has_two = true;
    return children(record, node);
  }
  switch (node.kind) {
    case NodeKind::logical_and:
      record = begin_test(index, test_and);
      at(record).kind = OpKind::logical_and;
      break;
    case NodeKind::logical_or:
      record = begin_test(index, test_or);
      at(record).kind = OpKind::logical_or;
      break;
    case NodeKind::conditional:
      record = begin(index, test_conditional, value_conditional);
      at(record).kind = OpKind::conditional;
      break;
    case NodeKind::list:
      record = begin_value(index, value_list);
      break;
    case NodeKind::map:
      record = begin_value(index, value_map);
      break;
    case NodeKind::default_value:
      record = begin_value(index, value_default);
      break;
    default:
      record = begin_value(index, value_coalesce);
      break;
  }
  children(record, node);
}

void Emitter::emit_lazy(NodeIndex index, const Node& node) {
  const bool is_block = node.kind == NodeKind::block;
  const Record record =
      is_block ? begin_value(index, value_block) : begin(index, test_bind, value_bind);
  at(record).number = node.value;
  for (std::uint32_t i = 0; i + 1 < node.child_count; ++i) lazy_locals_[node.value + i] = true;
  children(record, node);
}

// A lazy local points to the record of its value. Done last: until then records move.
void Emitter::link_lazy_values() {
  std::vector<const Op*> values(code_.ast.local_count, nullptr);
  for (Op& op : code_.ops) {
    if (op.value == value_bind || op.value == value_block) {
      const Op* child = op.first();
      for (std::uint32_t i = 0; i + 1U < op.count; ++i, child = child->next()) {
        values[op.number + i] = child;
      }
    } else if (op.value == value_lazy_local) {
      op.data = values[op.number];
    }
  }
}

}  // namespace cel

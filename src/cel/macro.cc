#include <array>
#include <optional>

#include "cel/detail_tree.h"

namespace cel {
namespace {

// A macro of a receiver: `range.name(variables..., expressions...)`.
struct Macro {
  std::string_view name;
  std::uint32_t variables;
  std::uint32_t expressions;
  NodeKind kind;
};
constexpr std::array<Macro, 22> macros{{
    {"all", 1, 1, NodeKind::all},
    {"all", 2, 1, NodeKind::all},
    {"exists", 1, 1, NodeKind::exists},
    {"exists", 2, 1, NodeKind::exists},
    {"exists_one", 1, 1, NodeKind::exists_one},
    {"exists_one", 2, 1, NodeKind::exists_one},
    {"existsOne", 1, 1, NodeKind::exists_one},
    {"existsOne", 2, 1, NodeKind::exists_one},
    {"filter", 1, 1, NodeKind::filter},
    {"map", 1, 1, NodeKind::map_each},
    {"map", 1, 2, NodeKind::map_each},
    {"transformList", 2, 1, NodeKind::transform_list},
    {"transformList", 2, 2, NodeKind::transform_list},
    {"transformMap", 2, 1, NodeKind::transform_map},
    {"transformMap", 2, 2, NodeKind::transform_map},
    {"transformMapEntry", 2, 1, NodeKind::transform_entry},
    {"transformMapEntry", 2, 2, NodeKind::transform_entry},
    {"mapValues", 1, 1, NodeKind::map_values},
    {"filterKeys", 1, 1, NodeKind::filter_keys},
    {"with", 1, 1, NodeKind::bind},
    {"optMap", 1, 1, NodeKind::optional_map},
    {"optFlatMap", 1, 1, NodeKind::optional_flat_map},
}};

const Macro* find_macro(const ReadCall& call) {
  if (!call.has_receiver) return nullptr;
  for (const Macro& macro : macros) {
    if (macro.name == call.name &&
        macro.variables + macro.expressions + 1 == call.arguments.size()) {
      return &macro;
    }
  }
  return nullptr;
}

Node node_of(NodeKind kind, const ReadCall& call) {
  Node node;
  node.kind = kind;
  node.begin = call.begin;
  node.end = call.end;
  node.caret = call.name_begin;
  return node;
}

// The name that an argument is; empty, with a problem, if it is anything else.
std::string_view variable_name(TreeBuilder& tree, NodeIndex argument) {
  const Node& node = tree.ast().nodes[argument];
  if (node.kind == NodeKind::name && !node.has_flag(node_flag::is_absolute)) {
    return tree.ast().name(node);
  }
  if (!node.has_flag(node_flag::is_erroneous)) {
    tree.report(node.begin, node.end, "a macro's variable must be a simple name");
  }
  return {};
}

// Numbers for the locals with those names.
void bind_locals(TreeBuilder& tree, Node& node, const std::vector<std::string_view>& names) {
  node.value = tree.ast().local_count;
  node.second = tree.local_names(names);
  tree.ast().local_count += static_cast<std::uint32_t>(names.size());
}

NodeIndex add_macro(TreeBuilder& tree, const ReadCall& call, const Macro& macro) {
  std::vector<std::string_view> names;
  names.reserve(macro.variables);
  for (std::uint32_t i = 0; i < macro.variables; ++i) {
    names.push_back(variable_name(tree, call.arguments[1 + i]));
  }
  if (names.size() == 2 && names[0] == names[1] && !names[0].empty()) {
    const Node& second = tree.ast().nodes[call.arguments[2]];
    tree.report(second.begin, second.end, "the macro's variables must have different names");
  }
  std::vector<NodeIndex> children{call.arguments[0]};
  children.insert(children.end(), call.arguments.begin() + 1 + macro.variables,
                  call.arguments.end());
  Node node = node_of(macro.kind, call);
  if (macro.variables == 2) node.flags = node_flag::has_two_variables;
  bind_locals(tree, node, names);
  return tree.add(node, children);
}

NodeIndex add_has(TreeBuilder& tree, const ReadCall& call) {
  const Node& argument = tree.ast().nodes[call.arguments[0]];
  if (argument.kind != NodeKind::select) {
    if (!argument.has_flag(node_flag::is_erroneous)) {
      tree.report(argument.begin, argument.end, "has() takes the selection of a field: has(a.b)");
    }
    return call.arguments[0];
  }
  Node node = node_of(NodeKind::has, call);
  node.flags = argument.flags;
  node.value = argument.value;
  node.caret = argument.caret;
  return tree.add(node, {tree.ast().links[argument.first_child]});
}

// cel.bind(name, value, body)
NodeIndex add_bind(TreeBuilder& tree, const ReadCall& call) {
  Node node = node_of(NodeKind::bind, call);
  bind_locals(tree, node, {variable_name(tree, call.arguments[1])});
  return tree.add(node, {call.arguments[2], call.arguments[3]});
}

// cel.block([values...], body): value i is the local `@index<i>`.
NodeIndex add_block(TreeBuilder& tree, const ReadCall& call) {
  const Node list = tree.ast().nodes[call.arguments[1]];
  if (list.kind != NodeKind::list) {
    tree.report(list.begin, list.end, "cel.block() takes a list");
    return call.arguments[1];
  }
  const auto values = tree.ast().children(list);
  std::vector<NodeIndex> children(values.begin(), values.end());
  std::vector<std::string> texts;
  texts.reserve(children.size());
  for (std::size_t i = 0; i < children.size(); ++i) texts.push_back("@index" + std::to_string(i));
  Node node = node_of(NodeKind::block, call);
  bind_locals(tree, node, {texts.begin(), texts.end()});
  children.push_back(call.arguments[2]);
  return tree.add(node, children);
}

// cel.index(i) and cel.iterVar(i, j) are names that nobody can write.
NodeIndex add_numbered_name(TreeBuilder& tree, const ReadCall& call) {
  std::string text = "@" + std::string(call.name);
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    const Node& argument = tree.ast().nodes[call.arguments[i]];
    if (i > 1) text += ':';
    text += tree.ast().text(argument);
  }
  Node node = node_of(NodeKind::name, call);
  node.value = tree.name(text);
  return tree.add(node, {});
}

// What follows `cel.`: binding, and what optimizers emit.
std::optional<NodeIndex> add_of_cel(TreeBuilder& tree, const ReadCall& call) {
  const Node& receiver = tree.ast().nodes[call.arguments[0]];
  if (receiver.kind != NodeKind::name || tree.ast().name(receiver) != "cel") return std::nullopt;
  const std::size_t count = call.arguments.size() - 1;
  if (call.name == "bind" && count == 3) return add_bind(tree, call);
  if (!tree.allows_block()) return std::nullopt;
  if (call.name == "block" && count == 2) return add_block(tree, call);
  const bool is_number =
      (call.name == "index" && count == 1) || (call.name == "iterVar" && count == 2);
  if (is_number) return add_numbered_name(tree, call);
  return std::nullopt;
}

}  // namespace

NodeIndex add_call(TreeBuilder& tree, const ReadCall& call) {
  if (const Macro* macro = find_macro(call)) return add_macro(tree, call, *macro);
  if (call.has_receiver) {
    if (const auto node = add_of_cel(tree, call)) return *node;
  } else if (call.name == "has" && call.arguments.size() == 1) {
    return add_has(tree, call);
  } else if (call.name == "default" && call.arguments.size() == 2) {
    return tree.add(node_of(NodeKind::default_value, call), call.arguments);
  } else if (call.name == "coalesce" && !call.arguments.empty()) {
    return tree.add(node_of(NodeKind::coalesce, call), call.arguments);
  }
  Node node = node_of(NodeKind::call, call);
  node.value = tree.name(call.name);
  node.flags = static_cast<std::uint16_t>((call.has_receiver ? node_flag::is_method : 0) |
                                          (call.is_absolute ? node_flag::is_absolute : 0));
  return tree.add(node, call.arguments);
}

}  // namespace cel

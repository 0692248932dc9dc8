#include <algorithm>

#include "cel/detail_path.h"

namespace cel {
namespace {

// A field of an open record is looked up in the record's value even if it is listed (its type is
// well known); only the record itself is fetched.
bool is_fetched(AttributeTable table, std::string_view path) {
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos;
       dot = path.find('.', dot + 1)) {
    const auto owner = find_attribute(table, path.substr(0, dot));
    if (owner && table[*owner].record == Record::open) return false;
  }
  return true;
}

std::optional<Path::Part> part_of(const Ast& ast, const Node& node, NodeIndex index) {
  if (node.has_flag(node_flag::is_optional)) return std::nullopt;
  if (node.kind == NodeKind::select) {
    return Path::Part{ast.name(node), !node.has_flag(node_flag::is_quoted), index};
  }
  if (node.kind != NodeKind::index) return std::nullopt;
  const Node& key = ast.child(node, 1);
  if (key.kind != NodeKind::constant || !ast.constants[key.value].is(Kind::string)) {
    return std::nullopt;
  }
  return Path::Part{ast.constants[key.value].text(), false, index};
}

}  // namespace

std::optional<Path> path_of(const Ast& ast, NodeIndex index) {
  Path path;
  const Node* node = &ast.nodes[index];
  while (node->kind == NodeKind::select || node->kind == NodeKind::index) {
    const auto part = part_of(ast, *node, index);
    if (!part) return std::nullopt;
    path.parts.push_back(*part);
    index = ast.links[node->first_child];
    node = &ast.nodes[index];
  }
  if (node->kind != NodeKind::name) return std::nullopt;
  path.parts.push_back({ast.name(*node), true, index});
  path.is_absolute = node->has_flag(node_flag::is_absolute);
  std::reverse(path.parts.begin(), path.parts.end());
  return path;
}

std::vector<std::string> candidates(std::string_view name, std::string_view container) {
  std::vector<std::string> names;
  while (!container.empty()) {
    names.push_back(std::string(container) + "." + std::string(name));
    const std::size_t dot = container.rfind('.');
    container = dot == std::string_view::npos ? std::string_view() : container.substr(0, dot);
  }
  names.emplace_back(name);
  return names;
}

Meaning meaning_of(const Path& path, const Environment& environment) {
  std::size_t longest = 1;
  while (longest < path.parts.size() && path.parts[longest].is_plain) ++longest;
  for (std::size_t count = longest; count > 0; --count) {
    std::string name;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) name += '.';
      name += path.parts[i].name;
    }
    const std::string_view container =
        path.is_absolute ? std::string_view() : std::string_view(environment.container());
    for (const std::string& candidate : candidates(name, container)) {
      const auto found = find_attribute(environment.attributes(), candidate);
      if (found && is_fetched(environment.attributes(), candidate)) {
        return Meaning{found, std::nullopt, count};
      }
      const auto type = find_type(candidate);
      if (type) return Meaning{std::nullopt, type, count};
    }
  }
  return Meaning();
}

Callee callee_of(const Ast& ast, const Node& node) {
  Callee callee;
  callee.name = ast.name(node);
  callee.is_method = node.has_flag(node_flag::is_method);
  if (!callee.is_method || node.child_count == 0) return callee;
  const Node& receiver = ast.child(node, 0);
  if (receiver.kind != NodeKind::name || !is_function_namespace(ast.name(receiver))) return callee;
  const std::string qualified = std::string(ast.name(receiver)) + "." + callee.name;
  if (find_function(qualified, false) == nullptr) return callee;
  return Callee{qualified, false, 1};
}

}  // namespace cel

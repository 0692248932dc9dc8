#include "cel/detail_tree.h"
#include "cel/function.h"

namespace cel {
namespace {

bool is_comprehension(NodeKind kind) {
  return kind >= NodeKind::all && kind <= NodeKind::filter_keys;
}
bool binds_locals(NodeKind kind) {
  return kind >= NodeKind::all && kind <= NodeKind::optional_flat_map;
}

// Recursion follows the tree, whose height is limited.
class Resolver {
 public:
  explicit Resolver(TreeBuilder& tree) : tree_(tree), ast_(tree.ast()) {}

  void visit(NodeIndex index) {
    const Node node = ast_.nodes[index];
    if (node.kind == NodeKind::name) {
      resolve_name(index);
    } else if (node.kind == NodeKind::block) {
      visit_block(node);
    } else if (binds_locals(node.kind)) {
      visit_macro(node);
    } else if (node.kind == NodeKind::call && node.has_flag(node_flag::is_method)) {
      visit_method(index);
    } else {
      visit_children(node, 0);
    }
  }

 private:
  struct Local {
    std::string_view name;
    std::uint32_t number;
    std::uint32_t name_index;
  };

  void visit_children(const Node& node, std::uint32_t first) {
    for (std::uint32_t i = first; i < node.child_count; ++i)
      visit(ast_.links[node.first_child + i]);
  }

  const Local* find_local(std::string_view name) const {
    for (auto local = scope_.rbegin(); local != scope_.rend(); ++local) {
      if (local->name == name) return &*local;
    }
    return nullptr;
  }

  void resolve_name(NodeIndex index) {
    Node& node = ast_.nodes[index];
    if (node.has_flag(node_flag::is_absolute)) return;
    const Local* local = find_local(ast_.name(node));
    if (local == nullptr) return;
    node.kind = NodeKind::local;
    node.value = local->number;
    node.second = local->name_index;
  }

  void push(const Node& node, std::uint32_t place) {
    scope_.push_back({ast_.names[node.second + place], node.value + place, node.second + place});
  }

  void visit_macro(const Node& node) {
    visit(ast_.links[node.first_child]);
    const std::uint32_t depth = is_comprehension(node.kind) ? 1 : 0;
    depth_ += depth;
    if (depth_ > tree_.limits().comprehensions_max) {
      tree_.stop(node.begin, node.end, "too many macros inside one another");
    }
    const std::size_t outer = scope_.size();
    push(node, 0);
    if (node.has_flag(node_flag::has_two_variables)) push(node, 1);
    visit_children(node, 1);
    scope_.resize(outer);
    depth_ -= depth;
  }

  // Each value sees those before it.
  void visit_block(const Node& node) {
    const std::size_t outer = scope_.size();
    for (std::uint32_t i = 0; i + 1 < node.child_count; ++i) {
      visit(ast_.links[node.first_child + i]);
      push(node, i);
    }
    visit(ast_.links[node.first_child + node.child_count - 1]);
    scope_.resize(outer);
  }

  // `math.abs(x)` is a function of the namespace math, unless a macro binds `math`.
  void visit_method(NodeIndex index) {
    Node& node = ast_.nodes[index];
    std::string path;
    if (dotted_path(ast_.links[node.first_child], path)) {
      path += '.';
      path += ast_.name(node);
      if (find_function(path, false) != nullptr) {
        node.value = tree_.name(path);
        node.flags &= static_cast<std::uint16_t>(~node_flag::is_method);
        ++node.first_child;
        --node.child_count;
      }
    }
    visit_children(ast_.nodes[index], 0);
  }

  // A chain of plain names as text; false if it is anything else or begins with a local.
  bool dotted_path(NodeIndex index, std::string& path) const {
    const Node& node = ast_.nodes[index];
    if (node.kind == NodeKind::name) {
      if (find_local(ast_.name(node)) != nullptr) return false;
      path = ast_.name(node);
      return true;
    }
    if (node.kind != NodeKind::select || node.flags != 0) return false;
    if (!dotted_path(ast_.links[node.first_child], path)) return false;
    path += '.';
    path += ast_.name(node);
    return true;
  }

  TreeBuilder& tree_;
  Ast& ast_;
  std::vector<Local> scope_;
  std::uint32_t depth_ = 0;
};

}  // namespace

void resolve_names(TreeBuilder& tree, NodeIndex root) {
  Resolver(tree).visit(root);
}

}  // namespace cel

#include <array>

#include "cel/detail_tree.h"

namespace cel {
namespace {

// Texts and constants are at most a few times the source.
std::size_t memory_cap(std::string_view source) {
  return source.size() * 4 + 64 * Arena::inline_size;
}

}  // namespace

TreeBuilder::TreeBuilder(std::string_view source, const ParseOptions& options) : options_(options) {
  ast_.memory = std::make_unique<Arena>(memory_cap(source));
  ast_.source = keep(source);
}

void TreeBuilder::report(std::uint32_t begin, std::uint32_t end, std::string text,
                         std::string hint) {
  if (is_stopped_) return;
  problems_.push_back({Severity::error, begin, end - begin, std::move(text), std::move(hint)});
  is_stopped_ = problems_.size() >= options_.limits.problems_max;
}

void TreeBuilder::stop(std::uint32_t begin, std::uint32_t end, std::string text) {
  report(begin, end, std::move(text));
  is_stopped_ = true;
}

NodeIndex TreeBuilder::add(Node node, const std::vector<NodeIndex>& children) {
  std::uint32_t height = 0;
  for (const NodeIndex child : children) height = std::max(height, heights_[child]);
  if (height >= limits().height_max) {
    stop(node.begin, node.end, "the expression is nested too deeply");
  }
  if (ast_.nodes.size() >= limits().nodes_max) {
    stop(node.begin, node.end, "the expression is too large");
  }
  node.first_child = static_cast<std::uint32_t>(ast_.links.size());
  node.child_count = static_cast<std::uint32_t>(children.size());
  ast_.links.insert(ast_.links.end(), children.begin(), children.end());
  ast_.nodes.push_back(node);
  heights_.push_back(height + 1);
  return static_cast<NodeIndex>(ast_.nodes.size() - 1);
}

NodeIndex TreeBuilder::add_constant(Value value, std::uint32_t begin, std::uint32_t end) {
  Node node;
  node.kind = NodeKind::constant;
  node.value = static_cast<std::uint32_t>(ast_.constants.size());
  node.begin = node.caret = begin;
  node.end = end;
  ast_.constants.push_back(value);
  return add(node, {});
}

NodeIndex TreeBuilder::add_erroneous(std::uint32_t begin, std::uint32_t end) {
  const NodeIndex index = add_constant(Value::null(), begin, end);
  ast_.nodes[index].flags = node_flag::is_erroneous;
  return index;
}

std::uint32_t TreeBuilder::name(std::string_view text) {
  const auto found = numbers_.find(text);
  if (found != numbers_.end()) return found->second;
  const std::uint32_t number = local_names({text});
  numbers_.emplace(ast_.names[number], number);
  return number;
}

std::uint32_t TreeBuilder::local_names(const std::vector<std::string_view>& texts) {
  const auto first = static_cast<std::uint32_t>(ast_.names.size());
  for (const std::string_view text : texts) ast_.names.push_back(keep(text));
  return first;
}

std::string_view TreeBuilder::keep(std::string_view text) {
  const auto kept = ast_.memory->copy(text);
  if (!kept) stop(0, 0, "the expression is too large");
  return kept.value_or(std::string_view());
}

Parsed TreeBuilder::finish(NodeIndex root) {
  ast_.root = root;
  return {std::move(ast_), std::move(problems_)};
}

bool is_loop(NodeKind kind) {
  switch (kind) {
    case NodeKind::all:
    case NodeKind::exists:
    case NodeKind::exists_one:
    case NodeKind::filter:
    case NodeKind::map_each:
    case NodeKind::transform_list:
    case NodeKind::transform_map:
    case NodeKind::transform_entry:
    case NodeKind::map_values:
    case NodeKind::filter_keys:
      return true;
    default:
      return false;
  }
}

std::string_view spelling_of(Operator op) {
  static constexpr std::array<std::string_view, 14> spellings{
      "!", "-", "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in"};
  return spellings[static_cast<std::size_t>(op)];
}

}  // namespace cel

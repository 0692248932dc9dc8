#include "cel/detail_checker.h"

namespace cel {

void Checker::expect_bool(NodeIndex index, std::string_view what) {
  const TypeId type = visit(index);
  if (substitution_.assignable(type, plain(TypeKind::boolean))) return;
  error(ast_.nodes[index], std::string(what) + " needs a bool, this is a " +
                               types_.text(substitution_.apply(type, true)));
}

// The content of an optional entry `?e`.
TypeId Checker::unwrap(TypeId optional, const Node& at) {
  const TypeId known = substitution_.apply(optional, false);
  if (types_.is(known, TypeKind::optional)) return types_.parameter(known, 0);
  if (types_.is_dynamic(known) || types_.is(known, TypeKind::variable)) return plain_dyn();
  error(at, "? needs an optional, this is a " + types_.text(known));
  return failed();
}

TypeId Checker::visit_list(const Node& node) {
  TypeId element = types_.fresh_variable();
  for (std::uint32_t i = 0; i < node.child_count; ++i) {
    const Node& entry = ast_.nodes[child(node, i)];
    TypeId type = visit(child(node, i));
    if (entry.has_flag(node_flag::is_optional_entry)) type = unwrap(type, entry);
    element = i == 0 ? type : substitution_.join(element, type);
  }
  return types_.list_of(element);
}

TypeId Checker::visit_map(const Node& node) {
  TypeId key = types_.fresh_variable();
  TypeId value = types_.fresh_variable();
  for (std::uint32_t i = 0; i + 1 < node.child_count; i += 2) {
    const Node& entry = ast_.nodes[child(node, i)];
    const TypeId key_type = visit(child(node, i));
    TypeId value_type = visit(child(node, i + 1));
    if (entry.has_flag(node_flag::is_optional_entry)) value_type = unwrap(value_type, entry);
    key = i == 0 ? key_type : substitution_.join(key, key_type);
    value = i == 0 ? value_type : substitution_.join(value, value_type);
  }
  return types_.map_of(key, value);
}

TypeId Checker::bind_range(const Node& node) {
  const TypeId range = substitution_.apply(visit(child(node, 0)), false);
  TypeId first = plain_dyn();
  TypeId second = plain_dyn();
  const bool has_two = node.has_flag(node_flag::has_two_variables);
  switch (types_.kind(range)) {
    case TypeKind::list:
      first = has_two ? plain(TypeKind::integer) : types_.parameter(range, 0);
      second = types_.parameter(range, 0);
      break;
    case TypeKind::map:
      first = types_.parameter(range, 0);
      second = types_.parameter(range, 1);
      break;
    case TypeKind::record:
      first = plain(TypeKind::string);
      break;
    case TypeKind::dyn:
    case TypeKind::error:
    case TypeKind::variable:
      break;
    default:
      error(ast_.nodes[child(node, 0)],
            "a " + types_.text(range) + " cannot be walked: a list or map is needed");
      break;
  }
  if (node.kind == NodeKind::map_values) first = second;
  locals_[node.value] = first;
  if (has_two) locals_[node.value + 1] = second;
  return range;
}

TypeId Checker::visit_transform(const Node& node) {
  const TypeId range = bind_range(node);
  const bool is_filtered = node.child_count == 3;
  if (is_filtered) expect_bool(child(node, 1), "the filter");
  const TypeId result = visit(child(node, is_filtered ? 2 : 1));
  switch (node.kind) {
    case NodeKind::transform_entry: {
      const TypeId known = substitution_.apply(result, false);
      return types_.is(known, TypeKind::map) ? known : types_.map_of(plain_dyn(), plain_dyn());
    }
    case NodeKind::transform_map:
    case NodeKind::map_values: {
      TypeId key = plain_dyn();
      if (types_.is(range, TypeKind::map)) key = types_.parameter(range, 0);
      if (types_.is(range, TypeKind::list)) key = plain(TypeKind::integer);
      if (types_.is(range, TypeKind::record)) key = plain(TypeKind::string);
      return types_.map_of(key, result);
    }
    default:
      return types_.list_of(result);
  }
}

TypeId Checker::visit_optional_macro(const Node& node) {
  const TypeId optional = visit(child(node, 0));
  locals_[node.value] = unwrap(optional, node);
  const TypeId body = visit(child(node, 1));
  if (node.kind == NodeKind::optional_map) return types_.optional_of(body);
  return types_.optional_of(unwrap(body, ast_.nodes[child(node, 1)]));
}

// cel.bind, with and cel.block: locals that stand for a value.
TypeId Checker::visit_lazy(const Node& node) {
  for (std::uint32_t i = 0; i + 1 < node.child_count; ++i) {
    const TypeId type = visit(child(node, i));
    locals_[node.value + i] = type;
  }
  return visit(child(node, node.child_count - 1));
}

// default() and coalesce(): any of them may be the result.
TypeId Checker::visit_fallback(const Node& node) {
  if (node.child_count == 0) return plain_dyn();
  TypeId type = visit(child(node, 0));
  for (std::uint32_t i = 1; i < node.child_count; ++i) {
    type = substitution_.join(type, visit(child(node, i)));
  }
  return type;
}

TypeId Checker::visit_macro(const Node& node) {
  switch (node.kind) {
    case NodeKind::all:
    case NodeKind::exists:
    case NodeKind::exists_one:
      bind_range(node);
      expect_bool(child(node, 1), "the predicate");
      return plain(TypeKind::boolean);
    case NodeKind::filter: {
      const TypeId range = bind_range(node);
      expect_bool(child(node, 1), "the predicate");
      if (types_.is(range, TypeKind::list)) return range;
      return types_.list_of(locals_[node.value]);
    }
    case NodeKind::filter_keys: {
      const TypeId range = bind_range(node);
      expect_bool(child(node, 1), "the predicate");
      return range;
    }
    case NodeKind::optional_map:
    case NodeKind::optional_flat_map:
      return visit_optional_macro(node);
    case NodeKind::bind:
    case NodeKind::block:
      return visit_lazy(node);
    case NodeKind::default_value:
    case NodeKind::coalesce:
      return visit_fallback(node);
    default:
      return visit_transform(node);
  }
}

}  // namespace cel

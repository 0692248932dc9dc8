#pragma once
// The checker's walk over the tree: checker.cc has names and fields, check_call.cc operators and
// functions, check_macro.cc literals and macros, check_rule.cc what is only wrong or suspicious in
// a rule, check_cost.cc the estimate.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/checker.h"
#include "cel/detail_path.h"
#include "cel/type.h"

namespace cel {

class Checker {
 public:
  Checker(const Ast& ast, const Environment& environment, const CompileOptions& options);

  Checked run();

 private:
  // checker.cc
  TypeId visit(NodeIndex index);
  TypeId visit_kind(NodeIndex index, const Node& node);
  TypeId visit_path(const Path& path);
  TypeId visit_select(const Node& node);
  TypeId field_type(TypeId owner, std::string_view field, const Node& at);
  TypeId record_field(TypeId owner, std::string_view field, const Node& at);
  TypeId attribute_type(AttributeIndex attribute);
  void check_phase(AttributeIndex attribute, const Node& at);
  TypeId unknown_name(const Path& path);
  std::string known_fields(std::string_view owner, std::string_view wanted) const;
  std::string owner_hint(std::string_view path) const;

  // check_call.cc
  struct Shape {
    std::vector<TypeId> parameters;
    TypeId result = 0;
  };
  TypeId visit_operation(const Node& node);
  TypeId visit_index(const Node& node);
  TypeId visit_call(const Node& node);
  TypeId visit_conditional(const Node& node);
  std::optional<TypeId> overload_of(std::span<const Shape> shapes,
                                    std::span<const TypeId> arguments);
  void add_declared(std::vector<Shape>& shapes, const Callee& callee, std::size_t count);
  void add_library(std::vector<Shape>& shapes, const Callee& callee, std::size_t count);
  TypeId no_overload(const Node& node, std::string_view what, std::span<const TypeId> arguments,
                     const Callee* callee);
  TypeId unknown_function(const Node& node, const Callee& callee);
  std::vector<TypeId> visit_children(const Node& node, std::uint32_t from = 0);

  // check_macro.cc
  TypeId visit_list(const Node& node);
  TypeId visit_map(const Node& node);
  TypeId visit_macro(const Node& node);
  TypeId visit_transform(const Node& node);
  TypeId visit_optional_macro(const Node& node);
  TypeId visit_lazy(const Node& node);
  TypeId visit_fallback(const Node& node);
  // Visits the range and binds the macro's variables.
  TypeId bind_range(const Node& node);
  void expect_bool(NodeIndex index, std::string_view what);
  TypeId unwrap(TypeId optional, const Node& at);

  // check_rule.cc
  void check_rule(TypeId type);
  void check_comparison(const Node& node);
  void check_constant(const Attribute& what, const Node& constant);
  void check_pattern(const Node& node);
  void check_missing_claims();

  // check_cost.cc
  std::uint64_t cost_of(const Node& node) const;

  void error(const Node& at, std::string text, std::string hint = {});
  void warn(const Node& at, std::string text, std::string hint = {});
  void problem(Severity severity, const Node& at, std::string text, std::string hint);
  NodeIndex child(const Node& node, std::uint32_t place) const {
    return ast_.links[node.first_child + place];
  }
  TypeId plain_dyn() const { return plain(TypeKind::dyn); }
  TypeId failed() const { return plain(TypeKind::error); }
  bool is_boolean(TypeId type);

  const Ast& ast_;
  const Environment& environment_;
  const CompileOptions& options_;
  AttributeTable table_;
  Types types_;
  Substitution substitution_;
  std::vector<TypeId> locals_;
  std::vector<TypeId> node_types_;
  Checked result_;
};

}  // namespace cel

#include "cel/checker.h"

#include <algorithm>

#include "cel/detail_checker.h"

namespace cel {
namespace {

std::string_view phase_text(Phase phase) {
  switch (phase) {
    case Phase::always:
      return "always";
    case Phase::connection:
      return "once there is a connection";
    case Phase::identity:
      return "once the caller is authenticated";
    case Phase::request_head:
      return "once the request's head was read";
    case Phase::list:
      return "while lists are filtered and when something is called";
    case Phase::call:
      return "when something is called";
    case Phase::request_body:
      return "once the request's body was read";
    case Phase::response:
      return "once there is a response";
    case Phase::log:
      return "when the request is logged";
  }
  return "";
}

// Other names that people use for a root.
struct RootAlias {
  std::string_view alias;
  std::string_view root;
};
constexpr RootAlias root_aliases[] = {{"claims", "jwt"},
                                      {"token", "jwt"},
                                      {"client", "source"},
                                      {"req", "request"},
                                      {"http", "request"}};

}  // namespace

Checker::Checker(const Ast& ast, const Environment& environment, const CompileOptions& options)
    : ast_(ast),
      environment_(environment),
      options_(options),
      table_(environment.attributes()),
      substitution_(types_),
      locals_(ast.local_count, plain(TypeKind::dyn)),
      node_types_(ast.nodes.size(), plain(TypeKind::dyn)) {}

void Checker::problem(Severity severity, const Node& at, std::string text, std::string hint) {
  Problem found;
  found.severity = severity;
  found.offset = at.caret;
  found.text = std::move(text);
  found.hint = std::move(hint);
  // The underline covers the word the caret stands at.
  std::uint32_t end = at.caret;
  const auto is_word = [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  while (end < ast_.source.size() && is_word(ast_.source[end])) ++end;
  found.length = end - at.caret;
  result_.problems.push_back(std::move(found));
}

void Checker::error(const Node& at, std::string text, std::string hint) {
  problem(Severity::error, at, std::move(text), std::move(hint));
}

void Checker::warn(const Node& at, std::string text, std::string hint) {
  if (options_.is_rule) problem(Severity::warning, at, std::move(text), std::move(hint));
}

Checked Checker::run() {
  const TypeId type = visit(ast_.root);
  const TypeId deduced = substitution_.apply(type, true);
  result_.type = types_.text(deduced);
  result_.cost = cost_of(ast_.nodes[ast_.root]);
  if (options_.is_rule) check_rule(deduced);
  return std::move(result_);
}

bool Checker::is_boolean(TypeId type) {
  const TypeId known = substitution_.apply(type, true);
  return types_.is(known, TypeKind::boolean) || types_.is_dynamic(known);
}

TypeId Checker::visit(NodeIndex index) {
  const TypeId type = visit_kind(index, ast_.nodes[index]);
  node_types_[index] = type;
  return type;
}

TypeId Checker::visit_kind(NodeIndex index, const Node& node) {
  switch (node.kind) {
    case NodeKind::constant:
      return types_.parse(type_name(ast_.constants[node.value]));
    case NodeKind::local:
      return locals_[node.value];
    case NodeKind::name:
    case NodeKind::select:
    case NodeKind::index: {
      const auto path = path_of(ast_, index);
      if (path) return visit_path(*path);
      return node.kind == NodeKind::index ? visit_index(node) : visit_select(node);
    }
    case NodeKind::has: {
      auto path = path_of(ast_, child(node, 0));
      if (path) {
        path->parts.push_back({ast_.name(node), true, index});
        visit_path(*path);
      } else {
        visit_select(node);
      }
      return plain(TypeKind::boolean);
    }
    case NodeKind::call:
      return visit_call(node);
    case NodeKind::operation:
      return visit_operation(node);
    case NodeKind::logical_and:
    case NodeKind::logical_or:
      for (std::uint32_t i = 0; i < node.child_count; ++i) {
        expect_bool(child(node, i), node.kind == NodeKind::logical_and ? "&&" : "||");
      }
      return plain(TypeKind::boolean);
    case NodeKind::conditional:
      return visit_conditional(node);
    case NodeKind::list:
      return visit_list(node);
    case NodeKind::map:
      return visit_map(node);
    default:
      return visit_macro(node);
  }
}

TypeId Checker::attribute_type(AttributeIndex attribute) {
  const Attribute& what = table_[attribute];
  if (what.record != Record::none) return types_.record(what.path);
  return types_.parse(what.type);
}

void Checker::check_phase(AttributeIndex attribute, const Node& at) {
  const Attribute& what = table_[attribute];
  if (what.record == Record::closed || what.phase <= options_.phase) return;
  error(at, std::string(what.path) + " does not exist at this point",
        "it is there " + std::string(phase_text(what.phase)));
}

TypeId Checker::visit_path(const Path& path) {
  const Meaning meaning = meaning_of(path, environment_);
  if (!meaning.is_known()) return unknown_name(path);
  TypeId type = plain(TypeKind::type);
  if (meaning.attribute) {
    check_phase(*meaning.attribute, ast_.nodes[path.parts[meaning.part_count - 1].node]);
    type = attribute_type(*meaning.attribute);
  }
  for (std::size_t i = meaning.part_count; i < path.parts.size(); ++i) {
    const Node& node = ast_.nodes[path.parts[i].node];
    if (node.kind == NodeKind::index) {
      // An index with a constant text: of a list it is a mistake, otherwise a field.
      const TypeId known = substitution_.apply(type, false);
      if (types_.is(known, TypeKind::list)) {
        const TypeId arguments[] = {known, plain(TypeKind::string)};
        return no_overload(node, "[]", arguments, nullptr);
      }
    }
    type = field_type(type, path.parts[i].name, node);
  }
  return type;
}

TypeId Checker::visit_select(const Node& node) {
  const TypeId operand = visit(child(node, 0));
  if (!node.has_flag(node_flag::is_optional)) return field_type(operand, ast_.name(node), node);
  const TypeId known = substitution_.apply(operand, false);
  const TypeId owner = types_.is(known, TypeKind::optional) ? types_.parameter(known, 0) : known;
  const TypeId field = field_type(owner, ast_.name(node), node);
  return types_.optional_of(field == failed() ? plain_dyn() : field);
}

TypeId Checker::field_type(TypeId owner, std::string_view field, const Node& at) {
  const TypeId known = substitution_.apply(owner, false);
  switch (types_.kind(known)) {
    case TypeKind::dyn:
    case TypeKind::variable:
      return plain_dyn();
    case TypeKind::error:
      return failed();
    case TypeKind::record:
      return record_field(known, field, at);
    case TypeKind::map: {
      const TypeId key = types_.parameter(known, 0);
      const TypeId value = types_.parameter(known, 1);
      if (substitution_.assignable(plain(TypeKind::string), key)) return value;
      break;
    }
    case TypeKind::optional: {
      const TypeId inner = field_type(types_.parameter(known, 0), field, at);
      return types_.optional_of(inner);
    }
    default:
      break;
  }
  error(at, "a " + types_.text(known) + " has no field \"" + std::string(field) + "\"");
  return failed();
}

TypeId Checker::record_field(TypeId owner, std::string_view field, const Node& at) {
  const std::string_view path = types_.name(owner);
  const std::string wanted = std::string(path) + "." + std::string(field);
  const auto found = find_attribute(table_, wanted);
  const auto record = find_attribute(table_, path);
  const bool is_open = record && table_[*record].record == Record::open;
  if (found) {
    check_phase(*found, at);
    // A claim may hold anything whatever is usual: its type serves only for warnings.
    return is_open && table_[*found].record == Record::none ? plain_dyn() : attribute_type(*found);
  }
  if (!is_open) {
    error(at, std::string(path) + " has no field \"" + std::string(field) + "\"",
          known_fields(path, field));
    return failed();
  }
  const std::string hint = known_fields(path, field);
  if (hint.starts_with("did you mean")) {
    warn(at, std::string(path) + "." + std::string(field) + " looks like a misspelt field",
         hint.substr(0, hint.find('?') + 1));
  }
  return plain_dyn();
}

std::string Checker::known_fields(std::string_view owner, std::string_view wanted) const {
  const std::string prefix = std::string(owner) + ".";
  std::vector<std::string_view> fields;
  for (const Attribute& attribute : table_) {
    if (!attribute.path.starts_with(prefix)) continue;
    const std::string_view field = attribute.path.substr(prefix.size());
    if (field.find('.') == std::string_view::npos) fields.push_back(field);
  }
  std::sort(fields.begin(), fields.end());
  std::string hint = did_you_mean(wanted, fields);
  if (fields.empty()) return hint;
  hint += hint.empty() ? "known fields: " : " known fields: ";
  for (const std::string_view field : fields) {
    if (field != fields.front()) hint += ", ";
    hint += field;
  }
  return hint;
}

// For `tool.name` the attribute mcp.tool.name; for `claims.sub` jwt.sub.
std::string Checker::owner_hint(std::string_view path) const {
  for (const Attribute& attribute : table_) {
    const bool is_end = attribute.path.size() > path.size() && attribute.path.ends_with(path) &&
                        attribute.path[attribute.path.size() - path.size() - 1] == '.';
    if (is_end) return "did you mean \"" + std::string(attribute.path) + "\"?";
  }
  const std::string_view root = path.substr(0, path.find('.'));
  for (const RootAlias& it : root_aliases) {
    if (it.alias != root || !find_attribute(table_, it.root)) continue;
    return "did you mean \"" + std::string(it.root) + std::string(path.substr(root.size())) + "\"?";
  }
  return "";
}

TypeId Checker::unknown_name(const Path& path) {
  const std::string_view root = path.parts[0].name;
  std::string written(root);
  for (std::size_t i = 1; i < path.parts.size() && path.parts[i].is_plain; ++i) {
    written += "." + std::string(path.parts[i].name);
  }
  std::string hint;
  for (std::string_view part = written; hint.empty() && !part.empty();) {
    hint = owner_hint(part);
    const std::size_t dot = part.rfind('.');
    part = dot == std::string_view::npos ? std::string_view() : part.substr(0, dot);
  }
  if (hint.empty()) {
    std::vector<std::string_view> roots;
    for (const Attribute& attribute : table_) {
      const std::string_view name = attribute.path.substr(0, attribute.path.find('.'));
      if (std::find(roots.begin(), roots.end(), name) == roots.end()) roots.push_back(name);
    }
    hint = did_you_mean(root, roots);
  }
  error(ast_.nodes[path.parts[0].node], "unknown name \"" + std::string(root) + "\"", hint);
  return failed();
}

Checked check_tree(const Ast& ast, const Environment& environment, const CompileOptions& options) {
  return Checker(ast, environment, options).run();
}

}  // namespace cel

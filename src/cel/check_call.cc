#include <algorithm>
#include <array>

#include "cel/detail_checker.h"

namespace cel {
namespace {

using common_type::a;
using common_type::b;
using common_type::list_of_a;
using common_type::map_of_a_b;
constexpr TypeId none = 0xffffffff;
constexpr TypeId t_bool = plain(TypeKind::boolean);
constexpr TypeId t_int = plain(TypeKind::integer);
constexpr TypeId t_uint = plain(TypeKind::uinteger);
constexpr TypeId t_double = plain(TypeKind::real);
constexpr TypeId t_string = plain(TypeKind::string);
constexpr TypeId t_bytes = plain(TypeKind::bytes);
constexpr TypeId t_timestamp = plain(TypeKind::timestamp);
constexpr TypeId t_duration = plain(TypeKind::duration);

struct Row {
  TypeId left;
  TypeId right;
  TypeId result;
};

constexpr Row add_rows[] = {{t_int, t_int, t_int},
                            {t_uint, t_uint, t_uint},
                            {t_double, t_double, t_double},
                            {t_string, t_string, t_string},
                            {t_bytes, t_bytes, t_bytes},
                            {list_of_a, list_of_a, list_of_a},
                            {t_timestamp, t_duration, t_timestamp},
                            {t_duration, t_timestamp, t_timestamp},
                            {t_duration, t_duration, t_duration}};
constexpr Row subtract_rows[] = {{t_int, t_int, t_int},
                                 {t_uint, t_uint, t_uint},
                                 {t_double, t_double, t_double},
                                 {t_timestamp, t_timestamp, t_duration},
                                 {t_timestamp, t_duration, t_timestamp},
                                 {t_duration, t_duration, t_duration}};
constexpr Row multiply_rows[] = {
    {t_int, t_int, t_int}, {t_uint, t_uint, t_uint}, {t_double, t_double, t_double}};
constexpr Row modulo_rows[] = {{t_int, t_int, t_int}, {t_uint, t_uint, t_uint}};
constexpr Row negate_rows[] = {
    {t_int, none, t_int}, {t_double, none, t_double}, {t_duration, none, t_duration}};
constexpr Row not_rows[] = {{t_bool, none, t_bool}};
constexpr Row equal_rows[] = {{a, a, t_bool}};
constexpr Row in_rows[] = {{a, list_of_a, t_bool}, {a, map_of_a_b, t_bool}};
constexpr Row order_rows[] = {{t_bool, t_bool, t_bool},
                              {t_int, t_int, t_bool},
                              {t_uint, t_uint, t_bool},
                              {t_double, t_double, t_bool},
                              {t_string, t_string, t_bool},
                              {t_bytes, t_bytes, t_bool},
                              {t_timestamp, t_timestamp, t_bool},
                              {t_duration, t_duration, t_bool},
                              {t_int, t_uint, t_bool},
                              {t_int, t_double, t_bool},
                              {t_uint, t_int, t_bool},
                              {t_uint, t_double, t_bool},
                              {t_double, t_int, t_bool},
                              {t_double, t_uint, t_bool}};
constexpr Row index_rows[] = {{list_of_a, t_int, a}, {map_of_a_b, a, b}};

std::span<const Row> rows_of(Operator op) {
  switch (op) {
    case Operator::logical_not:
      return not_rows;
    case Operator::negate:
      return negate_rows;
    case Operator::add:
      return add_rows;
    case Operator::subtract:
      return subtract_rows;
    case Operator::multiply:
    case Operator::divide:
      return multiply_rows;
    case Operator::modulo:
      return modulo_rows;
    case Operator::equal:
    case Operator::not_equal:
      return equal_rows;
    case Operator::in:
      return in_rows;
    default:
      return order_rows;
  }
}

// The signature's text taken apart: "string.(string, int) -> bool".
struct SignatureText {
  std::vector<std::string_view> parameters;
  std::string_view result;
  bool is_method = false;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

SignatureText read_signature(std::string_view text) {
  SignatureText signature;
  const std::size_t arrow = text.rfind("->");
  if (arrow == std::string_view::npos) return signature;
  signature.result = trimmed(text.substr(arrow + 2));
  text = trimmed(text.substr(0, arrow));
  const std::size_t dot = text.find(".(");
  if (dot != std::string_view::npos) {
    signature.is_method = true;
    signature.parameters.push_back(text.substr(0, dot));
    text.remove_prefix(dot + 1);
  }
  if (text.size() < 2) return signature;
  text = text.substr(1, text.size() - 2);
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c != ',' || depth > 0) continue;
    const std::string_view parameter = trimmed(text.substr(start, i - start));
    if (!parameter.empty()) signature.parameters.push_back(parameter);
    start = i + 1;
  }
  return signature;
}

std::string_view without_dots(std::string_view parameter) {
  if (parameter.ends_with("...")) parameter.remove_suffix(3);
  return parameter;
}

}  // namespace

std::vector<TypeId> Checker::visit_children(const Node& node, std::uint32_t from) {
  std::vector<TypeId> types;
  types.reserve(node.child_count);
  for (std::uint32_t i = from; i < node.child_count; ++i) types.push_back(visit(child(node, i)));
  return types;
}

// The result of the overloads that the arguments fit; dyn if several with different results do.
std::optional<TypeId> Checker::overload_of(std::span<const Shape> shapes,
                                           std::span<const TypeId> arguments) {
  std::optional<TypeId> result;
  for (const Shape& shape : shapes) {
    std::vector<Substitution::Renaming> renamings;
    std::vector<TypeId> parameters;
    parameters.reserve(shape.parameters.size());
    for (const TypeId parameter : shape.parameters) {
      parameters.push_back(substitution_.rename(parameter, renamings));
    }
    if (!substitution_.assignable(arguments, parameters)) continue;
    const TypeId own = substitution_.apply(substitution_.rename(shape.result, renamings), false);
    if (!result) {
      result = own;
    } else if (!types_.same(*result, own)) {
      result = plain_dyn();
    }
  }
  return result;
}

TypeId Checker::visit_operation(const Node& node) {
  const std::vector<TypeId> arguments = visit_children(node);
  if (std::find(arguments.begin(), arguments.end(), failed()) != arguments.end()) {
    return node.op >= Operator::equal || node.op == Operator::logical_not ? t_bool : failed();
  }
  std::vector<Shape> shapes;
  for (const Row& row : rows_of(node.op)) {
    Shape shape;
    shape.parameters.push_back(row.left);
    if (row.right != none) shape.parameters.push_back(row.right);
    shape.result = row.result;
    shapes.push_back(std::move(shape));
  }
  const auto result = overload_of(shapes, arguments);
  if (!result) {
    no_overload(node, spelling_of(node.op), arguments, nullptr);
    return node.op >= Operator::equal ? t_bool : failed();
  }
  if (options_.is_rule) check_comparison(node);
  return *result;
}

TypeId Checker::visit_index(const Node& node) {
  std::vector<TypeId> arguments = visit_children(node);
  if (arguments[0] == failed() || arguments[1] == failed()) return failed();
  arguments[0] = substitution_.apply(arguments[0], false);
  const bool is_of_optional = types_.is(arguments[0], TypeKind::optional);
  if (is_of_optional) arguments[0] = types_.parameter(arguments[0], 0);
  TypeId result = plain_dyn();
  if (types_.is(arguments[0], TypeKind::record)) {
    if (!substitution_.assignable(arguments[1], t_string)) {
      return no_overload(node, "[]", arguments, nullptr);
    }
  } else if (!types_.is_dynamic(arguments[0])) {
    std::vector<Shape> shapes;
    for (const Row& row : index_rows) shapes.push_back({{row.left, row.right}, row.result});
    const auto found = overload_of(shapes, arguments);
    if (!found) return no_overload(node, "[]", arguments, nullptr);
    result = *found;
  }
  const bool gives_optional = is_of_optional || node.has_flag(node_flag::is_optional);
  return gives_optional ? types_.optional_of(result) : result;
}

TypeId Checker::visit_conditional(const Node& node) {
  expect_bool(child(node, 0), "?:");
  const TypeId then = visit(child(node, 1));
  const TypeId otherwise = visit(child(node, 2));
  if (then == failed()) return otherwise;
  if (otherwise == failed()) return then;
  const Shape shape{{a, a}, a};
  const std::array<TypeId, 2> arguments = {then, otherwise};
  const auto result = overload_of({&shape, 1}, arguments);
  if (result) return *result;
  error(node, "the branches of ?: differ: " + types_.text(then) + " and " + types_.text(otherwise),
        "dyn(...) around one makes the result dynamic");
  return failed();
}

void Checker::add_library(std::vector<Shape>& shapes, const Callee& callee, std::size_t count) {
  const Function* function = find_function(callee.name, callee.is_method);
  if (function == nullptr) return;
  for (const Signature& signature : function->overloads) {
    if (!signature.fits_count(count)) continue;
    Shape shape;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t place = std::min(i, signature.types.size() - 1);
      shape.parameters.push_back(types_.parse(without_dots(signature.types[place])));
    }
    shape.result = types_.parse(signature.result);
    shapes.push_back(std::move(shape));
  }
}

void Checker::add_declared(std::vector<Shape>& shapes, const Callee& callee, std::size_t count) {
  for (const auto& [name, text] : environment_.declared_functions()) {
    if (name != callee.name) continue;
    const SignatureText signature = read_signature(text);
    if (signature.is_method != callee.is_method || signature.parameters.size() != count) continue;
    Shape shape;
    for (const std::string_view parameter : signature.parameters) {
      shape.parameters.push_back(types_.parse(parameter));
    }
    shape.result = types_.parse(signature.result);
    shapes.push_back(std::move(shape));
  }
}

TypeId Checker::visit_call(const Node& node) {
  const Callee callee = callee_of(ast_, node);
  const std::vector<TypeId> arguments = visit_children(node, callee.first_argument);
  std::vector<Shape> shapes;
  add_declared(shapes, callee, arguments.size());
  add_library(shapes, callee, arguments.size());
  const bool is_declared = !shapes.empty();
  if (!is_declared && find_function(callee.name, callee.is_method) == nullptr) {
    return unknown_function(node, callee);
  }
  if (std::find(arguments.begin(), arguments.end(), failed()) != arguments.end()) return failed();
  if (!is_declared) {
    error(node, callee.name + "() does not take " + std::to_string(arguments.size()) +
                    (arguments.size() == 1 ? " argument" : " arguments"));
    return failed();
  }
  const auto result = overload_of(shapes, arguments);
  if (!result) return no_overload(node, callee.name, arguments, &callee);
  if (options_.is_rule && callee.name == "matches") check_pattern(node);
  return *result;
}

TypeId Checker::no_overload(const Node& node, std::string_view what,
                            std::span<const TypeId> arguments, const Callee* callee) {
  const auto text = [&](TypeId type) { return types_.text(substitution_.apply(type, true)); };
  std::string message;
  std::string hint;
  if (callee == nullptr) {
    message = std::string(what) + " cannot be used with " + text(arguments[0]);
    for (std::size_t i = 1; i < arguments.size(); ++i) message += " and " + text(arguments[i]);
  } else {
    message = callee->name + "() cannot be called with (";
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      message += (i == 0 ? "" : ", ") + text(arguments[i]);
    }
    message += ")";
    const Function* function = find_function(callee->name, callee->is_method);
    for (std::size_t i = 0; function != nullptr && i < function->overloads.size() && i < 4; ++i) {
      hint += i == 0 ? "it is " : " or ";
      hint += function->overloads[i].overload->signature;
    }
  }
  error(node, std::move(message), std::move(hint));
  return failed();
}

TypeId Checker::unknown_function(const Node& node, const Callee& callee) {
  std::string hint;
  const bool is_other_way = find_function(callee.name, !callee.is_method) != nullptr;
  if (is_other_way) {
    hint = callee.is_method ? "write " + callee.name + "(x), it is no method"
                            : "it is a method: x." + callee.name + "(...)";
  } else {
    std::vector<std::string_view> names;
    for (const Function& function : all_functions()) {
      if (function.is_method == callee.is_method) names.push_back(function.name);
    }
    hint = did_you_mean(callee.name, names);
  }
  error(node, "unknown function \"" + callee.name + "\"", hint);
  return failed();
}

}  // namespace cel

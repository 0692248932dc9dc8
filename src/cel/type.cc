#include "cel/type.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace cel {
namespace {

struct PlainType {
  TypeKind kind;
  std::string_view name;
};

// In the order of TypeKind. The names are those that type() yields and messages show.
constexpr std::array<PlainType, 15> plain_types = {{
    {TypeKind::dyn, "dyn"},
    {TypeKind::error, "error"},
    {TypeKind::null, "null_type"},
    {TypeKind::boolean, "bool"},
    {TypeKind::integer, "int"},
    {TypeKind::uinteger, "uint"},
    {TypeKind::real, "double"},
    {TypeKind::string, "string"},
    {TypeKind::bytes, "bytes"},
    {TypeKind::timestamp, "google.protobuf.Timestamp"},
    {TypeKind::duration, "google.protobuf.Duration"},
    {TypeKind::ip, "net.IP"},
    {TypeKind::cidr, "net.CIDR"},
    {TypeKind::type, "type"},
    {TypeKind::record, "record"},
}};

struct Alias {
  std::string_view name;
  TypeKind kind;
};

constexpr std::array<Alias, 8> aliases = {{
    {"null", TypeKind::null},
    {"timestamp", TypeKind::timestamp},
    {"duration", TypeKind::duration},
    {"ip", TypeKind::ip},
    {"cidr", TypeKind::cidr},
    {"google.protobuf.Any", TypeKind::dyn},
    {"google.protobuf.Value", TypeKind::dyn},
    {"any", TypeKind::dyn},
}};

constexpr int type_depth_max = 32;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<TypeKind> plain_kind(std::string_view name) {
  for (const PlainType& type : plain_types) {
    if (type.name == name) return type.kind;
  }
  for (const Alias& alias : aliases) {
    if (alias.name == name) return alias.kind;
  }
  return std::nullopt;
}

// A null may stand for the types that have no other way to be absent.
bool takes_null(TypeKind kind) {
  return kind == TypeKind::null || kind == TypeKind::optional || kind == TypeKind::opaque ||
         kind == TypeKind::timestamp || kind == TypeKind::duration || kind == TypeKind::record;
}

}  // namespace

Types::Types() {
  nodes_.reserve(64);
  for (const PlainType& type : plain_types) {
    nodes_.push_back({type.kind, 0, 0, type.name});
  }
  const TypeId a = make(TypeKind::variable, "A", {});
  const TypeId b = make(TypeKind::variable, "B", {});
  list_of(a);
  map_of(a, b);
  optional_of(a);
}

TypeId Types::make(TypeKind kind, std::string_view name, std::span<const TypeId> parameters) {
  const auto first = static_cast<std::uint32_t>(parameters_.size());
  const std::vector<TypeId> copy(parameters.begin(), parameters.end());  // may lie in parameters_
  parameters_.insert(parameters_.end(), copy.begin(), copy.end());
  nodes_.push_back({kind, first, static_cast<std::uint32_t>(copy.size()), name});
  return static_cast<TypeId>(nodes_.size() - 1);
}

TypeId Types::list_of(TypeId element) {
  return make(TypeKind::list, "list", {&element, 1});
}

TypeId Types::map_of(TypeId key, TypeId value) {
  const std::array<TypeId, 2> parameters = {key, value};
  return make(TypeKind::map, "map", parameters);
}

TypeId Types::optional_of(TypeId value) {
  return make(TypeKind::optional, "optional_type", {&value, 1});
}

TypeId Types::fresh_variable() {
  return make(TypeKind::variable, "", {});
}

std::span<const TypeId> Types::parameters(TypeId type) const {
  const Node& node = nodes_[type];
  return std::span(parameters_).subspan(node.first, node.count);
}

TypeId Types::parse(std::string_view text) {
  return parse(text, 0);
}

TypeId Types::parse(std::string_view& rest, int depth) {
  const std::size_t end = std::min(rest.find_first_of("(),"), rest.size());
  const std::string_view name = trimmed(rest.substr(0, end));
  rest.remove_prefix(end);
  std::vector<TypeId> parameters;
  while (!rest.empty() && (rest.front() == '(' || (rest.front() == ',' && !parameters.empty()))) {
    rest.remove_prefix(1);
    if (depth >= type_depth_max) return plain(TypeKind::dyn);
    parameters.push_back(parse(rest, depth + 1));
    if (!rest.empty() && rest.front() == ')') {
      rest.remove_prefix(1);
      break;
    }
  }
  return named(name, parameters);
}

TypeId Types::named(std::string_view name, std::span<const TypeId> parameters) {
  const TypeId dyn = plain(TypeKind::dyn);
  const bool is_optional = name == "optional" || name == "optional_type";
  if (name == "list") return list_of(parameters.size() == 1 ? parameters[0] : dyn);
  if (name == "map" && parameters.size() == 2) return map_of(parameters[0], parameters[1]);
  if (name == "map") return map_of(dyn, dyn);
  if (is_optional && parameters.size() == 1) return optional_of(parameters[0]);
  if (name == "google.protobuf.Struct") return map_of(plain(TypeKind::string), dyn);
  if (name == "google.protobuf.ListValue") return list_of(dyn);
  if (const auto kind = plain_kind(name)) return plain(*kind);
  const bool is_variable = name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z';
  texts_.emplace_back(name);
  return make(is_variable ? TypeKind::variable : TypeKind::opaque, texts_.back(), parameters);
}

bool Types::same(TypeId left, TypeId right) const {
  if (left == right) return true;
  if (kind(left) != kind(right) || is(left, TypeKind::variable)) return false;
  const auto a = parameters(left);
  const auto b = parameters(right);
  return name(left) == name(right) && std::equal(a.begin(), a.end(), b.begin(), b.end(),
                                                 [this](TypeId x, TypeId y) { return same(x, y); });
}

std::string Types::text(TypeId type) const {
  if (is(type, TypeKind::variable)) return name(type).empty() ? "dyn" : std::string(name(type));
  std::string out(name(type));
  char separator = '(';
  for (const TypeId parameter : parameters(type)) {
    out += separator;
    if (separator == ',') out += ' ';
    out += text(parameter);
    separator = ',';
  }
  if (separator == ',') out += ')';
  return out;
}

bool Substitution::assignable(TypeId given, TypeId wanted) {
  bool decided = false;
  if (types_.is(wanted, TypeKind::variable)) {
    if (can_stand_for(wanted, given, decided)) return true;
    if (decided) return false;
  }
  if (types_.is(given, TypeKind::variable)) return can_stand_for(given, wanted, decided);
  if (types_.is_dynamic(given) || types_.is_dynamic(wanted)) return true;
  const TypeKind a = types_.kind(given);
  const TypeKind b = types_.kind(wanted);
  if (a == TypeKind::null) return takes_null(b);
  if (b == TypeKind::null) return takes_null(a);
  // A record can be used as the map that it looks like.
  if (a == TypeKind::record && b == TypeKind::map) {
    return assignable(plain(TypeKind::string), types_.parameter(wanted, 0)) &&
           assignable(plain(TypeKind::dyn), types_.parameter(wanted, 1));
  }
  if (a == TypeKind::map && b == TypeKind::record) return assignable(wanted, given);
  return a == b && types_.name(given) == types_.name(wanted) &&
         parameters_assignable(given, wanted);
}

bool Substitution::parameters_assignable(TypeId given, TypeId wanted) {
  const std::vector<TypeId> a(types_.parameters(given).begin(), types_.parameters(given).end());
  const std::vector<TypeId> b(types_.parameters(wanted).begin(), types_.parameters(wanted).end());
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!assignable(a[i], b[i])) return false;
  }
  return true;
}

bool Substitution::assignable(std::span<const TypeId> given, std::span<const TypeId> wanted) {
  if (given.size() != wanted.size()) return false;
  const std::vector<Binding> before = bindings_;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!assignable(given[i], wanted[i])) {
      bindings_ = before;
      return false;
    }
  }
  return true;
}

bool Substitution::can_stand_for(TypeId variable, TypeId type, bool& decided) {
  decided = false;
  if (variable == type) return true;
  const TypeId standing = bound(variable);
  if (standing == variable) {
    if (occurs(variable, type)) return false;
    bind(variable, type);
    return true;
  }
  decided = true;
  if (types_.same(standing, type)) return true;
  if (!assignable(type, standing)) return false;
  const TypeId general = most_general(type, standing);
  if (!occurs(variable, general)) bind(variable, general);
  return true;
}

TypeId Substitution::bound(TypeId variable) const {
  for (const Binding& binding : bindings_) {
    if (binding.variable == variable) return binding.type;
  }
  return variable;
}

void Substitution::bind(TypeId variable, TypeId type) {
  for (Binding& binding : bindings_) {
    if (binding.variable == variable) {
      binding.type = type;
      return;
    }
  }
  bindings_.push_back({variable, type});
}

bool Substitution::occurs(TypeId variable, TypeId type) const {
  if (variable == type) return true;
  if (types_.is(type, TypeKind::variable)) {
    const TypeId standing = bound(type);
    return standing != type && occurs(variable, standing);
  }
  const auto parameters = types_.parameters(type);
  return std::any_of(parameters.begin(), parameters.end(),
                     [&](TypeId parameter) { return occurs(variable, parameter); });
}

bool Substitution::less_specific(TypeId left, TypeId right) const {
  const auto open = [this](TypeId type) {
    return types_.is_dynamic(type) || types_.is(type, TypeKind::variable);
  };
  if (open(left)) return true;
  if (open(right) || types_.kind(left) != types_.kind(right)) {
    // Of a null and a type that takes null, the latter says more about what may come.
    return types_.kind(right) == TypeKind::null;
  }
  const auto a = types_.parameters(left);
  const auto b = types_.parameters(right);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [this](TypeId x, TypeId y) { return less_specific(x, y); });
}

TypeId Substitution::join(TypeId previous, TypeId current) {
  const std::array<TypeId, 1> given = {previous};
  const std::array<TypeId, 1> wanted = {current};
  if (assignable(given, wanted)) return most_general(previous, current);
  return plain(TypeKind::dyn);
}

TypeId Substitution::apply(TypeId type, bool free_to_dynamic) {
  if (types_.is(type, TypeKind::variable)) {
    const TypeId standing = bound(type);
    if (standing != type) return apply(standing, free_to_dynamic);
    return free_to_dynamic ? plain(TypeKind::dyn) : type;
  }
  const auto parameters = types_.parameters(type);
  if (parameters.empty()) return type;
  std::vector<TypeId> applied(parameters.begin(), parameters.end());
  bool changed = false;
  for (TypeId& parameter : applied) {
    const TypeId replaced = apply(parameter, free_to_dynamic);
    changed = changed || replaced != parameter;
    parameter = replaced;
  }
  return changed ? types_.make(types_.kind(type), types_.name(type), applied) : type;
}

TypeId Substitution::rename(TypeId type, std::vector<Renaming>& renamings) {
  if (types_.is(type, TypeKind::variable)) {
    if (types_.name(type).empty()) return type;
    for (const Renaming& renaming : renamings) {
      if (renaming.name == types_.name(type)) return renaming.fresh;
    }
    std::string name(types_.name(type));
    const TypeId fresh = types_.fresh_variable();
    renamings.push_back({std::move(name), fresh});
    return fresh;
  }
  const auto parameters = types_.parameters(type);
  if (parameters.empty()) return type;
  std::vector<TypeId> renamed(parameters.begin(), parameters.end());
  bool changed = false;
  for (TypeId& parameter : renamed) {
    const TypeId replaced = rename(parameter, renamings);
    changed = changed || replaced != parameter;
    parameter = replaced;
  }
  return changed ? types_.make(types_.kind(type), types_.name(type), renamed) : type;
}

}  // namespace cel

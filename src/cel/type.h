#pragma once
// The checker's types, kept in a flat table and named by small numbers. A Types object is made for
// one check and thrown away after it; numbers below `first_made` mean the same in every table.
//
// Type variables come in two sorts: those of a declared signature ("A" in list(A)) are replaced by
// fresh ones whenever the signature is used; fresh ones are bound in a Substitution.

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cel {

enum class TypeKind : std::uint8_t {
  dyn,
  error,  // of an expression that was reported already: agrees with everything
  null,
  boolean,
  integer,
  uinteger,
  real,
  string,
  bytes,
  timestamp,
  duration,
  ip,
  cidr,
  type,
  record,  // `name` is the path of its declaration; fields are looked up there
  list,
  map,
  optional,
  opaque,
  variable,
};

using TypeId = std::uint32_t;

// The number of a type without parameters is its kind.
constexpr TypeId plain(TypeKind kind) {
  return static_cast<TypeId>(kind);
}

// Types that every table has: what the operators' signatures speak of.
namespace common_type {
inline constexpr TypeId a = 15;  // the variables A and B
inline constexpr TypeId b = 16;
inline constexpr TypeId list_of_a = 17;
inline constexpr TypeId map_of_a_b = 18;
inline constexpr TypeId optional_of_a = 19;
}  // namespace common_type

class Types {
 public:
  Types();

  TypeId make(TypeKind kind, std::string_view name, std::span<const TypeId> parameters);
  TypeId list_of(TypeId element);
  TypeId map_of(TypeId key, TypeId value);
  TypeId optional_of(TypeId value);
  TypeId fresh_variable();
  // `name` must live as long as this.
  TypeId record(std::string_view name) { return make(TypeKind::record, name, {}); }
  // A type as signatures and the conformance data write it: "map(string, dyn)", "optional(A)",
  // "google.protobuf.Duration". A single capital letter is a type variable. Unknown names are
  // opaque.
  TypeId parse(std::string_view text);

  TypeKind kind(TypeId type) const { return nodes_[type].kind; }
  std::string_view name(TypeId type) const { return nodes_[type].name; }
  std::span<const TypeId> parameters(TypeId type) const;
  TypeId parameter(TypeId type, std::size_t index) const { return parameters(type)[index]; }
  bool is(TypeId type, TypeKind wanted) const { return kind(type) == wanted; }
  bool is_dynamic(TypeId type) const {
    return kind(type) == TypeKind::dyn || kind(type) == TypeKind::error;
  }
  bool same(TypeId left, TypeId right) const;
  // For messages: "list(string)".
  std::string text(TypeId type) const;

 private:
  friend class Substitution;
  struct Node {
    TypeKind kind;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::string_view name;
  };
  TypeId parse(std::string_view& rest, int depth);
  TypeId named(std::string_view name, std::span<const TypeId> parameters);

  std::vector<Node> nodes_;
  std::vector<TypeId> parameters_;
  std::deque<std::string> texts_;  // names that are not literals
};

// What the fresh variables of one expression stand for.
class Substitution {
 public:
  explicit Substitution(Types& types) : types_(types) {}

  // May a value of type `given` stand where `wanted` is asked for? Binds variables of both.
  bool assignable(TypeId given, TypeId wanted);
  // All pairs together or none: nothing is bound if one pair does not fit.
  bool assignable(std::span<const TypeId> given, std::span<const TypeId> wanted);
  // The type of a place where both may stand: the more general of the two, or dyn.
  TypeId join(TypeId previous, TypeId current);
  // `type` with its variables replaced; free ones become dyn if `free_to_dynamic`.
  TypeId apply(TypeId type, bool free_to_dynamic);
  // A signature's own variables (not fresh ones) replaced by fresh ones; `map` grows as they are
  // met.
  struct Renaming {
    std::string name;
    TypeId fresh;
  };
  TypeId rename(TypeId type, std::vector<Renaming>& renamings);

 private:
  TypeId bound(TypeId variable) const;
  void bind(TypeId variable, TypeId type);
  bool parameters_assignable(TypeId given, TypeId wanted);
  // Can `variable` stand for `type`? `decided` tells that it stood for something already.
  bool can_stand_for(TypeId variable, TypeId type, bool& decided);
  bool occurs(TypeId variable, TypeId type) const;
  bool less_specific(TypeId left, TypeId right) const;
  TypeId most_general(TypeId left, TypeId right) const {
    return less_specific(left, right) ? left : right;
  }

  Types& types_;
  struct Binding {
    TypeId variable;
    TypeId type;
  };
  std::vector<Binding> bindings_;
};

}  // namespace cel

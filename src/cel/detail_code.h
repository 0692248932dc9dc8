#pragma once
// The compiled form. Records stand in a row, a parent before its children, each child followed by
// its next sibling: the first child of `op` is `op + 1`, the next one is `child + child->skip`.
// Every record has two entry points, for a three-state boolean and for a value; each calls the
// other if it has no better way.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cel/context.h"
#include "cel/function.h"
#include "cel/node.h"
#include "cel/pattern.h"
#include "cel/value.h"

namespace cel {

struct Op;
using TestFunction = Truth (*)(const Op& op, Context& context);
using ValueFunction = Value (*)(const Op& op, Context& context);

// Only what somebody asks after compiling: the rule index, and lists whose call is not known yet.
enum class OpKind : std::uint8_t {
  other,
  constant,
  slot,
  logical_and,
  logical_or,
  logical_not,
  conditional,
  slot_equals,  // slot == constant
  slot_in,      // slot in [constants]
};

struct Op {
  TestFunction test = nullptr;
  ValueFunction value = nullptr;
  Value constant;              // of a constant; the constant operand of a fused record; a name
  const void* data = nullptr;  // a Function, Patterns, the record of a lazy value, ...
  std::uint32_t number = 0;    // slot, local, Operator
  std::uint32_t skip = 1;      // records of this subtree
  std::uint16_t count = 0;     // children
  OpKind kind = OpKind::other;
  bool is_late = false;       // reads what does not exist yet while lists are filtered
  bool has_two = false;       // of a macro: two variables; optional_map: flat; has: below a root
  std::uint8_t anchors = 0;   // of test_matches_literal
  bool is_item_atom = false;  // a shared atom whose answer depends on the item of a list
  bool is_optional_entry = false;  // an element of a literal with `?`
  std::uint32_t node = 0;          // of the syntax tree
  std::uint32_t atom = 0;          // shared atom, if test is test_atom
  TestFunction alone = nullptr;    // what test was before it became a shared atom

  const Op* first() const { return this + 1; }
  const Op* next() const { return this + skip; }
};

// One compiled regular expression for each of a few threads: RE2 objects lock inside, and one that
// is shared by busy threads is many times slower.
class Patterns {
 public:
  static constexpr std::size_t copies = 4;
  // Empty if the pattern is bad; `why` then says so.
  static std::unique_ptr<Patterns> make(std::string_view text, std::string& why);
  const Pattern& mine() const;

 private:
  std::vector<Pattern> copies_;
};

// Where a call goes: the function, and the only overload it can be if there is just one.
struct CallTarget {
  const Function* function = nullptr;
  const Signature* only = nullptr;
};

struct Code {
  Ast ast;
  std::string source;
  std::string type = "dyn";
  std::uint64_t cost = 0;
  std::uint64_t straight_cost = 0;  // fuel of one run through all records outside loops
  Phase latest = Phase::always;     // the latest attribute it reads
  std::vector<Op> ops;
  Arena constants{std::size_t{8} << 20U};  // bounded by the limits of the parser
  std::vector<std::unique_ptr<Patterns>> patterns;
  std::vector<std::unique_ptr<CallTarget>> targets;

  const Op& root() const { return ops.front(); }
};

// The value of a fold lives in its context's arena; a copy that lives as long as `arena`.
Value copy_value(const Value& value, Arena& arena, Arena& scratch);

}  // namespace cel

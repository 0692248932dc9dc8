#pragma once
// The function library: one table of overloads which the checker, the compiled engine and the
// reference interpreter share. A signature is text, `string.(string, int) -> bool` for a method and
// `(string) -> int` for a plain function; capital letters are type parameters; a last parameter
// followed by `...` stands for one or more. Where types are only known at run time, the first
// overload whose parameters' kinds fit is called.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cel/evaluation.h"
#include "cel/node.h"
#include "cel/value.h"

namespace cel {

using Arguments = std::span<const Value>;

// No argument is an error; all have a kind that the signature allows.
using Call = Value (*)(Evaluation& evaluation, Arguments arguments);

enum class Purity : std::uint8_t {
  pure,      // the same arguments give the same result: may be computed at load
  volatile_  // random(), uuid()
};

struct Overload {
  std::string_view name;       // "contains"; with its namespace: "math.greatest"
  std::string_view signature;  // the receiver is the first argument
  Call call = nullptr;
  Purity purity = Purity::pure;
};

// A set of kinds: bit `1 << kind`.
using Kinds = std::uint32_t;
constexpr Kinds kinds_of(Kind kind) {
  return Kinds{1} << static_cast<unsigned>(kind);
}
inline constexpr Kinds any_kind = ~kinds_of(Kind::error);

// An overload with its signature taken apart as far as a call at run time needs it.
struct Signature {
  const Overload* overload = nullptr;
  bool is_method = false;
  bool repeats_last = false;
  std::vector<Kinds> parameters;        // with the receiver
  std::vector<std::string_view> types;  // the same, as written: "list(A)"
  std::string_view result;              // "optional_type(A)"

  bool fits(Arguments arguments) const;
  bool fits_count(std::size_t count) const {
    return count == parameters.size() || (repeats_last && count >= parameters.size());
  }
};

// All overloads of one name; methods and plain functions apart.
struct Function {
  std::string_view name;
  bool is_method = false;
  std::vector<Signature> overloads;
};

// nullptr if there is none. The library is built once, at first use, and never changes.
const Function* find_function(std::string_view name, bool is_method);
// Every function, for messages and documentation.
std::span<const Function> all_functions();
// True for `math`, `base64`, ...: the first part of a function's name.
bool is_function_namespace(std::string_view name);

// Calls the overload that fits the arguments' kinds; if an argument is an error, that is the
// result. no_such_overload if none fits.
Value call_function(const Function& function, Evaluation& evaluation, Arguments arguments);

// The operators on values that are no errors.
bool equal(const Value& left, const Value& right, Evaluation& evaluation);
Value apply_unary(Operator op, const Value& operand, Evaluation& evaluation);
Value apply_binary(Operator op, const Value& left, const Value& right, Evaluation& evaluation);
// `operand[index]`; of a list, map, or optional of them.
Value index_value(const Value& operand, const Value& index, Evaluation& evaluation);
// `operand.field`
Value select_field(const Value& operand, std::string_view field, Evaluation& evaluation);
// has(operand.field): a bool or an error.
Value has_field(const Value& operand, std::string_view field, Evaluation& evaluation);
// `operand.?field` and `operand[?index]`: an optional or an error.
Value optional_select(const Value& operand, std::string_view field, Evaluation& evaluation);
Value optional_index(const Value& operand, const Value& index, Evaluation& evaluation);

// "int", "google.protobuf.Timestamp", "net.IP", ...: what type() gives.
std::string_view type_name(const Value& value);
// The type that is written so, as a value: `int`, `net.IP`; nothing if there is none.
std::optional<Value> find_type(std::string_view name);

}  // namespace cel

// size, type, dyn, startsWith, endsWith, contains.

#include <array>

#include "cel/detail_library.h"
#include "cel/text.h"

namespace cel {
namespace {

Value size_of_text(Evaluation& evaluation, Arguments arguments) {
  const std::string_view text = arguments[0].as_string();
  if (!evaluation.spend_bytes(text.size())) return evaluation.out_of_fuel();
  return Value::of_int(static_cast<std::int64_t>(count_code_points(text)));
}

Value size_of_bytes(Evaluation&, Arguments arguments) {
  return Value::of_int(static_cast<std::int64_t>(arguments[0].as_bytes().size()));
}

Value size_of_list(Evaluation&, Arguments arguments) {
  return Value::of_int(static_cast<std::int64_t>(arguments[0].as_list().size()));
}

Value size_of_map(Evaluation&, Arguments arguments) {
  return Value::of_int(static_cast<std::int64_t>(arguments[0].as_map().size()));
}

Value type_of(Evaluation&, Arguments arguments) {
  return Value::of_type(type_name(arguments[0]));
}

Value same(Evaluation&, Arguments arguments) {
  return arguments[0];
}

Value starts_with(Evaluation& evaluation, Arguments arguments) {
  if (!evaluation.spend_bytes(arguments[1].text().size())) return evaluation.out_of_fuel();
  return Value::of_bool(arguments[0].text().starts_with(arguments[1].text()));
}

Value ends_with(Evaluation& evaluation, Arguments arguments) {
  if (!evaluation.spend_bytes(arguments[1].text().size())) return evaluation.out_of_fuel();
  return Value::of_bool(arguments[0].text().ends_with(arguments[1].text()));
}

Value contains_text(Evaluation& evaluation, Arguments arguments) {
  const std::string_view text = arguments[0].text();
  if (!evaluation.spend(search_cost(text, arguments[1].text()))) return evaluation.out_of_fuel();
  return Value::of_bool(text.find(arguments[1].text()) != std::string_view::npos);
}

Value contains_element(Evaluation& evaluation, Arguments arguments) {
  return apply_binary(Operator::in, arguments[1], arguments[0], evaluation);
}

constexpr std::array table{
    Overload{"size", "(string) -> int", size_of_text},
    Overload{"size", "(bytes) -> int", size_of_bytes},
    Overload{"size", "(list(A)) -> int", size_of_list},
    Overload{"size", "(map(A, B)) -> int", size_of_map},
    Overload{"size", "string.() -> int", size_of_text},
    Overload{"size", "bytes.() -> int", size_of_bytes},
    Overload{"size", "list(A).() -> int", size_of_list},
    Overload{"size", "map(A, B).() -> int", size_of_map},
    Overload{"type", "(A) -> type(A)", type_of},
    Overload{"dyn", "(A) -> dyn", same},
    Overload{"startsWith", "string.(string) -> bool", starts_with},
    Overload{"startsWith", "bytes.(bytes) -> bool", starts_with},
    Overload{"endsWith", "string.(string) -> bool", ends_with},
    Overload{"endsWith", "bytes.(bytes) -> bool", ends_with},
    Overload{"contains", "string.(string) -> bool", contains_text},
    Overload{"contains", "bytes.(bytes) -> bool", contains_text},
    Overload{"contains", "list(A).(A) -> bool", contains_element},
    Overload{"contains", "map(A, B).(A) -> bool", contains_element},
};

}  // namespace

std::span<const Overload> standard_functions() {
  return table;
}

}  // namespace cel

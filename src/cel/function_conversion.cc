// int, uint, double, string, bytes, bool, timestamp, duration of other values.

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "cel/detail_library.h"
#include "cel/number.h"
#include "cel/time.h"

namespace cel {
namespace {

Value same(Evaluation&, Arguments arguments) {
  return arguments[0];
}

Value overflow() {
  return Value::error(ErrorCode::overflow);
}

template <class T>
std::optional<T> read_number(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Value int_of_uint(Evaluation&, Arguments arguments) {
  const auto value = exact_int(arguments[0]);
  return value ? Value::of_int(*value) : overflow();
}

Value int_of_double(Evaluation&, Arguments arguments) {
  const double value = arguments[0].as_double();
  // The bounds are exclusive, as the references have it; a NaN fails both comparisons.
  if (!(value > -two_to_63 && value < two_to_63)) return overflow();
  return Value::of_int(static_cast<std::int64_t>(value));
}

Value int_of_string(Evaluation& evaluation, Arguments arguments) {
  std::string_view text = arguments[0].as_string();
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto value = read_number<std::int64_t>(text);
  return value ? Value::of_int(*value) : bad_argument(evaluation, "int() of text that is no int");
}

Value int_of_timestamp(Evaluation&, Arguments arguments) {
  return Value::of_int(arguments[0].seconds());
}

Value uint_of_int(Evaluation&, Arguments arguments) {
  const auto value = exact_uint(arguments[0]);
  return value ? Value::of_uint(*value) : overflow();
}

Value uint_of_double(Evaluation&, Arguments arguments) {
  const double value = arguments[0].as_double();
  if (!(value >= 0 && value < two_to_64)) return overflow();
  return Value::of_uint(static_cast<std::uint64_t>(value));
}

Value uint_of_string(Evaluation& evaluation, Arguments arguments) {
  std::string_view text = arguments[0].as_string();
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto value = read_number<std::uint64_t>(text);
  return value ? Value::of_uint(*value)
               : bad_argument(evaluation, "uint() of text that is no uint");
}

Value double_of_int(Evaluation&, Arguments arguments) {
  return Value::of_double(static_cast<double>(arguments[0].as_int()));
}

Value double_of_uint(Evaluation&, Arguments arguments) {
  return Value::of_double(static_cast<double>(arguments[0].as_uint()));
}

Value double_of_string(Evaluation& evaluation, Arguments arguments) {
  std::string_view text = arguments[0].as_string();
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto value = read_double(text);
  return value ? Value::of_double(*value)
               : bad_argument(evaluation, "double() of text that is no number");
}

Value string_of_bool(Evaluation&, Arguments arguments) {
  return Value::of_string(arguments[0].as_bool() ? "true" : "false");
}

Value string_of_int(Evaluation& evaluation, Arguments arguments) {
  return evaluation.string(std::to_string(arguments[0].as_int()));
}

Value string_of_uint(Evaluation& evaluation, Arguments arguments) {
  return evaluation.string(std::to_string(arguments[0].as_uint()));
}

Value string_of_double(Evaluation& evaluation, Arguments arguments) {
  return evaluation.string(double_text(arguments[0].as_double()));
}

Value string_of_bytes(Evaluation& evaluation, Arguments arguments) {
  const std::string_view bytes = arguments[0].as_bytes();
  if (!evaluation.spend_bytes(bytes.size())) return evaluation.out_of_fuel();
  if (!base::is_utf8(bytes)) return bad_argument(evaluation, "string() of bytes that are no UTF-8");
  return Value::of_string(bytes);
}

Value string_of_timestamp(Evaluation& evaluation, Arguments arguments) {
  return evaluation.string(timestamp_text(arguments[0]));
}

Value string_of_duration(Evaluation& evaluation, Arguments arguments) {
  return evaluation.string(duration_text(arguments[0]));
}

Value bytes_of_string(Evaluation&, Arguments arguments) {
  return Value::of_bytes(arguments[0].as_string());
}

Value bool_of_string(Evaluation& evaluation, Arguments arguments) {
  const std::string_view text = arguments[0].as_string();
  for (const std::string_view yes : {"1", "t", "true", "TRUE", "True"}) {
    if (text == yes) return Value::of_bool(true);
  }
  for (const std::string_view no : {"0", "f", "false", "FALSE", "False"}) {
    if (text == no) return Value::of_bool(false);
  }
  return bad_argument(evaluation, "bool() of text that is neither true nor false");
}

Value timestamp_of_string(Evaluation& evaluation, Arguments arguments) {
  const auto value = read_timestamp(arguments[0].as_string());
  return value ? *value : bad_argument(evaluation, "timestamp() of text that is no RFC 3339 time");
}

Value timestamp_of_int(Evaluation&, Arguments arguments) {
  const std::int64_t seconds = arguments[0].as_int();
  if (seconds < timestamp_min || seconds > timestamp_max) {
    return Value::error(ErrorCode::out_of_range, "timestamp");
  }
  return Value::of_timestamp(seconds, 0);
}

Value duration_of_string(Evaluation& evaluation, Arguments arguments) {
  const auto value = read_duration(arguments[0].as_string());
  return value ? *value : bad_argument(evaluation, "duration() of text that is no duration");
}

constexpr std::array table{
    Overload{"int", "(int) -> int", same},
    Overload{"int", "(uint) -> int", int_of_uint},
    Overload{"int", "(double) -> int", int_of_double},
    Overload{"int", "(string) -> int", int_of_string},
    Overload{"int", "(timestamp) -> int", int_of_timestamp},
    Overload{"uint", "(uint) -> uint", same},
    Overload{"uint", "(int) -> uint", uint_of_int},
    Overload{"uint", "(double) -> uint", uint_of_double},
    Overload{"uint", "(string) -> uint", uint_of_string},
    Overload{"double", "(double) -> double", same},
    Overload{"double", "(int) -> double", double_of_int},
    Overload{"double", "(uint) -> double", double_of_uint},
    Overload{"double", "(string) -> double", double_of_string},
    Overload{"string", "(string) -> string", same},
    Overload{"string", "(bool) -> string", string_of_bool},
    Overload{"string", "(int) -> string", string_of_int},
    Overload{"string", "(uint) -> string", string_of_uint},
    Overload{"string", "(double) -> string", string_of_double},
    Overload{"string", "(bytes) -> string", string_of_bytes},
    Overload{"string", "(timestamp) -> string", string_of_timestamp},
    Overload{"string", "(duration) -> string", string_of_duration},
    Overload{"bytes", "(bytes) -> bytes", same},
    Overload{"bytes", "(string) -> bytes", bytes_of_string},
    Overload{"bool", "(bool) -> bool", same},
    Overload{"bool", "(string) -> bool", bool_of_string},
    Overload{"timestamp", "(timestamp) -> timestamp", same},
    Overload{"timestamp", "(string) -> timestamp", timestamp_of_string},
    Overload{"timestamp", "(int) -> timestamp", timestamp_of_int},
    Overload{"duration", "(duration) -> duration", same},
    Overload{"duration", "(string) -> duration", duration_of_string},
};

}  // namespace

std::span<const Overload> conversion_functions() {
  return table;
}

std::string double_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::array<char, 64> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), end);
}

}  // namespace cel

#pragma once
// int, uint and double as one ordered line of numbers, which is how == and < see them.

#include <cstdint>
#include <optional>
#include <string_view>

#include "cel/value.h"

namespace cel {

enum class Order : std::uint8_t { less, equal, greater, unordered };  // unordered: a NaN

// Both are numbers. An int against a double: a double out of the range of int decides at once,
// otherwise the int is rounded to a double.
Order compare_numbers(const Value& left, const Value& right);
// Whether two map keys are the same key: bool, string, or exactly equal numbers.
bool same_key(const Value& left, const Value& right);
// The number as int or uint if it is integral and in range; what lists are indexed with.
std::optional<std::int64_t> exact_int(const Value& number);
std::optional<std::uint64_t> exact_uint(const Value& number);

// Decimal text, also "NaN" and "Infinity" in any case; nothing if it is malformed or too large.
std::optional<double> read_double(std::string_view text);

inline constexpr double two_to_63 = 9223372036854775808.0;
inline constexpr double two_to_64 = 18446744073709551616.0;

}  // namespace cel

#include "cel/number.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

namespace cel {
namespace {

template <class T>
Order compare(T left, T right) {
  if (left < right) return Order::less;
  if (left > right) return Order::greater;
  return left == right ? Order::equal : Order::unordered;
}

Order reversed(Order order) {
  if (order == Order::less) return Order::greater;
  if (order == Order::greater) return Order::less;
  return order;
}

Order compare_with_real(const Value& integral, double real) {
  if (std::isnan(real)) return Order::unordered;
  if (integral.is(Kind::integer)) {
    if (real > two_to_63) return Order::less;
    if (real < -two_to_63) return Order::greater;
    return compare(static_cast<double>(integral.as_int()), real);
  }
  if (real > two_to_64) return Order::less;
  if (real < 0) return Order::greater;
  return compare(static_cast<double>(integral.as_uint()), real);
}

// Exactly, without rounding: a double that is integral and in range, or an int or uint.
bool same_number(const Value& left, const Value& right) {
  const std::optional<std::int64_t> as_int = exact_int(left);
  if (as_int) return as_int == exact_int(right);
  const std::optional<std::uint64_t> as_uint = exact_uint(left);
  return as_uint && as_uint == exact_uint(right);
}

}  // namespace

Order compare_numbers(const Value& left, const Value& right) {
  if (left.is(Kind::real)) {
    if (right.is(Kind::real)) return compare(left.as_double(), right.as_double());
    return reversed(compare_with_real(right, left.as_double()));
  }
  if (right.is(Kind::real)) return compare_with_real(left, right.as_double());
  if (left.is(Kind::integer)) {
    if (right.is(Kind::integer)) return compare(left.as_int(), right.as_int());
    if (left.as_int() < 0) return Order::less;
    return compare(static_cast<std::uint64_t>(left.as_int()), right.as_uint());
  }
  if (right.is(Kind::uinteger)) return compare(left.as_uint(), right.as_uint());
  if (right.as_int() < 0) return Order::greater;
  return compare(left.as_uint(), static_cast<std::uint64_t>(right.as_int()));
}

bool same_key(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) return same_number(left, right);
  if (left.kind() != right.kind()) return false;
  if (left.is(Kind::string)) return left.as_string() == right.as_string();
  return left.is(Kind::boolean) && left.as_bool() == right.as_bool();
}

std::optional<std::int64_t> exact_int(const Value& number) {
  if (number.is(Kind::integer)) return number.as_int();
  if (number.is(Kind::uinteger)) {
    if (!std::in_range<std::int64_t>(number.as_uint())) return std::nullopt;
    return static_cast<std::int64_t>(number.as_uint());
  }
  const double real = number.as_double();
  if (!(real >= -two_to_63 && real < two_to_63) || std::trunc(real) != real) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

std::optional<std::uint64_t> exact_uint(const Value& number) {
  if (number.is(Kind::uinteger)) return number.as_uint();
  if (number.is(Kind::real) && number.as_double() >= two_to_63) {
    const double real = number.as_double();
    if (real >= two_to_64) return std::nullopt;
    return static_cast<std::uint64_t>(real);
  }
  const std::optional<std::int64_t> exact = exact_int(number);
  if (!exact || *exact < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*exact);
}

std::optional<double> read_double(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc()) return value;
  // Too small for a double is 0, too large is not a number of this language. Only now is a copy
  // made.
  value = std::strtod(std::string(text).c_str(), nullptr);
  if (std::isinf(value)) return std::nullopt;
  return value;
}

}  // namespace cel

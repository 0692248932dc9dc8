#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "schema/codec.h"
#include "schema/reader.h"

namespace schema {
namespace {

void expected(std::string_view what, const yaml::Node& node, Reader& reader) {
  reader.error(node, "expected " + std::string(what) + ", found " + reader.found(node));
}

// Whether a scalar may stand for something else than a string: plain ones may, and so may quoted
// ones whose text comes from the environment, since "$PORT" is often quoted.
bool is_untyped(const yaml::Node& node) {
  return node.is_scalar() && (node.style == yaml::Style::plain || node.is_expanded);
}

void expected_number(const std::string& range, const yaml::Node& node, Reader& reader) {
  const bool is_quoted_number = node.is_scalar() && !is_untyped(node) && node.as_double();
  expected("a whole number" + range + (is_quoted_number ? " without quotes" : ""), node, reader);
}

std::string range_text(std::int64_t minimum, std::uint64_t maximum) {
  const bool is_any = minimum == std::numeric_limits<std::int64_t>::min();
  if (is_any) return "";
  if (maximum == std::numeric_limits<std::uint64_t>::max()) {
    return " of at least " + std::to_string(minimum);
  }
  return " from " + std::to_string(minimum) + " to " + std::to_string(maximum);
}

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::array<Unit, 8> duration_units = {{
    {"d", 86'400'000'000'000},
    {"h", 3'600'000'000'000},
    {"m", 60'000'000'000},
    {"s", 1'000'000'000},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"\xC2\xB5s", 1'000},
    {"ns", 1},
}};

constexpr std::array<Unit, 15> byte_units = {{
    {"", 1},
    {"B", 1},
    {"k", 1'000},
    {"kB", 1'000},
    {"KB", 1'000},
    {"M", 1'000'000},
    {"MB", 1'000'000},
    {"G", 1'000'000'000},
    {"GB", 1'000'000'000},
    {"Ki", std::uint64_t{1} << 10U},
    {"KiB", std::uint64_t{1} << 10U},
    {"Mi", std::uint64_t{1} << 20U},
    {"MiB", std::uint64_t{1} << 20U},
    {"Gi", std::uint64_t{1} << 30U},
    {"GiB", std::uint64_t{1} << 30U},
}};

template <std::size_t N>
std::optional<std::uint64_t> size_of_unit(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.size;
  }
  return std::nullopt;
}

// Splits "15ms30s" into 15, "ms" and the rest.
struct Quantity {
  std::string_view number;
  std::string_view unit;
  std::string_view rest;
};

Quantity quantity(std::string_view text) {
  const std::size_t unit = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::size_t end = std::min(text.find_first_of("0123456789.", unit), text.size());
  return Quantity{text.substr(0, unit), text.substr(unit, end - unit), text.substr(end)};
}

// number * size, exact for whole numbers; nothing if it is no number or does not fit.
std::optional<std::uint64_t> product(std::string_view number, std::uint64_t size) {
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t whole = 0;
  const auto integer = std::from_chars(number.begin(), number.end(), whole);
  if (integer.ec != std::errc()) return std::nullopt;
  if (whole > limit / size) return std::nullopt;
  if (integer.ptr == number.end()) return whole * size;

  double real = 0;
  const auto fraction =
      std::from_chars(number.begin(), number.end(), real, std::chars_format::fixed);
  if (fraction.ec != std::errc() || fraction.ptr != number.end() || !base::is_digit(number.back()))
    return std::nullopt;
  const double exact = real * static_cast<double>(size);
  if (exact >= static_cast<double>(limit) || std::abs(exact - std::round(exact)) > 1e-3) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(std::round(exact));
}

std::optional<std::chrono::nanoseconds> duration_of(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  constexpr auto limit = std::chrono::nanoseconds::max().count();
  std::int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const Quantity part = quantity(text);
    const std::optional<std::uint64_t> size = size_of_unit(duration_units, part.unit);
    if (!size) return std::nullopt;
    const std::optional<std::uint64_t> count = product(part.number, *size);
    if (!count || static_cast<std::int64_t>(*count) > limit - total) return std::nullopt;
    total += static_cast<std::int64_t>(*count);
    text = part.rest;
  }
  return std::chrono::nanoseconds(total);
}

// A quantity as its form says, however large.
std::optional<double> rough_duration_of(std::string_view text) {
  double total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const Quantity part = quantity(text);
    const std::optional<std::uint64_t> size = size_of_unit(duration_units, part.unit);
    double number = 0;
    const auto read =
        std::from_chars(part.number.begin(), part.number.end(), number, std::chars_format::fixed);
    if (!size || read.ec != std::errc() || read.ptr != part.number.end()) return std::nullopt;
    total += number * static_cast<double>(*size);
    text = part.rest;
  }
  return total;
}

void expected_duration(const yaml::Node& node, Reader& reader) {
  std::string_view text = node.is_scalar() ? std::string_view(node.text) : std::string_view();
  if (text.starts_with('-') && rough_duration_of(text.substr(1))) {
    reader.error(node, "a duration is not negative");
    return;
  }
  const auto rough = rough_duration_of(text);
  if (rough && *rough >= static_cast<double>(std::chrono::nanoseconds::max().count())) {
    reader.error(node, "too long: a duration is less than 292 years (106751d)");
    return;
  }
  expected("a duration such as `10s`, `1m30s` or `500ms`", node, reader);
}

Schema schema_of(Shape shape) {
  Schema schema;
  schema.shape = shape;
  return schema;
}

}  // namespace

void read_text(const yaml::Node& node, std::string& out, Reader& reader) {
  if (has_secret_address(node)) reader.add_secret(node);
  if (node.is_scalar() && (node.is_expanded || node.core() == yaml::Core::string)) {
    out = node.text;
    return;
  }
  const bool needs_quotes = node.is_scalar() && node.core() != yaml::Core::null;
  expected(needs_quotes ? "a string (put it in quotes)" : "a string", node, reader);
}

void read_boolean(const yaml::Node& node, bool& out, Reader& reader) {
  const std::optional<bool> value = is_untyped(node) ? node.as_bool() : std::nullopt;
  if (value) {
    out = *value;
  } else {
    expected("`true` or `false`", node, reader);
  }
}

void read_signed(const yaml::Node& node, IntegerRange range, std::int64_t& out, Reader& reader) {
  const std::optional<std::int64_t> value = is_untyped(node) ? node.as_int() : std::nullopt;
  if (value && *value >= range.minimum && std::cmp_less_equal(*value, range.maximum)) {
    out = *value;
  } else {
    expected_number(range_text(range.minimum, range.maximum), node, reader);
  }
}

void read_unsigned(const yaml::Node& node, IntegerRange range, std::uint64_t& out, Reader& reader) {
  const std::optional<std::uint64_t> value = is_untyped(node) ? node.as_uint() : std::nullopt;
  if (value && std::cmp_greater_equal(*value, range.minimum) && *value <= range.maximum) {
    out = *value;
  } else {
    expected_number(range_text(range.minimum, range.maximum), node, reader);
  }
}

void read_number(const yaml::Node& node, double& out, Reader& reader) {
  const std::optional<double> value = is_untyped(node) ? node.as_double() : std::nullopt;
  if (value && std::isfinite(*value)) {
    out = *value;
  } else {
    expected("a number", node, reader);
  }
}

void read_duration(const yaml::Node& node, std::chrono::nanoseconds unit,
                   std::chrono::nanoseconds& out, Reader& reader) {
  const std::optional<std::chrono::nanoseconds> value =
      node.is_scalar() ? duration_of(node.text) : std::nullopt;
  if (!value) {
    expected_duration(node, reader);
  } else if (*value % unit != std::chrono::nanoseconds(0)) {
    expected("a multiple of " + duration_text(unit), node, reader);
  } else {
    out = *value;
  }
}

void read_bytes(const yaml::Node& node, std::uint64_t& out, Reader& reader) {
  const Quantity part = node.is_scalar() ? quantity(node.text) : Quantity{};
  const std::string_view unit = base::trim(part.unit);
  const std::optional<std::uint64_t> size = size_of_unit(byte_units, unit);
  const std::optional<std::uint64_t> value =
      size && part.rest.empty() ? product(part.number, *size) : std::nullopt;
  if (value) {
    out = *value;
  } else {
    expected("a size in bytes such as `65536`, `64KiB` or `1MB`", node, reader);
  }
}

void read_choice(const yaml::Node& node, const std::vector<std::string>& spellings,
                 std::size_t& out, Reader& reader) {
  const auto found = std::find(spellings.begin(), spellings.end(), node.text);
  if (node.is_scalar() && found != spellings.end()) {
    out = static_cast<std::size_t>(found - spellings.begin());
    return;
  }
  std::string suggestion;
  if (node.is_scalar()) suggestion = base::closest(node.text, spellings);
  reader.error(node,
               "expected one of " + base::join(spellings, ", ") + ", found " + reader.found(node),
               std::move(suggestion));
}

bool expect_list(const yaml::Node& node, Reader& reader) {
  if (!node.is_sequence()) expected("a list", node, reader);
  return node.is_sequence();
}

bool expect_map(const yaml::Node& node, Reader& reader) {
  if (!node.is_mapping()) expected("an object", node, reader);
  return node.is_mapping();
}

std::string duration_text(std::chrono::nanoseconds duration) {
  if (duration == std::chrono::nanoseconds(0)) return "0s";
  auto left = static_cast<std::uint64_t>(duration.count());
  std::string text;
  for (const Unit& unit : duration_units) {
    const std::uint64_t count = left / unit.size;
    if (unit.name == "\xC2\xB5s" || unit.name == "d" || count == 0) continue;
    text += std::to_string(count) + std::string(unit.name);
    left -= count * unit.size;
  }
  return text;
}

Schema Codec<std::string>::schema() {
  return schema_of(Shape::text);
}
Schema Codec<bool>::schema() {
  return schema_of(Shape::boolean);
}
Schema Codec<double>::schema() {
  return schema_of(Shape::number);
}
Schema Codec<Bytes>::schema() {
  return schema_of(Shape::bytes);
}
Schema Codec<Raw>::schema() {
  return schema_of(Shape::any);
}

}  // namespace schema

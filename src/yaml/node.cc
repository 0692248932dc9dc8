#include "yaml/node.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "base/text.h"

namespace yaml {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_null_text(std::string_view text) {
  return is_one_of(text, {"", "~", "null", "Null", "NULL"});
}

bool is_true(std::string_view text) {
  return is_one_of(text, {"true", "True", "TRUE"});
}
bool is_false(std::string_view text) {
  return is_one_of(text, {"false", "False", "FALSE"});
}

// An integer by the core schema (YAML 1.2.2, 10.3.2), ready for from_chars.
struct Integer {
  std::string_view digits;  // empty: this is no integer
  int base = 10;
  bool is_negative = false;
};

Integer integer_of(std::string_view text) {
  Integer integer;
  if (text.starts_with("0o") || text.starts_with("0x")) {
    integer.base = text[1] == 'o' ? 8 : 16;
    text.remove_prefix(2);
  } else if (text.starts_with('-') || text.starts_with('+')) {
    integer.is_negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const std::string_view digits = std::string_view("0123456789abcdefABCDEF")
                                      .substr(0, integer.base == 16  ? 22U
                                                 : integer.base == 8 ? 8U
                                                                     : 10U);
  if (text.find_first_not_of(digits) == std::string_view::npos) integer.digits = text;
  return integer;
}

std::string_view without_sign(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

std::string_view after_digits(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  return end == std::string_view::npos ? std::string_view() : text.substr(end);
}

bool is_infinity(std::string_view text) {
  return is_one_of(without_sign(text), {".inf", ".Inf", ".INF"});
}
bool is_nan(std::string_view text) {
  return is_one_of(text, {".nan", ".NaN", ".NAN"});
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_decimal(std::string_view text) {
  const std::string_view start = without_sign(text);
  std::string_view rest = after_digits(start);
  bool has_digits = rest.size() < start.size();
  if (rest.starts_with('.')) {
    const std::string_view fraction = rest.substr(1);
    rest = after_digits(fraction);
    has_digits = has_digits || rest.size() < fraction.size();
  }
  if (!has_digits) return false;
  if (rest.starts_with('e') || rest.starts_with('E')) {
    const std::string_view exponent = without_sign(rest.substr(1));
    rest = after_digits(exponent);
    if (exponent.empty() || rest.size() == exponent.size()) return false;
  }
  return rest.empty();
}

bool is_real(std::string_view text) {
  return is_decimal(text) || is_infinity(text) || is_nan(text);
}

// The number of characters in UTF-8 text.
std::uint32_t characters(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
  }));
}

}  // namespace

Core Node::core() const {
  if (!is_scalar() || style != Style::plain) return Core::string;
  if (is_null_text(text)) return Core::null;
  if (is_true(text) || is_false(text)) return Core::boolean;
  if (!integer_of(text).digits.empty()) return Core::integer;
  return is_real(text) ? Core::real : Core::string;
}

std::optional<bool> Node::as_bool() const {
  if (!is_scalar() || (!is_true(text) && !is_false(text))) return std::nullopt;
  return is_true(text);
}

std::optional<std::uint64_t> Node::as_uint() const {
  const Integer integer = integer_of(text);
  if (!is_scalar() || integer.digits.empty()) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = integer.digits.end();
  const auto [rest, error] = std::from_chars(integer.digits.begin(), end, number, integer.base);
  if (error != std::errc() || rest != end) return std::nullopt;
  if (integer.is_negative && number != 0) return std::nullopt;
  return number;
}

std::optional<std::int64_t> Node::as_int() const {
  const Integer integer = integer_of(text);
  if (!is_scalar() || integer.digits.empty()) return std::nullopt;
  const std::string signed_digits = (integer.is_negative ? "-" : "") + std::string(integer.digits);
  std::int64_t number = 0;
  const char* end = signed_digits.data() + signed_digits.size();
  const auto [rest, error] = std::from_chars(signed_digits.data(), end, number, integer.base);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

std::optional<double> Node::as_double() const {
  if (!is_scalar()) return std::nullopt;
  if (is_infinity(text)) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return text.starts_with('-') ? -infinity : infinity;
  }
  if (is_nan(text)) return std::numeric_limits<double>::quiet_NaN();
  if (is_decimal(text)) return std::strtod(text.c_str(), nullptr);
  if (const auto number = as_int()) return static_cast<double>(*number);
  return std::nullopt;
}

const Node* Node::find(std::string_view key) const {
  for (const Pair& pair : members) {
    if (pair.key.text == key) return &pair.value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) {
  for (Pair& pair : members) {
    if (pair.key.text == key) return &pair.value;
  }
  return nullptr;
}

Position Node::position_of(std::size_t offset) const {
  return yaml::position_of(*this, text, offset);
}

Position position_of(const Layout& layout, std::string_view text, std::size_t offset) {
  if (!layout.is_verbatim) return layout.at;
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  Position position = layout.content;
  if (layout.style != Style::literal) {
    position.column += characters(before);
    return position;
  }
  const std::size_t line_end = before.rfind('\n');
  const std::size_t line_begin = line_end == std::string_view::npos ? 0 : line_end + 1;
  position.line += static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
  position.column += characters(before.substr(line_begin));
  return position;
}

Node scalar(std::string text, Position at) {
  Node node;
  node.style = Style::quoted;
  node.at = at;
  node.content = at;
  node.text = std::move(text);
  return node;
}

Node sequence(std::vector<Node> items, Position at) {
  Node node;
  node.kind = Kind::sequence;
  node.at = at;
  node.items = std::move(items);
  return node;
}

Node mapping(std::vector<Pair> members, Position at) {
  Node node;
  node.kind = Kind::mapping;
  node.at = at;
  node.members = std::move(members);
  return node;
}

bool is_same(const Node& a, const Node& b) {
  const auto same_pair = [](const Pair& x, const Pair& y) {
    return x.key.text == y.key.text && is_same(x.value, y.value);
  };
  return a.kind == b.kind && a.core() == b.core() && a.text == b.text &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), is_same) &&
         std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
                    same_pair);
}

std::string_view name_of(const Node& node) {
  if (node.is_sequence()) return "a list";
  if (node.is_mapping()) return "an object";
  switch (node.core()) {
    case Core::null:
      return "nothing";
    case Core::boolean:
      return "a boolean";
    case Core::integer:
      return "a whole number";
    case Core::real:
      return "a number";
    case Core::string:
      break;
  }
  return "a string";
}

}  // namespace yaml

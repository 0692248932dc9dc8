#include <algorithm>
#include <cstring>

#include "cel/detail_operations.h"

namespace cel {
namespace {

// Texts in rules are short: two overlapping loads beat a call of memcmp.
bool same_bytes(const char* left, const char* right, std::size_t size) {
  if (size > 16) return std::memcmp(left, right, size) == 0;
  if (size >= 8) {
    std::uint64_t a[2];
    std::uint64_t b[2];
    std::memcpy(&a[0], left, 8);
    std::memcpy(&b[0], right, 8);
    std::memcpy(&a[1], left + size - 8, 8);
    std::memcpy(&b[1], right + size - 8, 8);
    return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
  }
  if (size >= 4) {
    std::uint32_t a[2];
    std::uint32_t b[2];
    std::memcpy(&a[0], left, 4);
    std::memcpy(&b[0], right, 4);
    std::memcpy(&a[1], left + size - 4, 4);
    std::memcpy(&b[1], right + size - 4, 4);
    return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (left[i] != right[i]) return false;
  }
  return true;
}

bool same_text(std::string_view left, std::string_view right) {
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the length is the third argument.
  return left.size() == right.size() && same_bytes(left.data(), right.data(), left.size());
}

template <bool from_slot>
Value operand_of(const Op& op, Context& context) {
  if constexpr (from_slot) {
    return context.get(op.number);
  } else {
    return op.first()->value(*op.first(), context);
  }
}

// Strings of a constant list stand sorted by length, then bytes.
bool shorter_or_less(std::string_view left, std::string_view right) {
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

constexpr std::size_t scanned_max = 8;

bool is_among(std::string_view text, const Value* values, std::size_t size) {
  if (size > scanned_max) {
    const Value* found = std::lower_bound(values, values + size, text,
                                          [](const Value& value, std::string_view wanted) {
                                            return shorter_or_less(value.text(), wanted);
                                          });
    return found != values + size && found->text() == text;
  }
  return std::any_of(values, values + size,
                     [text](const Value& value) { return same_text(value.text(), text); });
}

Truth call_on(const Op& op, const Value& operand, Context& context) {
  const CallTarget& target = *static_cast<const CallTarget*>(op.data);
  const std::array<Value, 2> arguments = {operand, op.constant};
  return truth_of(call_function(*target.function, context.evaluation(), arguments), context);
}

// 0..255 without leading zeros, taken from the front of `text`; nothing if it is not there.
std::optional<std::uint32_t> take_octet(std::string_view& text) {
  std::uint32_t octet = 0;
  std::size_t digits = 0;
  while (digits < 3 && digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    octet = octet * 10 + static_cast<std::uint32_t>(text[digits++] - '0');
  }
  const bool has_leading_zero = digits > 1 && text[0] == '0';
  if (digits == 0 || octet > 255 || has_leading_zero) return std::nullopt;
  text.remove_prefix(digits);
  return octet;
}

// An IPv4 address as most are written; what looks unusual is left to the library.
std::optional<std::uint32_t> plain_v4(std::string_view text) {
  std::uint32_t address = 0;
  for (int i = 0; i < 4; ++i) {
    if (i > 0) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
    const auto octet = take_octet(text);
    if (!octet) return std::nullopt;
    address = address << 8U | *octet;
  }
  return text.empty() ? std::optional(address) : std::nullopt;
}

Truth out_of_fuel(Context& context) {
  return context.fail(context.evaluation().out_of_fuel());
}

}  // namespace

template <bool from_slot>
Truth test_equals_string(const Op& op, Context& context) {
  const Value operand = operand_of<from_slot>(op, context);
  if (operand.is(Kind::string)) return truth_of(same_text(operand.text(), op.constant.text()));
  return operand.is_error() ? context.fail(operand) : Truth::no;
}

template <bool from_slot>
Truth test_differs_string(const Op& op, Context& context) {
  return opposite(test_equals_string<from_slot>(op, context));
}

template <bool from_slot>
Truth test_equals_constant(const Op& op, Context& context) {
  const Value operand = operand_of<from_slot>(op, context);
  if (operand.is_error()) return context.fail(operand);
  const bool is_equal = equal(operand, op.constant, context.evaluation());
  if (context.evaluation().is_aborted()) return out_of_fuel(context);
  return truth_of(is_equal);
}

template <bool from_slot>
Truth test_differs_constant(const Op& op, Context& context) {
  return opposite(test_equals_constant<from_slot>(op, context));
}

template <bool from_slot>
Truth test_in_strings(const Op& op, Context& context) {
  const Value operand = operand_of<from_slot>(op, context);
  if (operand.is_error()) return context.fail(operand);
  if (!operand.is(Kind::string)) return Truth::no;
  const auto& list = static_cast<const ArrayList&>(op.constant.as_list());
  return truth_of(is_among(operand.text(), list.data(), list.size()));
}

template <bool from_slot>
Truth test_holds_string(const Op& op, Context& context) {
  const Value operand = operand_of<from_slot>(op, context);
  if (operand.is_error()) return context.fail(operand);
  Evaluation& evaluation = context.evaluation();
  if (!operand.is(Kind::list)) {
    return truth_of(apply_binary(Operator::in, op.constant, operand, evaluation), context);
  }
  const std::string_view wanted = op.constant.text();
  Cursor cursor;
  Value element;
  while (operand.as_list().next(cursor, evaluation.arena(), element)) {
    if (!evaluation.spend(1)) return out_of_fuel(context);
    if (element.is_error()) return context.fail(element);
    if (element.is(Kind::string) && same_text(element.text(), wanted)) return Truth::yes;
  }
  return Truth::no;
}

template <bool from_slot>
Truth test_starts_with(const Op& op, Context& context) {
  const Value operand = operand_of<from_slot>(op, context);
  if (operand.is_error()) return context.fail(operand);
  if (!operand.is(Kind::string)) return call_on(op, operand, context);
  const std::string_view wanted = op.constant.text();
  return truth_of(operand.text().size() >= wanted.size() &&
                  same_text(operand.text().substr(0, wanted.size()), wanted));
}

template <bool from_slot>
Truth test_ends_with(const Op& op, Context& context) {
  const Value operand = operand_of<from_slot>(op, context);
  if (operand.is_error()) return context.fail(operand);
  if (!operand.is(Kind::string)) return call_on(op, operand, context);
  const std::string_view text = operand.text();
  const std::string_view wanted = op.constant.text();
  return truth_of(
      text.size() >= wanted.size() &&
      same_bytes(text.data() + (text.size() - wanted.size()), wanted.data(), wanted.size()));
}

template <bool from_slot>
Truth test_contains(const Op& op, Context& context) {
  const Value operand = operand_of<from_slot>(op, context);
  if (operand.is_error()) return context.fail(operand);
  if (!operand.is(Kind::string)) return call_on(op, operand, context);
  if (!context.evaluation().spend_bytes(operand.text().size())) return out_of_fuel(context);
  return truth_of(operand.text().find(op.constant.text()) != std::string_view::npos);
}

template <bool from_slot>
Truth test_matches(const Op& op, Context& context) {
  const Value operand = operand_of<from_slot>(op, context);
  if (operand.is_error()) return context.fail(operand);
  if (!operand.is(Kind::string)) {
    return context.fail(Value::error(ErrorCode::no_such_overload, "matches"));
  }
  const std::size_t fuel = operand.text().size() / 8 + op.constant.text().size();
  if (!context.evaluation().spend(fuel)) return out_of_fuel(context);
  const Patterns& patterns = *static_cast<const Patterns*>(op.data);
  return truth_of(patterns.mine().matches_anywhere(operand.text()));
}

template <bool from_slot>
Truth test_matches_literal(const Op& op, Context& context) {
  const Value operand = operand_of<from_slot>(op, context);
  if (operand.is_error()) return context.fail(operand);
  if (!operand.is(Kind::string)) {
    return context.fail(Value::error(ErrorCode::no_such_overload, "matches"));
  }
  const std::string_view text = operand.text();
  const std::string_view wanted = op.constant.text();
  if (!context.evaluation().spend_bytes(text.size())) return out_of_fuel(context);
  switch (op.anchors) {
    case anchored_front:
      return truth_of(text.starts_with(wanted));
    case anchored_back:
      return truth_of(text.ends_with(wanted));
    case anchored_front | anchored_back:
      return truth_of(same_text(text, wanted));
    default:
      return truth_of(text.find(wanted) != std::string_view::npos);
  }
}

template <bool from_slot>
Truth test_network_contains(const Op& op, Context& context) {
  const Value operand = operand_of<from_slot>(op, context);
  if (operand.is_error()) return context.fail(operand);
  const auto address =
      operand.is(Kind::string) ? plain_v4(operand.text()) : std::optional<std::uint32_t>();
  if (!address) {
    const CallTarget& target = *static_cast<const CallTarget*>(op.data);
    const std::array<Value, 2> arguments = {op.constant, operand};
    return truth_of(call_function(*target.function, context.evaluation(), arguments), context);
  }
  const auto& bytes = op.constant.address().bytes;
  const std::uint32_t network = std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
                                std::uint32_t{bytes[2]} << 8U | std::uint32_t{bytes[3]};
  const std::uint32_t length = op.constant.prefix_length();
  return truth_of(length == 0 || ((network ^ *address) >> (32 - length)) == 0);
}

// has(path): the parent must be there, and only the last field may be missing. A root that is null
// (no token) has no fields.
Truth test_has_slot(const Op& op, Context& context) {
  const Value& value = context.get(op.number);
  if (!value.is_error()) return Truth::yes;
  const std::uint32_t parent = context.environment().slots()[op.number].parent;
  if (parent != Slot::no_parent && context.get(parent).is_error()) {
    const Value& error = context.get(parent);
    const bool is_absent_root = op.has_two && error.code() == ErrorCode::no_such_key;
    return is_absent_root ? Truth::no : context.fail(error);
  }
  return value.code() == ErrorCode::no_such_key ? Truth::no : context.fail(value);
}

// A term that several rules share is evaluated once for a request or, if it depends on the item,
// once for an item.
Truth test_atom(const Op& op, Context& context) {
  const std::uint32_t known = context.atom(op.atom, op.is_item_atom);
  if (known != 0) return static_cast<Truth>(known);
  const Truth truth = op.alone(op, context);
  // An error is not kept: its reason would be lost.
  if (truth != Truth::error) context.keep_atom(op.atom, op.is_item_atom, truth);
  return truth;
}

#define BOTH_WAYS(name)                                \
  template Truth name<true>(const Op& op, Context& c); \
  template Truth name<false>(const Op& op, Context& c)
BOTH_WAYS(test_equals_string);
BOTH_WAYS(test_differs_string);
BOTH_WAYS(test_equals_constant);
BOTH_WAYS(test_differs_constant);
BOTH_WAYS(test_in_strings);
BOTH_WAYS(test_holds_string);
BOTH_WAYS(test_starts_with);
BOTH_WAYS(test_ends_with);
BOTH_WAYS(test_contains);
BOTH_WAYS(test_matches);
BOTH_WAYS(test_matches_literal);
BOTH_WAYS(test_network_contains);
#undef BOTH_WAYS

}  // namespace cel

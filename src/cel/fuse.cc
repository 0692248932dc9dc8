// Local rewrites: a record and its constant operand become one record. Each must give the same
// three-state answer as the record it replaces, for operands of every kind.

#include <algorithm>
#include <cctype>

#include "cel/detail_emitter.h"
#include "cel/detail_operations.h"

namespace cel {
namespace {

// Of a family of functions: the one for an attribute's slot or for any operand.
struct Family {
  TestFunction slot;
  TestFunction other;
  TestFunction pick(bool from_slot) const { return from_slot ? slot : other; }
};

constexpr Family contains = {test_contains<true>, test_contains<false>};
constexpr Family differs_constant = {test_differs_constant<true>, test_differs_constant<false>};
constexpr Family differs_string = {test_differs_string<true>, test_differs_string<false>};
constexpr Family ends_with = {test_ends_with<true>, test_ends_with<false>};
constexpr Family equals_constant = {test_equals_constant<true>, test_equals_constant<false>};
constexpr Family equals_string = {test_equals_string<true>, test_equals_string<false>};
constexpr Family holds_string = {test_holds_string<true>, test_holds_string<false>};
constexpr Family in_strings = {test_in_strings<true>, test_in_strings<false>};
constexpr Family matches = {test_matches<true>, test_matches<false>};
constexpr Family matches_literal = {test_matches_literal<true>, test_matches_literal<false>};
constexpr Family starts_with = {test_starts_with<true>, test_starts_with<false>};
constexpr Family network_contains = {test_network_contains<true>, test_network_contains<false>};

bool is_string_list(const Value& value) {
  if (!value.is(Kind::list)) return false;
  Arena unused(0);
  const List& list = value.as_list();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list.at(i, unused).is(Kind::string)) return false;
  }
  return true;
}

// As test_in_strings expects it: by length, then bytes.
Value sorted_strings(const Value& value, Arena& arena) {
  Arena unused(0);
  const List& list = value.as_list();
  Value* strings = arena.make_values(list.size() + 1);
  if (strings == nullptr) return Value::error(ErrorCode::out_of_memory);
  for (std::size_t i = 0; i < list.size(); ++i) strings[i] = list.at(i, unused);
  std::sort(strings, strings + list.size(), [](const Value& left, const Value& right) {
    return left.text().size() != right.text().size() ? left.text().size() < right.text().size()
                                                     : left.text() < right.text();
  });
  const auto* sorted = arena.make<ArrayList>(strings, list.size());
  return sorted == nullptr ? Value::error(ErrorCode::out_of_memory) : Value::of_list(sorted);
}

// The text that a pattern without any operator stands for.
struct Literal {
  std::string text;
  std::uint8_t anchors = 0;
};

std::optional<Literal> literal_of(std::string_view pattern) {
  Literal literal;
  if (pattern.starts_with('^')) {
    literal.anchors |= anchored_front;
    pattern.remove_prefix(1);
  }
  const bool is_escaped_end = pattern.size() >= 2 && pattern[pattern.size() - 2] == '\\';
  if (pattern.ends_with('$') && !is_escaped_end) {
    literal.anchors |= anchored_back;
    pattern.remove_suffix(1);
  }
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\\') {
      if (++i == pattern.size()) return std::nullopt;
      c = pattern[i];
      if (std::ispunct(static_cast<unsigned char>(c)) == 0) return std::nullopt;
    } else if (std::string_view(".^$*+?()[]{}|").find(c) != std::string_view::npos || c < ' ' ||
               static_cast<unsigned char>(c) >= 0x80) {
      return std::nullopt;
    }
    literal.text += c;
  }
  return literal;
}

}  // namespace

// Takes the constant child into the record, and the slot if the other child is one.
// (By value: the constant may stand in the record that goes away.)
void Emitter::absorb(Record record, bool is_constant_first, Value constant) {
  const Record constant_child = child_of(record, is_constant_first ? 0 : 1);
  erase(constant_child, constant_child + 1);
  Op& op = at(record);
  op.constant = constant;
  op.skip -= 1;
  op.count = 1;
  const Op& operand = at(record + 1);
  if (operand.kind != OpKind::slot) return;
  op.number = operand.number;
  op.count = 0;
  op.skip = 1;
  code_.ops.resize(record + 1);
}

void Emitter::fuse(Record record, const Node& node) {
  const Op& op = at(record);
  if (op.test == test_equal || op.test == test_not_equal) {
    return fuse_equality(record, op.test == test_equal);
  }
  if (op.test == test_in) return fuse_in(record);
  if (op.value == value_call && op.count == 2 && node.has_flag(node_flag::is_method)) {
    fuse_text_call(record, code_.ast.name(node));
  }
}

void Emitter::fuse_equality(Record record, bool is_equal) {
  const Op& left = at(child_of(record, 0));
  const Op& right = at(child_of(record, 1));
  const bool is_constant_first = left.kind == OpKind::constant;
  if (!is_constant_first && right.kind != OpKind::constant) return;
  const Value constant = is_constant_first ? left.constant : right.constant;
  if (constant.is_error()) return;
  absorb(record, is_constant_first, constant);
  const bool from_slot = at(record).count == 0;
  Op& op = at(record);
  if (constant.is(Kind::string)) {
    op.test = is_equal ? equals_string.pick(from_slot) : differs_string.pick(from_slot);
    if (from_slot && is_equal) op.kind = OpKind::slot_equals;
  } else {
    op.test = is_equal ? equals_constant.pick(from_slot) : differs_constant.pick(from_slot);
  }
}

void Emitter::fuse_in(Record record) {
  const Op& left = at(child_of(record, 0));
  const Op& right = at(child_of(record, 1));
  if (right.kind == OpKind::constant && is_string_list(right.constant)) {
    const Value sorted = sorted_strings(right.constant, code_.constants);
    if (sorted.is_error()) return;
    absorb(record, false, sorted);
    const bool from_slot = at(record).count == 0;
    at(record).test = in_strings.pick(from_slot);
    if (from_slot) at(record).kind = OpKind::slot_in;
  } else if (left.kind == OpKind::constant && left.constant.is(Kind::string)) {
    absorb(record, true, left.constant);
    at(record).test = holds_string.pick(at(record).count == 0);
  }
}

void Emitter::fuse_text_call(Record record, std::string_view function) {
  if (function == "containsIP") return fuse_network(record);
  const Op& argument = at(child_of(record, 1));
  if (argument.kind != OpKind::constant || !argument.constant.is(Kind::string)) return;
  if (function == "matches") return fuse_matches(record);
  struct Named {
    std::string_view name;
    Family family;
  };
  const Named named[] = {
      {"startsWith", starts_with}, {"endsWith", ends_with}, {"contains", contains}};
  for (const Named& it : named) {
    if (it.name != function) continue;
    absorb(record, false, argument.constant);
    at(record).test = it.family.pick(at(record).count == 0);
    at(record).value = value_of_test;
  }
}

void Emitter::fuse_network(Record record) {
  const Op& network = at(child_of(record, 0));
  const bool is_v4 = network.kind == OpKind::constant && network.constant.is(Kind::cidr) &&
                     network.constant.address().is_v4;
  if (!is_v4) return;
  absorb(record, true, network.constant);
  at(record).test = network_contains.pick(at(record).count == 0);
  at(record).value = value_of_test;
}

bool Emitter::fuse_literal_pattern(Record record, std::string_view pattern, bool from_slot) {
  const auto literal = literal_of(pattern);
  if (!literal) return false;
  const auto text = code_.constants.copy(literal->text);
  if (!text) return false;
  at(record).test = matches_literal.pick(from_slot);
  at(record).value = value_of_test;
  at(record).constant = Value::of_string(*text);
  at(record).anchors = literal->anchors;
  return true;
}

void Emitter::fuse_matches(Record record) {
  const Value pattern = at(child_of(record, 1)).constant;
  std::string why;
  auto patterns = Patterns::make(pattern.text(), why);
  if (patterns == nullptr) {
    report(at(child_of(record, 1)), Value::error(ErrorCode::bad_argument, why));
    return;  // fails whenever it is evaluated
  }
  absorb(record, false, pattern);
  const bool from_slot = at(record).count == 0;
  if (fuse_literal_pattern(record, pattern.text(), from_slot)) return;
  at(record).test = matches.pick(from_slot);
  at(record).value = value_of_test;
  at(record).data = patterns.get();
  code_.patterns.push_back(std::move(patterns));
}

}  // namespace cel

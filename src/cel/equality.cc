#include "cel/function.h"
#include "cel/number.h"

namespace cel {
namespace {

// Recursion follows the values, whose depth is that of JSON documents and syntax trees: limited.
bool equal_lists(const List& left, const List& right, Evaluation& evaluation) {
  if (left.size() != right.size()) return false;
  Cursor left_cursor;
  Cursor right_cursor;
  Value left_element;
  Value right_element;
  while (left.next(left_cursor, evaluation.arena(), left_element) &&
         right.next(right_cursor, evaluation.arena(), right_element)) {
    if (!evaluation.spend(1) || !equal(left_element, right_element, evaluation)) return false;
  }
  return true;
}

bool equal_maps(const Map& left, const Map& right, Evaluation& evaluation) {
  if (left.size() != right.size()) return false;
  Cursor cursor;
  Entry entry;
  while (left.next(cursor, evaluation.arena(), entry)) {
    if (!evaluation.spend(1 + right.size() / 32)) return false;
    const auto found = right.find(entry.key, evaluation.arena());
    if (!found || !equal(entry.value, *found, evaluation)) return false;
  }
  return true;
}

bool equal_optionals(const Value* left, const Value* right, Evaluation& evaluation) {
  if (left == nullptr || right == nullptr) return left == right;
  return equal(*left, *right, evaluation);
}

bool equal_texts(const Value& left, const Value& right, Evaluation& evaluation) {
  return left.text().size() == right.text().size() && evaluation.spend_bytes(left.text().size()) &&
         left.text() == right.text();
}

bool equal_of_one_kind(const Value& left, const Value& right, Evaluation& evaluation) {
  switch (left.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return left.as_bool() == right.as_bool();
    case Kind::string:
    case Kind::bytes:
    case Kind::type:
      return equal_texts(left, right, evaluation);
    case Kind::list:
      return equal_lists(left.as_list(), right.as_list(), evaluation);
    case Kind::map:
      return equal_maps(left.as_map(), right.as_map(), evaluation);
    case Kind::timestamp:
      return left.seconds() == right.seconds() && left.nanoseconds() == right.nanoseconds();
    case Kind::duration:
      return left.as_duration() == right.as_duration();
    case Kind::ip:
      return left.address() == right.address();
    case Kind::cidr:
      return left.address() == right.address() && left.prefix_length() == right.prefix_length();
    case Kind::optional:
      return equal_optionals(left.as_optional(), right.as_optional(), evaluation);
    default:
      return false;
  }
}

}  // namespace

bool equal(const Value& left, const Value& right, Evaluation& evaluation) {
  if (left.is_number() && right.is_number()) return compare_numbers(left, right) == Order::equal;
  return left.kind() == right.kind() && equal_of_one_kind(left, right, evaluation);
}

}  // namespace cel

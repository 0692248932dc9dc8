// Bits of int, uint and short bytes: math.bitAnd, bitOr, bitXor, bitNot, bitShiftLeft,
// bitShiftRight.

#include <array>
#include <functional>

#include "cel/detail_library.h"

namespace cel {
namespace {

constexpr std::size_t bytes_max = 32;

// The bits of an int or uint, and the other way round.
std::uint64_t bits_of(const Value& value) {
  return value.is(Kind::integer) ? static_cast<std::uint64_t>(value.as_int()) : value.as_uint();
}
Value of_bits(Kind kind, std::uint64_t bits) {
  return kind == Kind::integer ? Value::of_int(static_cast<std::int64_t>(bits))
                               : Value::of_uint(bits);
}

template <class Operation>
Value combine_bytes(Evaluation& evaluation, Arguments arguments, Operation operation) {
  const std::string_view left = arguments[0].as_bytes();
  const std::string_view right = arguments[1].as_bytes();
  if (left.size() != right.size() || left.size() > bytes_max) {
    return Value::error(ErrorCode::bad_argument, "bytes must have the same size, at most 32");
  }
  char* memory = evaluation.arena().make_text(left.size());
  if (memory == nullptr) return evaluation.out_of_memory();
  for (std::size_t i = 0; i < left.size(); ++i) {
    memory[i] = static_cast<char>(
        operation(static_cast<unsigned char>(left[i]), static_cast<unsigned char>(right[i])));
  }
  return Value::of_bytes({memory, left.size()});
}

template <class Operation>
Value combine(Evaluation& evaluation, Arguments arguments, Operation operation) {
  if (arguments[0].is(Kind::bytes)) return combine_bytes(evaluation, arguments, operation);
  return of_bits(arguments[0].kind(), operation(bits_of(arguments[0]), bits_of(arguments[1])));
}

Value bit_and(Evaluation& evaluation, Arguments arguments) {
  return combine(evaluation, arguments, std::bit_and<>());
}
Value bit_or(Evaluation& evaluation, Arguments arguments) {
  return combine(evaluation, arguments, std::bit_or<>());
}
Value bit_xor(Evaluation& evaluation, Arguments arguments) {
  return combine(evaluation, arguments, std::bit_xor<>());
}
Value bit_not(Evaluation&, Arguments arguments) {
  return of_bits(arguments[0].kind(), ~bits_of(arguments[0]));
}

Value shift(Arguments arguments, bool is_left) {
  const std::int64_t places = arguments[1].as_int();
  if (places < 0) return Value::error(ErrorCode::out_of_range, "a shift by a negative number");
  if (places >= 64) return of_bits(arguments[0].kind(), 0);
  const std::uint64_t bits = bits_of(arguments[0]);
  // Zeros move in, also from the left into an int.
  return of_bits(arguments[0].kind(), is_left ? bits << places : bits >> places);
}

Value shift_left(Evaluation&, Arguments arguments) {
  return shift(arguments, true);
}
Value shift_right(Evaluation&, Arguments arguments) {
  return shift(arguments, false);
}

constexpr std::array table{
    Overload{"math.bitAnd", "(int, int) -> int", bit_and},
    Overload{"math.bitAnd", "(uint, uint) -> uint", bit_and},
    Overload{"math.bitAnd", "(bytes, bytes) -> bytes", bit_and},
    Overload{"math.bitOr", "(int, int) -> int", bit_or},
    Overload{"math.bitOr", "(uint, uint) -> uint", bit_or},
    Overload{"math.bitOr", "(bytes, bytes) -> bytes", bit_or},
    Overload{"math.bitXor", "(int, int) -> int", bit_xor},
    Overload{"math.bitXor", "(uint, uint) -> uint", bit_xor},
    Overload{"math.bitXor", "(bytes, bytes) -> bytes", bit_xor},
    Overload{"math.bitNot", "(int) -> int", bit_not},
    Overload{"math.bitNot", "(uint) -> uint", bit_not},
    Overload{"math.bitShiftLeft", "(int, int) -> int", shift_left},
    Overload{"math.bitShiftLeft", "(uint, int) -> uint", shift_left},
    Overload{"math.bitShiftRight", "(int, int) -> int", shift_right},
    Overload{"math.bitShiftRight", "(uint, int) -> uint", shift_right},
};

}  // namespace

std::span<const Overload> bit_functions() {
  return table;
}

}  // namespace cel

#pragma once
// The state of one evaluation: its memory and its fuel. When either runs out the evaluation is
// *aborted*: every operation returns that error from then on, and no operator absorbs it.
//
// Fuel: 1 for a node, 1 for a loop's element, 1 for each 32 bytes (or entries) an operation may
// touch.

#include <cstdint>
#include <string_view>

#include "cel/value.h"

namespace cel {

inline constexpr std::uint64_t default_fuel = 100'000;

class Evaluation {
 public:
  explicit Evaluation(std::uint64_t fuel = default_fuel, std::size_t arena_cap = Arena::default_cap)
      : arena_(arena_cap), fuel_(fuel) {}

  // Makes it as new: what earlier evaluations made becomes invalid.
  void begin(std::uint64_t fuel) {
    arena_.reset();
    fuel_ = fuel;
    is_aborted_ = false;
  }
  // Leaves at most `fuel` for what comes next and returns the rest, to be given back afterwards.
  std::uint64_t hold_back(std::uint64_t fuel) {
    const std::uint64_t kept = fuel_ > fuel ? fuel_ - fuel : 0;
    fuel_ -= kept;
    return kept;
  }
  void give_back(std::uint64_t units) { fuel_ += units; }

  Arena& arena() { return arena_; }
  std::uint64_t fuel() const { return fuel_; }

  // False if there was not that much left: then the evaluation is aborted.
  bool spend(std::uint64_t units) {
    if (fuel_ >= units) {
      fuel_ -= units;
      return true;
    }
    fuel_ = 0;
    is_aborted_ = true;
    return false;
  }
  bool spend_bytes(std::size_t bytes) { return spend(bytes / 32); }
  bool is_aborted() const { return is_aborted_; }

  // The error to return after spend() or an allocation failed.
  Value out_of_fuel() {
    is_aborted_ = true;
    return Value::error(ErrorCode::out_of_fuel, "budget exceeded");
  }
  Value out_of_memory() {
    is_aborted_ = true;
    return Value::error(ErrorCode::out_of_memory, "memory limit exceeded");
  }

  // Values in the arena; out_of_memory() if it is full.
  Value string(std::string_view text);
  Value bytes(std::string_view bytes);
  Value list(const Value* values, std::size_t size);
  Value map(const Entry* entries, std::size_t size);
  Value some(const Value& value);  // optional.of(value)
  // An error whose detail is copied to the arena.
  Value fail(ErrorCode code, std::string_view detail);

 private:
  Arena arena_;
  std::uint64_t fuel_;
  bool is_aborted_ = false;
};

}  // namespace cel

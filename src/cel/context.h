#pragma once
// One request as compiled programs see it: where attributes come from, those already fetched, and
// the memory and fuel of the evaluation that runs. About 10 KiB; make one per request on the stack
// or in the request's frame and use it for every rule. Not for two threads.
//
// While a list is filtered, the same Context serves all items: change what the source returns and
// call next_item(), which forgets only the attributes of an item (phase `list` and later).

#include <array>
#include <cstdint>
#include <memory>

#include "base/frame_pool.h"
#include "cel/attributes.h"
#include "cel/environment.h"
#include "cel/evaluation.h"

namespace cel {

// Fuel of one rule, and of one decision of a rule set or one evaluation that stands alone.
struct Budget {
  std::uint64_t rule_fuel = default_fuel;
  std::uint64_t decision_fuel = 10 * default_fuel;
  std::size_t arena_cap = Arena::default_cap;
};

// Three-state logic: `error` is an evaluation error, a result that is no bool, or an exhausted
// budget. The numbers are bits, so that a set of possible outcomes is a byte.
enum class Truth : std::uint8_t { no = 1, yes = 2, error = 4 };

class Context {
 public:
  // Both must outlive the Context. Programs compiled after this was made cannot be run in it.
  Context(const Environment& environment, const AttributeSource& source,
          const Budget& budget = Budget());
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() = default;

  // It is ten kilobytes, and there is one for each request that meets a rule.
  static void* operator new(std::size_t size) { return FramePool::allocate(size); }
  static void operator delete(void* context, std::size_t size) {
    FramePool::release(context, size);
  }

  // What depends on the item of a list or on the call is fetched again when it is next read.
  void next_item();
  // The phase of the decisions that follow. With Phase::list, attributes of later phases are
  // unknown rather than absent (see RuleSet::decide).
  void set_phase(Phase phase) { phase_ = phase; }
  Phase phase() const { return phase_; }

  // For the engine.
  const Environment& environment() const { return environment_; }
  const AttributeSource& source() const { return source_; }
  const Budget& budget() const { return budget_; }
  Evaluation& evaluation() { return evaluation_; }
  // The value of a slot, or error no_such_key.
  const Value& get(std::uint32_t slot) {
    if ((resolved_[slot / 64] >> (slot % 64) & 1) == 0) resolve(slot);
    return slots_[slot];
  }
  // The value of an attribute as a whole (a closed record is a view).
  Value get_attribute(AttributeIndex attribute);
  Value& local(std::uint32_t number) { return locals_[number]; }
  // Why the last test() that said Truth::error did so.
  const Value& error() const { return error_; }
  Truth fail(const Value& error) {
    error_ = error;
    return Truth::error;
  }
  // What is known of a term that several rules share: a Truth, or 0.
  std::uint32_t atom(std::uint32_t number, bool is_of_item) const {
    const std::uint32_t kept = atoms_[number];
    return kept >> truth_bits == generation(is_of_item) ? kept & truth_mask : 0;
  }
  void keep_atom(std::uint32_t number, bool is_of_item, Truth truth) {
    atoms_[number] = generation(is_of_item) << truth_bits | static_cast<std::uint32_t>(truth);
  }
  // Starts a decision or a lone evaluation: fresh fuel and memory.
  void begin() { evaluation_.begin(budget_.decision_fuel); }

 private:
  void resolve(std::uint32_t slot);
  std::uint32_t generation(bool is_of_item) const { return is_of_item ? item_ : 1; }

  static constexpr unsigned truth_bits = 3;
  static constexpr std::uint32_t truth_mask = 7;

  static constexpr std::size_t slots_inline = 64;
  static constexpr std::size_t locals_inline = 16;

  // resolved_ says which of them have been made.
  union Slots {
    Slots() {}  // NOLINT(modernize-use-equals-default): that would make all of them
    std::array<Value, slots_inline> values;
  };
  std::array<Value, locals_inline> locals_storage_;
  Slots slots_storage_;
  const Environment& environment_;
  const AttributeSource& source_;
  Budget budget_;
  Phase phase_ = Phase::call;
  Value* slots_;
  std::uint64_t* resolved_;
  Value* locals_;
  std::uint32_t* atoms_;
  std::uint32_t item_ = 1;  // number of the current item: older items' atoms are unknown again
  Value error_;
  std::uint64_t resolved_inline_ = 0;
  Arena attribute_arena_;  // views of attributes: kept until the request ends
  Evaluation evaluation_;  // temporaries of one decision
  std::unique_ptr<Value[]> more_slots_;
  std::unique_ptr<std::uint64_t[]> more_resolved_;
  std::unique_ptr<Value[]> more_locals_;
  std::unique_ptr<std::uint32_t[]> atoms_storage_;
};

}  // namespace cel

#include "cel/context.h"

namespace cel {
namespace {

// `value.field` where `value` is that of another slot. An attribute that is not there at all (no
// token) is null, and its fields are missing keys rather than type errors.
Value field_of(const Value& value, const Slot& slot, bool is_root, Arena& arena) {
  if (value.is_error()) return value;
  if (value.is(Kind::map)) {
    const auto found = value.as_map().find_field(slot.field, arena);
    return found ? *found : Value::error(ErrorCode::no_such_key, slot.field);
  }
  if (value.is_null() && is_root) return Value::error(ErrorCode::no_such_key, slot.field);
  return Value::error(ErrorCode::no_such_overload, "select");
}

constexpr std::size_t copied_list_max = 64;

// A short list is copied out of its view once, so that every rule that searches it walks an array.
Value flattened(const Value& value, Arena& arena) {
  if (!value.is(Kind::list)) return value;
  const std::size_t size = value.as_list().size();
  if (size == 0 || size > copied_list_max) return value;
  Value* elements = arena.make_values(size);
  if (elements == nullptr) return value;
  Cursor cursor;
  for (std::size_t i = 0; i < size; ++i) {
    if (!value.as_list().next(cursor, arena, elements[i]) || elements[i].is_error()) return value;
  }
  const auto* list = arena.make<ArrayList>(elements, size);
  return list == nullptr ? value : Value::of_list(list);
}

}  // namespace

Context::Context(const Environment& environment, const AttributeSource& source,
                 const Budget& budget)
    : environment_(environment),
      source_(source),
      budget_(budget),
      slots_(slots_storage_.values.data()),
      resolved_(&resolved_inline_),
      locals_(locals_storage_.data()),
      atoms_(nullptr),
      attribute_arena_(budget.arena_cap),
      evaluation_(budget.decision_fuel, budget.arena_cap) {
  const std::size_t slots = environment.slots().size();
  if (slots > slots_inline) {
    more_slots_ = std::make_unique<Value[]>(slots);
    more_resolved_ = std::make_unique<std::uint64_t[]>((slots + 63) / 64);
    slots_ = more_slots_.get();
    resolved_ = more_resolved_.get();
  }
  if (environment.locals_max() > locals_inline) {
    more_locals_ = std::make_unique<Value[]>(environment.locals_max());
    locals_ = more_locals_.get();
  }
  if (environment.atom_count() > 0) {
    atoms_storage_ = std::make_unique<std::uint32_t[]>(environment.atom_count());
    atoms_ = atoms_storage_.get();
  }
}

void Context::next_item() {
  const std::vector<std::uint64_t>& items = environment_.item_slots();
  for (std::size_t i = 0; i < items.size(); ++i) resolved_[i] &= ~items[i];
  ++item_;
}

void Context::resolve(std::uint32_t slot) {
  const Slot& what = environment_.slots()[slot];
  if (what.parent == Slot::no_parent) {
    slots_[slot] =
        cel::get_attribute(environment_.attributes(), what.attribute, source_, attribute_arena_);
  } else {
    const bool is_root = environment_.slots()[what.parent].parent == Slot::no_parent;
    slots_[slot] = field_of(get(what.parent), what, is_root, attribute_arena_);
  }
  slots_[slot] = flattened(slots_[slot], attribute_arena_);
  resolved_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

}  // namespace cel

#include "cel/environment.h"

namespace cel {

void Environment::declare_function(std::string name, std::string signature) {
  declared_.emplace_back(std::move(name), std::move(signature));
}

std::uint32_t Environment::add(Slot slot) {
  const auto number = static_cast<std::uint32_t>(slots_.size());
  if (item_slots_.size() * 64 <= number) item_slots_.push_back(0);
  if (slot.phase >= Phase::list) item_slots_[number / 64] |= std::uint64_t{1} << (number % 64);
  slots_.push_back(std::move(slot));
  return number;
}

std::uint32_t Environment::slot_of(AttributeIndex attribute) {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].parent == Slot::no_parent && slots_[i].attribute == attribute) return i;
  }
  Slot slot;
  slot.attribute = attribute;
  slot.phase = attributes_[attribute].phase;
  // A closed record is as late as the latest of its fields: it is a view of all of them.
  if (attributes_[attribute].record == Record::closed) {
    const std::string prefix = std::string(attributes_[attribute].path) + ".";
    for (const Attribute& other : attributes_) {
      if (other.path.starts_with(prefix)) slot.phase = std::max(slot.phase, other.phase);
    }
  }
  return add(std::move(slot));
}

std::uint32_t Environment::slot_below(std::uint32_t parent, std::string_view field) {
  const auto [found, is_new] = numbers_.try_emplace({parent, std::string(field)}, 0);
  if (!is_new) return found->second;
  Slot slot;
  slot.attribute = slots_[parent].attribute;
  slot.parent = parent;
  slot.field = field;
  slot.phase = slots_[parent].phase;
  found->second = add(std::move(slot));
  return found->second;
}

std::uint32_t Environment::atom(std::string key) {
  const auto next = static_cast<std::uint32_t>(atoms_.size());
  return atoms_.try_emplace(std::move(key), next).first->second;
}

bool Environment::uses(AttributeIndex attribute) const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [&](const Slot& slot) { return slot.attribute == attribute; });
}

bool Environment::uses(std::string_view path) const {
  const auto index = find_attribute(attributes_, path);
  return index && uses(*index);
}

}  // namespace cel

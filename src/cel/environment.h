#pragma once
// What expressions may speak of: the host's table of attributes, and the slots for every path that
// a compiled expression reads ("jwt.nested.key", `request.headers["x-team"]`). All rules of one
// configuration are compiled with one Environment, so a path is looked up at most once a request,
// however many rules read it.
//
// Compiling adds slots and is for one thread; after the last compile() an Environment is only read
// and may be shared by threads. It must outlive the programs and contexts made with it.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/attributes.h"
#include "cel/function.h"

namespace cel {

// A place for a value that is read: an attribute, or a constant field of another slot's value.
struct Slot {
  static constexpr std::uint32_t no_parent = 0xffffffff;

  AttributeIndex attribute = 0;
  std::uint32_t parent = no_parent;
  std::string field;
  Phase phase = Phase::always;
};

class Environment {
 public:
  // The table must outlive the Environment.
  explicit Environment(AttributeTable attributes) : attributes_(attributes) {}
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() = default;

  AttributeTable attributes() const { return attributes_; }

  // Names are tried inside this dotted namespace first ("com.example"); conformance tests use it.
  void set_container(std::string container) { container_ = std::move(container); }
  const std::string& container() const { return container_; }
  // Functions beyond the library that the checker knows and nothing can call; name, signature.
  void declare_function(std::string name, std::string signature);
  const std::deque<std::pair<std::string, std::string>>& declared_functions() const {
    return declared_;
  }

  // The slot of that attribute, or of a field of a slot's value; made at need.
  std::uint32_t slot_of(AttributeIndex attribute);
  std::uint32_t slot_below(std::uint32_t parent, std::string_view field);
  const std::vector<Slot>& slots() const { return slots_; }
  // One bit a slot: is it of a list's item or of a call, and not of the request as a whole?
  const std::vector<std::uint64_t>& item_slots() const { return item_slots_; }

  // How much room contexts must have ready, so that no evaluation needs to allocate it.
  void need_locals(std::uint32_t count) { locals_max_ = std::max(locals_max_, count); }
  std::uint32_t locals_max() const { return locals_max_; }
  std::uint32_t atom_count() const { return static_cast<std::uint32_t>(atoms_.size()); }
  // The number of a term that rules share, made at need. Equal keys are equal terms.
  std::uint32_t atom(std::string key);

  // Is that attribute read by any program? So a host knows, say, whether to keep bodies.
  bool uses(AttributeIndex attribute) const;
  bool uses(std::string_view path) const;

 private:
  AttributeTable attributes_;
  std::string container_;
  std::deque<std::pair<std::string, std::string>> declared_;
  std::uint32_t add(Slot slot);

  std::vector<Slot> slots_;
  std::vector<std::uint64_t> item_slots_;
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> numbers_;
  std::uint32_t locals_max_ = 0;
  std::map<std::string, std::uint32_t> atoms_;
};

}  // namespace cel

#pragma once
// What expressions may speak of: the host's table of attributes, and the slots for every path that
// a compiled expression reads ("jwt.nested.key", `request.headers["x-team"]`). All rules of one
// configuration are compiled with one Environment, so a path is looked up at most once a request,
// however many rules read it.
//
// Compiling adds slots and is for one thread; after the last compile() an Environment is only read
// and may be shared by threads. It must outlive the programs and contexts made with it.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cel/attributes.h"
#include "cel/function.h"

namespace cel {

// A path that is read: the attribute and the constant field names below it.
struct Slot {
  AttributeIndex attribute = 0;
  std::vector<std::string> fields;
  Phase phase = Phase::always;
};

class Environment {
 public:
  // The table must outlive the Environment.
  explicit Environment(AttributeTable attributes) : attributes_(attributes) {}
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  AttributeTable attributes() const { return attributes_; }

  // Names are tried inside this dotted namespace first ("com.example"); conformance tests use it.
  void set_container(std::string container) { container_ = std::move(container); }
  const std::string& container() const { return container_; }
  // Functions beyond the library that the checker knows and nothing can call; name, signature.
  void declare_function(std::string name, std::string signature);
  const std::deque<std::pair<std::string, std::string>>& declared_functions() const {
    return declared_;
  }

  // The slot of that path, made at need.
  std::uint32_t slot(AttributeIndex attribute, const std::vector<std::string>& fields);
  const std::vector<Slot>& slots() const { return slots_; }
  // Is that attribute read by any program? So a host knows, say, whether to keep bodies.
  bool uses(AttributeIndex attribute) const;
  bool uses(std::string_view path) const;

 private:
  AttributeTable attributes_;
  std::string container_;
  std::deque<std::pair<std::string, std::string>> declared_;
  std::vector<Slot> slots_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

}  // namespace cel

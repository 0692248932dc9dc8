#pragma once
// Member names as a reader without regard to case takes them. Go's encoding/json matches names by
// Unicode simple folding, the last one wins: "Name" behind "name" would run another tool than the
// one that was authorized.

#include <span>
#include <string_view>

#include "json/value.h"

namespace mcp {

// Whether `name` folds to one of `known` without being one of them. These are ASCII, and none folds
// to another.
bool is_twin(std::string_view name, std::span<const std::string_view> known);
// The first member of `object` of which that is true; empty if there is none.
std::string_view folded_twin(json::Value object, std::span<const std::string_view> known);

// Whether `name` folds to `known`: ASCII case, the long s and the Kelvin sign.
bool folds_to(std::string_view name, std::string_view known);

}  // namespace mcp

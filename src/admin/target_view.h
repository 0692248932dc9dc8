#pragma once
// The targets that are served, each once, with how they fare.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/write.h"
#include "runtime/snapshot.h"

namespace admin {

// "1-everything": the number that the target has for as long as it is the same, and its name.
std::string target_id(std::uint64_t number, std::string_view name);

struct ServedTarget {
  std::shared_ptr<const runtime::TargetEntry> entry;
  std::vector<std::string> routes;  // their keys
};

// In the order of the routes.
std::vector<ServedTarget> served_targets(const runtime::Snapshot& snapshot);
std::string id_of(const runtime::TargetEntry& entry);
void write_target(json::Writer& writer, const ServedTarget& target);

}  // namespace admin

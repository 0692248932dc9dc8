#pragma once
// What is served where, for the log.

#include <cstdint>
#include <map>

#include "base/log.h"
#include "runtime/snapshot.h"

namespace app {

// One line a route. `ports` are the actual ones by the configured ones.
void announce(const Log& log, const runtime::Snapshot& snapshot,
              const std::map<std::uint16_t, std::uint16_t>& ports);

}  // namespace app

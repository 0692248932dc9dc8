#pragma once
// How much of what a server says is kept for a client that reads slowly or not at all.

#include <cstddef>

namespace upstream {

// Of one call: beyond either its server waits. Of what belongs to no call: the oldest are dropped.
struct QueueLimits {
  std::size_t events = 256;
  std::size_t bytes = std::size_t{1} << 20;
  bool operator==(const QueueLimits&) const = default;
};

}  // namespace upstream

#pragma once
// How long a request may take. Not in the chain: the deadline is set when the route is found and
// holds for everything after it.

#include <chrono>
#include <optional>

#include "schema/schema.h"

namespace policy {

struct TimeoutSettings {
  std::optional<std::chrono::milliseconds> request;  // until the answer is complete: 504
  std::optional<std::chrono::milliseconds>
      backend_request;  // until the backend's answer begins: 504
  bool operator==(const TimeoutSettings&) const = default;
};
void describe(schema::Object<TimeoutSettings>& o);

}  // namespace policy

#pragma once
// A fixed answer instead of a backend.

#include <memory>
#include <string>

#include "policy/build.h"
#include "policy/policy.h"
#include "schema/schema.h"

namespace policy {

struct DirectResponseSettings {
  std::uint16_t status = 200;
  std::string body;
  bool operator==(const DirectResponseSettings&) const = default;
};
void describe(schema::Object<DirectResponseSettings>& o);

std::unique_ptr<const Policy> make_direct_response(const DirectResponseSettings& settings,
                                                   BuildContext& context);

}  // namespace policy

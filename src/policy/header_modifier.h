#pragma once
// Fixed changes of header fields: requestHeaderModifier on the way in, responseHeaderModifier on
// the way out. Within one policy: remove, then set, then add.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policy/build.h"
#include "policy/policy.h"
#include "schema/schema.h"

namespace policy {

struct HeaderModifierSettings {
  std::map<std::string, std::string> add;
  std::map<std::string, std::string> set;
  std::vector<std::string> remove;
  bool operator==(const HeaderModifierSettings&) const = default;
};
void describe(schema::Object<HeaderModifierSettings>& o);

std::unique_ptr<const Policy> make_request_header_modifier(const HeaderModifierSettings& settings,
                                                           BuildContext& context);
std::unique_ptr<const Policy> make_response_header_modifier(const HeaderModifierSettings& settings,
                                                            BuildContext& context);

}  // namespace policy

#pragma once
// Knows callers by name and password (RFC 7617), against a list that htpasswd wrote. Comparing is
// slow, so a login is undecided until a thread elsewhere has compared; what was right is remembered
// for a while.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/credential.h"
#include "policy/policy.h"

namespace policy {

// strict: a right password, or 401. optional: none is anonymous, a wrong one is 401.
enum class BasicAuthMode { strict, optional };
std::vector<std::string> spellings(BasicAuthMode);

// Exactly one of the two.
struct HtpasswdSettings {
  std::optional<std::string> file;  // relative to the working directory
  std::optional<std::string> text;  // the list itself
  bool operator==(const HtpasswdSettings&) const = default;
};
void describe(schema::Object<HtpasswdSettings>& o);

struct BasicAuthSettings {
  BasicAuthMode mode = BasicAuthMode::optional;
  HtpasswdSettings htpasswd;
  std::string realm = "Restricted";
  std::optional<LocationSettings> location;
  bool operator==(const BasicAuthSettings&) const = default;
};
void describe(schema::Object<BasicAuthSettings>& o);

std::unique_ptr<const Policy> make_basic_auth(const BasicAuthSettings& settings,
                                              BuildContext& context);

}  // namespace policy

#pragma once
// `backendAuth` of one of several targets: each target is told about the caller what its own
// settings say, and those without settings what those of the backend or the route say.

#include <map>
#include <memory>
#include <string>

#include "policy/backend_auth.h"

namespace policy {

using SharedAuth = std::shared_ptr<const BackendAuth>;

// All of them as one. `others` is for targets that are not in `of_targets`; null: they get nothing.
// What one target cannot be given fails the request, with the target's name.
SharedAuth make_target_auth(SharedAuth others, std::map<std::string, SharedAuth> of_targets);

}  // namespace policy

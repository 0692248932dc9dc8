#pragma once
// Everything that a server lists, asked with a session of the gateway's own: for the operator, who
// sees more than any client.

#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "gateway/explain.h"
#include "upstream/upstream.h"

namespace gateway {

// Tools, prompts and resources of the target, in the order in which it names them; at most
// `inventory_max` of a kind. What a server does not offer is not asked for. Fails as Target::open
// does, and if a list is no list.
inline constexpr std::size_t inventory_max = 2'000;
Task<Result<std::vector<Thing>>> take_inventory(std::shared_ptr<upstream::Site> site,
                                                upstream::Target& target, Deadline deadline);

}  // namespace gateway

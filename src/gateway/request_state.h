#pragma once
// What a stateless client brings back with its answers (requestState): which parked call they are
// for, sealed together with whose it is and what was asked, so that it cannot be made up, altered,
// used by another caller, for another request, or after its time.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "gateway/session_id.h"
#include "mcp/message.h"
#include "mcp/modern.h"

namespace gateway {

// Instead of a parked call: none waits, the request is to be made again.
inline const SessionNumber nothing_parked{SessionNumber::Bytes{}};

// What a request with answers must have in common with the one that was asked: method, name or URI,
// arguments, and what its client can be asked.
std::string state_subject(const mcp::Message& request, const mcp::AskCapabilities& asks);

std::string seal_state(const SessionIds& ids, const SessionNumber& number, const Binding& binding,
                       std::string_view subject, WallTime end);
// Nothing for anything but what seal_state() made of the same, in time.
std::optional<SessionNumber> open_state(const SessionIds& ids, std::string_view state,
                                        const Binding& binding, std::string_view subject,
                                        WallTime now);

}  // namespace gateway

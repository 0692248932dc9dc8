#pragma once
// The answer to an address that has shown too many wrong credentials. Policies that authenticate
// ask before they judge what they do not know to be right, and say what was wrong.

#include <optional>

#include "http/message.h"
#include "policy/exchange.h"

namespace policy {

// How long nothing new of the caller's address is judged, if so.
std::optional<Duration> locked_for(const Exchange& exchange);
// 429 with Retry-After if nothing new of the caller's address is judged.
std::optional<http::Response> locked_out(Exchange& exchange);
// What the caller has shown was wrong, and it is refused.
void note_failure(Exchange& exchange);
// What the caller has shown was wrong for a policy that lets it pass. Another one may know the
// caller by it, so this counts only if nobody has when the exchange is settled.
void note_doubt(Exchange& exchange);
// To be called when no policy is asked any more.
void settle_doubt(Exchange& exchange);

}  // namespace policy

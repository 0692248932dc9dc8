#pragma once
// What is asked about the caller of a request whichever revision of MCP it speaks.

#include <memory>
#include <string>

#include "auth/credentials.h"
#include "base/result.h"
#include "policy/exchange.h"
#include "runtime/snapshot.h"

namespace gateway {

// Whose a session counts as. All callers without a token are one principal; for counting they are
// told apart by address, so that one cannot use up the sessions of the others.
std::string owner_of(const policy::Exchange& exchange);

// What the backend gets to see of this request's caller; null: nothing. An error if there should be
// something and is not.
Task<Result<std::shared_ptr<const auth::Credentials>>> backend_credentials(
    const runtime::Route& route, policy::Exchange& exchange);

}  // namespace gateway

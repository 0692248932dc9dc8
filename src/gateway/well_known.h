#pragma once
// Where a client that has no token yet learns how to get one for a route with mcpAuthentication:
// the well-known documents of its protected resource (RFC 9728) and of its authorization server
// (RFC 8414), and what the gateway does in that server's stead. They are answered before any
// policy, since those who ask are nobody yet.

#include "base/task.h"
#include "gateway/core.h"
#include "http/message.h"
#include "policy/exchange.h"
#include "policy/policy.h"
#include "runtime/snapshot.h"

namespace gateway {

// Whether the path can be one of theirs; cheap.
inline bool may_be_well_known(const http::Request& request) {
  return request.target.starts_with("/.well-known/oauth-");
}

// Answers if a route of the listener has such a document, and passes otherwise. The path after the
// well-known prefix is routed like the request of a client that uses the resource; the form without
// a path is that of the only such route.
Task<policy::Verdict> serve_well_known(Core& core, const runtime::Listener& listener,
                                       policy::Exchange& exchange);

// A listener's policy has refused a request for want of a token: if a route would have taken it
// that has such a document, the refusal says where.
void complete_challenge(const runtime::Listener& listener, const policy::Exchange& exchange,
                        http::Response& refusal);

}  // namespace gateway

#pragma once
// Where a client learns who issues tokens for a route with mcpAuthentication: the well-known
// documents of its protected resource (RFC 9728). They are answered before any policy, since those
// who ask have no token.

#include <optional>

#include "http/message.h"
#include "policy/exchange.h"
#include "runtime/snapshot.h"

namespace gateway {

// The answer, if the request is for such a document and a route of the listener has it. The path
// after the well-known prefix is routed like the request of a client that uses the resource; the
// form without a path is that of the only such route.
std::optional<http::Response> resource_metadata(const runtime::Listener& listener,
                                                policy::Exchange& exchange);

// A listener's policy has refused a request for want of a token: if a route would have taken it
// that has such a document, the refusal says where.
void complete_challenge(const runtime::Listener& listener, const policy::Exchange& exchange,
                        http::Response& refusal);

}  // namespace gateway

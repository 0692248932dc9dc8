#pragma once
// Which fields may be passed on, and which may not occur twice.

#include <string_view>

#include "base/result.h"
#include "http/headers.h"

namespace http {

// Fields that belong to one connection (RFC 9110, 7.6.1), with the proxy's own credentials.
bool is_hop_by_hop(std::string_view name);

// Fields that decide things. A second copy could be read by somebody else than the first:
// authorization, host, content-length, content-type, transfer-encoding, mcp-*, origin.
bool must_be_single(std::string_view name);

// A name with '_' that equals a known field once '_' is read as '-', as some servers do.
bool is_disguised(std::string_view name);

// Removes hop-by-hop fields and what `Connection` names, except for what must_be_single() names and
// what the gateway itself adds (cookie, forwarded, x-forwarded-*, traceparent, ...): a client
// cannot make those vanish between their check and their use. For a request on its way to an
// upstream.
void strip_request(Headers& headers);
// The same for an answer on its way to a client; Alt-Svc is removed too.
void strip_response(Headers& headers);

// Fault::bad_request if a field that must be single occurs twice.
Result<> check_single(const Headers& headers);

}  // namespace http

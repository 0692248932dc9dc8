#pragma once
// Refuses what a page of another site makes a browser send: MCP demands that an Origin is valid
// (MCP 2025-11-25, transports, security warning), which also ends DNS rebinding.

#include <optional>

#include "policy/exchange.h"

namespace gateway {

// Why the request is refused, or nothing. `protection` is the backend's dnsRebindingProtection.
std::optional<std::string_view> refused_origin(const policy::Exchange& exchange,
                                               std::optional<bool> protection);

}  // namespace gateway

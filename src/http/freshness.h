#pragma once
// How long an answer says it may be used (RFC 9111, 4.2.1 and 5.2.2).

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "http/headers.h"

namespace http {

// Nothing if it does not say. `no-store` and `no-cache` are zero; max-age comes before Expires,
// and Expires counts from Date, or from `now` without one. An invalid time is one in the past.
std::optional<std::chrono::seconds> freshness_of(const Headers& headers, WallTime now);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7), the one form that is still sent.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace http

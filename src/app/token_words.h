#pragma once
// What tokens say, in words for a terminal.

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "json/value.h"

namespace app {

// "2027-01-15 08:00:00 UTC (in 3 hours)".
std::string words_of(WallTime time, WallTime now);
// The value as JSON on one line, safe for a terminal; a NumericDate (`exp`, `nbf`, `iat`,
// `auth_time`) with its time in words.
std::string words_of_claim(std::string_view name, json::Value value, WallTime now);

// The token in that file, less the white space around it and a `Bearer ` before it.
Result<std::string> read_token(const std::string& path);

}  // namespace app

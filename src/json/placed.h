#pragma once
// For people who look for a mistake in a text of their own.

#include <string>
#include <string_view>

#include "base/error.h"

namespace json {

// Why `text` could not be parsed, with the line and the column (in characters, both from 1) where
// the error names a byte.
std::string placed(const Error& error, std::string_view text);

}  // namespace json

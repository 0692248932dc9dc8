#pragma once
// Documents that people write in YAML as often as in JSON.

#include <string>
#include <string_view>

#include "base/result.h"

namespace config {

// The text as JSON: itself if it is an object in JSON already, else what it says in YAML (core
// schema of 1.2). Fault::bad_request, with line and column, if it is neither.
Result<std::string> json_text_of(std::string_view text);

}  // namespace config

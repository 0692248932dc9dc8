#pragma once
// JSON as editors let people write it in their settings: with comments and trailing commas.

#include <string>

namespace config {

// The text with comments (`//`, `/* */`), commas before a closing bracket and a byte order mark
// replaced by spaces, so that offsets and lines stay. What is wrong otherwise stays wrong.
std::string plain_json(std::string text);

}  // namespace config

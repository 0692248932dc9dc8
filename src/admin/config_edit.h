#pragma once
// Replaces the configuration file as a whole, so that nobody ever reads half of one.

#include <string>
#include <string_view>

#include "base/result.h"

namespace admin {

// Writes a new file beside the old one, makes it durable and renames it over the old one; mode and
// owner stay. Of a symbolic link, the file that it leads to is replaced. Fault::forbidden if that
// is not permitted.
Result<> replace_file(const std::string& path, std::string_view text);

}  // namespace admin

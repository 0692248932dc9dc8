#pragma once
// What a child sees of the gateway's environment: what programs need to run, and nothing that was
// given to the gateway itself (keys, tokens). server-everything's printEnv shows all of it to every
// caller.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/stdio.h"

namespace upstream {

// "NAME=value" for the child: of `own` ("NAME=value") the names on the allow list (PATH, HOME,
// LANG, LC_*, TZ, TMPDIR, USER, LOGNAME, SHELL, TERM), unless clear_environment; then
// settings.environment, which wins.
std::vector<std::string> child_environment(const StdioSettings& settings,
                                           std::span<const std::string> own);

// The gateway's environment, as "NAME=value".
std::vector<std::string> own_environment();

// The file to execute. The spawner looks a command up in the child's PATH; a child without one
// (clear_environment) is looked up in the gateway's. Unchanged if there is nothing to find.
std::string find_program(const std::string& command, std::span<const std::string> child,
                         std::span<const std::string> own);

}  // namespace upstream

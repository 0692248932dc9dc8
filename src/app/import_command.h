#pragma once
// `agentgateway import`: the servers that a client of MCP has, as a configuration.

#include <iosfwd>

#include "app/options.h"

namespace app {

// The configuration goes to `out`, a line for each finding to `err`. exit_fine if it can be used;
// exit_failed if there is no file to read; exit_invalid if nothing in it can be taken over.
int run_import(const Options& options, std::ostream& out, std::ostream& err);

}  // namespace app

#pragma once
// `agentgateway explain`: who may use what, by which rule, in the terminal. It asks the same
// function as the admin interface, with the configuration's own policies, so an expectation that it
// checks in somebody's CI holds for the gateway.

#include <iosfwd>

#include "app/options.h"

namespace app {

// Prints a matrix, or one decision, or JSON. exit_fine; exit_failed if a decision is not what
// --expect says, or nothing could be asked about; exit_invalid if the configuration is wrong. Must
// be called before any thread exists: it forks the spawner.
int run_explain(const Options& options, std::ostream& out, std::ostream& err);

}  // namespace app

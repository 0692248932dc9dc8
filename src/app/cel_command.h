#pragma once
// `agentgateway cel eval` and `agentgateway cel check`, for people who write rules.

#include <iosfwd>

#include "app/options.h"

namespace app {

// Writes the result to `out` and what is wrong to `err`; gives the exit status: exit_invalid if the
// expression or the data is wrong, exit_failed if its evaluation fails.
int run_cel_eval(const Options& options, std::ostream& out, std::ostream& err);
// Checks an MCP authorization rule: errors give exit_invalid, warnings are only printed.
int run_cel_check(const Options& options, std::ostream& out, std::ostream& err);

}  // namespace app

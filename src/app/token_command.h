#pragma once
// `agentgateway token mint|decode|verify`, for people: who does this token say I am, would this
// gateway take it, and if not, why. What a client is never told is told here, to one who has the
// configuration and the token.

#include <iosfwd>

#include "app/options.h"

namespace app {

// Prints a new token that the private key signs. exit_failed if key, claims or time to live are
// not what they should be.
int run_token_mint(const TokenOptions& options, std::ostream& out, std::ostream& err);
// Prints what the token says, which nobody has verified. exit_failed if it is no JWT.
int run_token_decode(const TokenOptions& options, std::ostream& out, std::ostream& err);
// Prints what each jwtAuth policy of the configuration says of the token. exit_fine if at least one
// accepts it, exit_failed if none does, exit_invalid if the configuration is wrong.
int run_token_verify(const Options& options, std::ostream& out, std::ostream& err);

}  // namespace app

#pragma once
// The built-in target: tools `echo`, `add` and `printEnv` (fixed, safe values: the real environment
// is never read), the prompt `greeting` and the resource `demo://welcome`. It speaks the whole
// legacy handshake in process, so the gateway can be tried without installing a server.

#include <memory>

#include "upstream/upstream.h"

namespace upstream {

std::unique_ptr<Target> make_demo_target(mcp::TargetName name);

}  // namespace upstream

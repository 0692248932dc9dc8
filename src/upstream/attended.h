#pragma once
// A target of which somebody keeps the vitals: each session that it opens is counted there, and
// what comes of an attempt to open one is noted. Sessions are the target's own, so calls go the
// same way as without this.

#include <memory>

#include "upstream/upstream.h"
#include "upstream/vitals.h"

namespace upstream {

std::unique_ptr<Target> attended(std::unique_ptr<Target> target, std::shared_ptr<Vitals> vitals);

}  // namespace upstream

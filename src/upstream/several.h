#pragma once
// Several targets that look like one server. Their lists are one list, each thing goes by a name
// that says whose it is (mcp/naming.h), and what belongs to one thing goes to its target alone:
// calls, questions, progress, cancellation, subscriptions.
//
// A session opens one session with every target, all at once. What a target that fails means for
// the others is FailureMode.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "mcp/naming.h"
#include "upstream/upstream.h"

namespace upstream {

enum class FailureMode {
  closed,  // a session needs every target, and so does a list
  open,    // who fails is left out, tried again, and announced when it is there
};

struct SeveralSettings {
  FailureMode failure = FailureMode::closed;
  std::string version;  // the gateway's, for serverInfo

  // How long those that are up wait for one that is not, where it may be left out.
  Duration joined_within = std::chrono::seconds(5);
  // What one target may take for its part of a list.
  Duration listed_within = std::chrono::seconds(5);
  // Until one that was left out is tried again; doubles up to retried_at_most.
  Duration retried_after = std::chrono::seconds(1);
  Duration retried_at_most = std::chrono::seconds(30);
};

// `targets` in the order of `naming`. The log's sink must outlive the target and its sessions.
std::unique_ptr<Target> make_several_target(std::shared_ptr<const mcp::Naming> naming,
                                            std::vector<std::shared_ptr<Target>> targets,
                                            SeveralSettings settings, const Log& log);

}  // namespace upstream

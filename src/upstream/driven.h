#pragma once
// A call of a tool that its server runs only as a task (2025-11-25, tasks: taskSupport "required"),
// for a client that makes a plain call: the call is made as a task, and what comes of that is the
// call's result. What happens on the way goes to the client, which hears nothing of the task. Where
// the call is given up, the task is cancelled.

#include <memory>
#include <string>

#include "base/task_group.h"
#include "upstream/upstream.h"

namespace upstream {

// What the call must be sent with: params.task, as JSON text. The task is to be kept as long as the
// call may take.
std::string driven_task(Deadline deadline, Instant now);
// Says so in `edit`, and lets the call go on for a moment beyond its deadline: a task that is made
// too late is heard of, and cancelled. drive() is given the deadline from before.
void prepare_driven(mcp::Call& call, mcp::ParamsEdit& edit, Instant now);

// `making` is that call, begun with driven_task(); `deadline` is its deadline. The server is told
// that a task is cancelled by `farewells`, which must outlive the conversation, as must `session`.
std::unique_ptr<Conversation> drive(Session& session, std::unique_ptr<Conversation> making,
                                    Deadline deadline, TaskGroup& farewells);

}  // namespace upstream

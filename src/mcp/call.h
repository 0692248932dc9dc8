#pragma once
// What the gateway hands to an upstream: one request of a client, already authorized.

#include <string>
#include <string_view>

#include "base/deadline.h"
#include "json/value.h"
#include "mcp/write.h"

namespace mcp {

// Refers to the client's message, which must live until the upstream's start() has returned; after
// that the Call is of no more use. A class with a constructor: g++ 12 miscompiles aggregates in
// co_await.
class Call {
 public:
  // `deadline` ends the call whatever happens.
  Call(std::string_view method, json::Value params, Deadline deadline)
      : method_(method), params_(params), deadline_(deadline) {}

  std::string_view method() const { return method_; }
  json::Value params() const { return params_; }
  Deadline deadline() const { return deadline_; }
  Call& end_at(Deadline deadline) {
    deadline_ = deadline;
    return *this;
  }

  // Changes on the way, such as the server's own name of the tool. The upstream itself replaces the
  // progress token.
  Call& change(ParamsEdit edit) {
    edit_ = std::move(edit);
    return *this;
  }
  const ParamsEdit& edit() const { return edit_; }

  // The gateway's own request, behind which no client waits: nothing but its result comes to it.
  Call& make_own() {
    is_own_ = true;
    return *this;
  }
  bool is_own() const { return is_own_; }

  // Its client can come back for the rest of the answer: it is told where the server ends the
  // answer's stream to be polled.
  Call& tell_pauses() {
    tells_pauses_ = true;
    return *this;
  }
  bool tells_pauses() const { return tells_pauses_; }

  // Its client declares the tasks extension (2026-07-28): the result may be a task.
  Call& follow_tasks() {
    follows_tasks_ = true;
    return *this;
  }
  bool follows_tasks() const { return follows_tasks_; }

  // Its server makes tasks of calls that ask for it: params.task goes there, which others do not
  // get.
  Call& keep_task() {
    keeps_task_ = true;
    return *this;
  }
  bool keeps_task() const { return keeps_task_; }

 private:
  std::string_view method_;
  json::Value params_;
  Deadline deadline_;
  ParamsEdit edit_;
  bool is_own_ = false;
  bool tells_pauses_ = false;
  bool follows_tasks_ = false;
  bool keeps_task_ = false;
};

}  // namespace mcp

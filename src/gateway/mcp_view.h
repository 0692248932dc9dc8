#pragma once
// What one caller sees of a server: which things it may use, which it sees in lists, and how
// answers read that would otherwise tell what is there and forbidden. Asked for each message, so
// long streams follow the rules that are in force.

#include <optional>
#include <string>
#include <string_view>

#include "gateway/task_id.h"
#include "mcp/message.h"
#include "mcp/method.h"
#include "policy/exchange.h"
#include "runtime/snapshot.h"
#include "upstream/upstream.h"

namespace gateway {

class McpView {
 public:
  // All must outlive this. `session` is the session's number, for rules and records.
  McpView(policy::Exchange& exchange, const runtime::McpBackend& backend, std::string_view session)
      : exchange_(exchange), backend_(backend), session_(session) {}
  // Tasks can be judged from now on. Both must outlive this.
  McpView& know_tasks(const SessionIds& ids, const runtime::Route& route) {
    ids_ = &ids;
    route_key_ = ids.binding_key(route.key, route.session_key);
    resource_ = route.chain.protected_resource();
    return *this;
  }

  // Whether the client's name stands for a thing of a target at all; and whose, for the record.
  bool is_of_a_target(const mcp::Subject& subject) const;

  // May the caller use what the request names? The decision goes into the record.
  bool allows(const mcp::Subject& subject, std::string_view method, json::Value params) const;

  // May the caller see a thing of that name (as clients say it) in a list? What it costs is taken
  // from `fuel`, as policy::McpAuthorization says.
  bool shows(mcp::Subject::Kind kind, std::string_view name, std::uint64_t& fuel) const;

  // What the caller's id of a task stands for. Nothing if it is not the caller's, here.
  std::optional<TaskName> task(std::string_view sealed) const;
  // And the other way round; empty if its names are too long.
  std::string sealed(const TaskName& task) const;
  // May the caller still use the tool that made the task? A rule that needs arguments was decided
  // when the task was made.
  bool allows_task(const TaskName& task) const;

  // The answer to a thing that is not there, and to one that is and may not be used: "Unknown tool:
  // x".
  static std::string unknown_text(const mcp::Subject& subject);

  // The final answer for the client, under its own id: lists hold what the caller may see, and a
  // missing resource is answered like a forbidden one.
  std::string answer_text(const mcp::Id& id, mcp::Touches touches, const mcp::Subject& subject,
                          const mcp::Message& answer) const;

  // Whether the caller may get this notification of the server.
  bool allows_notification(const upstream::Event& event) const;

 private:
  // One thing as the rules know it: by its target's own name, whatever the client calls it.
  class Known {
   public:
    Known(const runtime::TargetEntry& target, mcp::Subject::Kind kind, std::string_view exposed);
    Known(const Known&) = delete;
    Known& operator=(const Known&) = delete;
    ~Known() = default;
    bool is_known() const { return is_known_; }
    policy::McpSubject subject;  // points into this

   private:
    std::optional<mcp::Naming::Place> place_;
    bool is_known_ = true;
  };
  Binding binding() const;
  Known known(mcp::Subject::Kind kind, std::string_view name) const;
  std::string filtered_text(const mcp::Id& id, mcp::Touches touches, json::Value result) const;

  policy::Exchange& exchange_;
  const runtime::McpBackend& backend_;
  std::string_view session_;
  const SessionIds* ids_ = nullptr;  // null: there are no tasks
  std::string_view route_key_;
  const policy::ProtectedResource* resource_ = nullptr;  // null: no tool needs scopes
};

}  // namespace gateway

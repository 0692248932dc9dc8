#pragma once
// What messages say of tasks in revision 2025-11-25: a request that the server turns into something
// to be asked about later (tools/call only, here), and its id, which stands in results, in params
// and in what says which task a message belongs to.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "mcp/era.h"
#include "mcp/write.h"

namespace mcp {

// What a server does with tasks, as far as it is passed on.
struct TaskOffer {
  bool calls = false;  // makes them of tools/call; nothing else is of use without
  bool lists = false;
  bool cancels = false;

  bool operator==(const TaskOffer&) const = default;
  // The capability `tasks`, JSON text.
  std::string text() const;
};
// What is in a result of initialize.
TaskOffer task_offer(json::Value initialize_result);
// Revisions before have no tasks.
inline bool has_tasks(Revision revision) {
  return revision == Revision::v2025_11_25;
}

// The id in the result of a call that became a task; nothing if that is the call's own result.
std::optional<std::string_view> task_made(json::Value result);
// By the _meta of params or of a result.
std::optional<std::string_view> related_task(json::Value object);
// That member's value, JSON text.
std::string related_task_text(std::string_view id);

// The new id for an old one; nothing: it is unknown.
using TaskRenaming = std::function<std::optional<std::string>(std::string_view)>;
// A result with all its ids of tasks renamed. Unknown ones go: with the item of a list, with what
// says which task the result belongs to, or alone. A list has each task once, whatever a server
// repeats.
std::string renamed_tasks(json::Value result, const TaskRenaming& rename);
// A page of tasks/list, with that cursor in place of its own.
std::string renamed_task_page(json::Value result, const TaskRenaming& rename,
                              std::string_view next_cursor);
// The same of what a result belongs to only.
std::string renamed_related_task(json::Value result, const TaskRenaming& rename);

// A task as its server calls it, and as a client does. What is behind the first '+' of `own` is the
// server's name for it, too: one of several servers knows nothing of what stands in front.
struct TaskAlias {
  std::string own;
  std::string said;
};
struct ErrorWords {
  std::string message;
  std::string data;  // JSON text; empty: none
};
// What an error of a server says, with those tasks under the client's names wherever they are
// mentioned. Each mention grows, so words of more than 64 KiB and more than 16 mentions are not
// passed on: others take their place. Addresses (members `url`) are left as they are: others would
// lead nowhere.
ErrorWords renamed_words(json::Value error, const std::vector<TaskAlias>& tasks);

// A result that belongs to that task (JSON text of what says so; empty: to none).
std::string with_related_task(json::Value result, std::string_view related);

// A page of tools/list for clients that may make tasks of its tools, or may not. Calls of tools
// that their server runs only as tasks are driven, so to clients that is optional.
bool says_executions(json::Value result);
std::string with_executions(json::Value result, bool may_be_tasks);

}  // namespace mcp

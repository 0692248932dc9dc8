#pragma once
// JSON-RPC messages written from a parse. What is not changed is copied as it was read, numbers and
// escapes included, and only members that were read are written: nothing rides along.
//
// Every text is one line: line breaks between tokens become spaces and U+2028, U+2029 and U+0085
// become escapes, so that no reader of lines can find a second message in it.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.h"
#include "mcp/message.h"

namespace mcp {

// What to change in params. The rest is copied.
struct ParamsEdit {
  std::optional<std::string> name;            // params.name, plain text
  std::optional<std::string> uri;             // params.uri, plain text
  std::optional<std::string> cursor;          // params.cursor, plain text
  std::optional<std::string> reference;       // params.ref.name or .uri, plain text
  std::optional<std::string> protocol;        // params.protocolVersion, plain text
  std::optional<std::string> request_id;      // params.requestId, JSON text
  std::optional<std::string> progress_token;  // params._meta.progressToken or (in a progress
                                              // notification) params.progressToken, JSON text
  std::optional<std::string> task_id;         // params.taskId, plain text
  // What a message says which task it belongs to (2025-11-25, tasks), as JSON text; empty: leaves
  // it out.
  std::optional<std::string> related_task;
  // params.task, JSON text; the one member that is added where there is none.
  std::optional<std::string> task;
  bool drop_task = false;  // leaves params.task out

  bool is_empty() const {
    return !name && !uri && !cursor && !reference && !protocol && !request_id && !progress_token &&
           !task_id && !related_task && !task && !drop_task;
  }
};

// params._meta.<this>.taskId, and the same in results: which task a message belongs to (2025-11-25,
// tasks).
inline constexpr std::string_view related_task_member = "io.modelcontextprotocol/related-task";

// The params, an object, as JSON text with the changes made.
std::string edited_params(json::Value params, const ParamsEdit& edit);

// `params` must be an object or null; null is left out. A member that an edit names is replaced
// where it stands and (but for params.task) never added.
std::string request_text(const Id& id, std::string_view method, json::Value params,
                         const ParamsEdit& edit = ParamsEdit());
std::string notification_text(std::string_view method, json::Value params,
                              const ParamsEdit& edit = ParamsEdit());
// `params` is JSON text of an object, or empty.
std::string notification_text(std::string_view method, std::string_view params);
std::string request_text(const Id& id, std::string_view method, std::string_view params);

// `result` is JSON text of an object.
std::string result_text(const Id& id, std::string_view result);
// `id` empty writes null (JSON-RPC 2.0, 5: only if the request's id could not be read). `data` is
// JSON text or empty.
std::string error_text(const std::optional<Id>& id, int code, std::string_view message,
                       std::string_view data = {});
std::string error_text(const std::optional<Id>& id, Code code, std::string_view message,
                       std::string_view data = {});
std::string error_text(const ReadFault& fault);
// A server's response under another id. An error keeps its code, message and data.
std::string response_text(const Id& id, const Message& response);

// A result (JSON text) whose array `list` ("tools", "prompts", "resources", "resourceTemplates")
// keeps only the items for which `keep` is true; everything else, nextCursor included, is copied.
std::string filtered_list(json::Value result, std::string_view list,
                          const std::function<bool(json::Value)>& keep);
// The same, but each item is written as `rewrite` says; nothing leaves the item out.
std::string rewritten_list(json::Value result, std::string_view list,
                           const std::function<std::optional<std::string>(json::Value)>& rewrite);

// The object without those members, as JSON text.
std::string without_members(json::Value object, std::initializer_list<std::string_view> names);

// Makes JSON text one line, as said above. The text must be valid JSON.
std::string one_line(std::string_view json);

}  // namespace mcp

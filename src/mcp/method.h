#pragma once
// The table of methods: who may send one, in which era, and what it touches and is authorized for.
// A method without a row in methods.def is refused, so a method of a later specification stays
// closed until somebody says what it touches.

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "mcp/era.h"
#include "mcp/message.h"

namespace mcp {

// What a method is authorized for.
enum class Touches {
  nothing,             // whoever may use the route
  tool,                // params.name
  prompt,              // params.name
  resource,            // params.uri
  completion,          // params.ref: a prompt or a resource
  task,                // params.taskId
  tools,               // the list, filtered item by item
  prompts,             // likewise
  resources,           // likewise
  resource_templates,  // likewise, by uriTemplate
  tasks,               // likewise, by taskId
  listen,              // each URI of the filter
};

enum class Senders { client, server, both };
enum class Eras { legacy, modern, both };

struct Method {
  std::string_view name;
  Kind kind;  // request or notification
  Senders senders;
  Eras eras;
  Touches touches;
};

// Nothing if there is no row of that exact name.
const Method* find_method(std::string_view name);

// The row of a request or notification that `sender` may send in `era`. A request is refused with
// -32601 if it has no row, is the other side's or of another era; a request method sent without an
// id (which would be executed without an answer) with -32600, likewise a notification with an id. A
// notification without a row, or of the other side, is nullptr: answered 202 and dropped.
tl::expected<const Method*, ReadFault> admit(const Message& message, Sender sender, Era era);

// The one thing that a request touches, by the name the client used. A task is authorized as the
// tool that made it, so rules never see one.
struct Subject {
  enum class Kind { none, tool, prompt, resource, task };
  Kind kind = Kind::none;
  std::string name;  // a tool's or prompt's name, a resource's URI or a task's id; unescaped

  bool operator==(const Subject&) const = default;
};

// Reads params as far as authorization depends on them: -32602 if the name or URI is missing or no
// string, `arguments` is no object, or a completion's reference is ambiguous. Lists and methods
// that touch nothing give Kind::none.
tl::expected<Subject, ReadFault> subject_of(const Method& method, const Message& message);

// The member of a list's result ("tools"), and the member by which its items are named ("name",
// "uri", "uriTemplate", "taskId"). Nothing for methods that list nothing.
struct ListShape {
  std::string_view array;
  std::string_view item_name;
  Subject::Kind kind;
};
std::optional<ListShape> list_shape(Touches touches);

}  // namespace mcp

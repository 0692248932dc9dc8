#pragma once
// What a server of the modern revision (2026-07-28) answers, in the words of the session-based
// ones, and valid there however sloppy the server was. For a client that is modern itself only what
// the gateway says anew is taken away.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"
#include "mcp/era.h"
#include "mcp/message.h"

namespace mcp {

// What an answer to server/discover shows about its server.
enum class Discovered {
  modern,   // it speaks the modern revision
  refused,  // it knows the modern revision and wants the request again, as `supported` says
  legacy,   // anything else
};
Discovered judge_discovery(const Message& answer);

// The result of initialize that stands for a result of server/discover. `fallback_name` is for a
// server that does not say its own. Of the server's extensions it says none, or tasks alone.
std::string initialize_result(json::Value discovered, Revision revision,
                              std::string_view fallback_name, bool says_tasks = false);

// How results are shown.
class AnswerView {
 public:
  AnswerView(Revision the_revision, std::function<bool(json::Value)> shows_the_tool)
      : revision(the_revision), shows_tool(std::move(shows_the_tool)) {}
  Revision revision;                            // the client's
  std::function<bool(json::Value)> shows_tool;  // in tools/list
};
// A complete result, as JSON text. Of tasks/get it is the task, as of tools/call for a call that
// became one (which alone keeps its resultType): see task_for().
std::string result_for(std::string_view method, json::Value result, const AnswerView& view);

// An error, as the whole response under `id`. Codes that only clients of the modern revision know
// are for them alone; what went wrong between the gateway and the server is for nobody.
std::string error_for(std::string_view method, json::Value error, const Id& id, Revision revision);

// A task (2026-07-28, tasks) without what is the hop's own, its result and its questions included;
// JSON text.
std::string task_for(json::Value task);

// params of a notification or question without what is the modern revision's own; JSON text.
std::string params_for(json::Value params);

// What a server requires before it goes on (2026-07-28, MRTR).
class InputRequired {
 public:
  class Question {
   public:
    std::string method;
    std::string params;  // JSON text of an object, or empty
  };
  static constexpr std::size_t questions_max = 32;

  std::map<std::string, Question> questions;  // by the server's keys
  std::optional<std::string> state;           // JSON text
};
// Of a result whose resultType is input_required. Fault::upstream_failed if it requires nothing.
Result<InputRequired> input_required(json::Value result);

}  // namespace mcp

#pragma once
// Requests to a server of the modern revision (2026-07-28), made of what a client of a session
// asks: the revision has no sessions, so each request says by itself who asks and what may be asked
// back (2026-07-28, basic: _meta), and over HTTP some of it again in header fields (transports).

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "mcp/era.h"

namespace mcp {

inline constexpr Revision modern_revision = Revision::v2026_07_28;
// Names in _meta that are the protocol's own.
inline constexpr std::string_view reserved_meta = "io.modelcontextprotocol/";

// What all requests of one client say about it.
class ModernClient {
 public:
  // Of its initialize params. Of its capabilities only those by which it can be asked something.
  explicit ModernClient(json::Value initialize_params);

  const std::string& info() const { return info_; }                  // JSON text
  const std::string& capabilities() const { return capabilities_; }  // JSON text
  // Whether it may be asked that (elicitation/create, sampling/createMessage, roots/list).
  bool answers(std::string_view method) const;

 private:
  std::string info_;
  std::string capabilities_;
  bool samples_ = false;
  bool is_elicited_ = false;
  bool has_roots_ = false;
};

// The client's answers to what a server required before it goes on (MRTR).
class ModernRetry {
 public:
  std::map<std::string, std::string> answers;  // by the server's keys; results as JSON text
  std::optional<std::string> state;            // requestState as JSON text, exactly as it came
};

// What is said beside the client's own params.
class ModernSaying {
 public:
  explicit ModernSaying(const ModernClient& the_client) : client(&the_client) {}
  const ModernClient* client;
  std::string log_level;       // empty: no log messages are wanted
  std::string progress_token;  // JSON text; empty: no progress is wanted
  bool follows_tasks = false;  // the client declares the tasks extension
  bool keeps_answers = false;  // inputResponses are the client's own: it updates a task
  const ModernRetry* retry = nullptr;
};

// The params, as JSON text. `params` is an object or null; its own _meta is kept but for what is
// the protocol's.
std::string modern_params(json::Value params, const ModernSaying& saying);

// A header field's value: the text itself if it can stand there, else its base64 between markers
// (2026-07-28, transports: value encoding).
std::string header_text(std::string_view text);

// Where an argument of a tool has to be said in a header field, too (x-mcp-header).
class ToolHeader {
 public:
  std::string field;              // in lower case, with its prefix
  std::vector<std::string> path;  // of names, from the arguments' root
};
// Those of a tool as tools/list describes it. Fault::bad_request with the reason if an annotation
// breaks the rules: such a tool must not be shown over HTTP.
Result<std::vector<ToolHeader>> tool_headers(json::Value tool);
// The field's value for a call; nothing if the argument is absent or null.
std::optional<std::string> tool_header_value(const ToolHeader& header, json::Value arguments);

// params.name, params.uri or params.taskId, as Mcp-Name says it; nothing for methods that name
// nothing.
std::optional<std::string> named_in_header(std::string_view method, json::Value params);

}  // namespace mcp

#pragma once
// A client's message of the stateless revision (2026-07-28) as a value: everything a session would
// have agreed on is in its `_meta`, and its headers repeat what stands in its body, so that they
// can be trusted by whoever reads only headers. What disagrees is refused here.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "mcp/message.h"

namespace mcp {

// What a client lets itself be asked while it waits for an answer: all that a server of the
// session-based revisions needs to know of it.
class AskCapabilities {
 public:
  AskCapabilities() = default;
  // Of a `clientCapabilities` object.
  static AskCapabilities from(json::Value declared);

  bool is_empty() const { return !roots_ && !sampling_ && !form_ && !url_; }
  // As `capabilities` of initialize, JSON text. The same text for the same abilities.
  std::string text() const;
  // May the client be asked this, the sub-modes included? `question` is a request of a server.
  bool allow(const Message& question) const;
  bool allow_urls() const { return url_; }

  bool operator==(const AskCapabilities&) const = default;

 private:
  bool roots_ = false;
  bool sampling_ = false;
  bool sampling_tools_ = false;
  bool sampling_context_ = false;
  bool form_ = false;  // elicitation
  bool url_ = false;
};

// Levels of log messages, the least severe first.
enum class LogLevel { debug, info, notice, warning, error, critical, alert, emergency };
std::optional<LogLevel> read_log_level(std::string_view text);
std::string_view text_of(LogLevel level);

// Why a message of this revision is refused, with the HTTP status of the answer.
class ModernFault {
 public:
  ModernFault(int status, Code code, std::string why, std::string data = {})
      : status_(status), code_(code), why_(std::move(why)), data_(std::move(data)) {}
  int status() const { return status_; }
  Code code() const { return code_; }
  const std::string& why() const { return why_; }
  const std::string& data() const { return data_; }  // JSON text or empty

 private:
  int status_;
  Code code_;
  std::string why_;
  std::string data_;
};

// The fields of the HTTP request that repeat the body, each as often as it was sent.
struct ModernHeaders {
  std::vector<std::string_view> version;  // MCP-Protocol-Version
  std::vector<std::string_view> method;   // Mcp-Method
  std::vector<std::string_view> name;     // Mcp-Name
};

// What a request says about itself. The views point into the message.
struct ModernRequest {
  AskCapabilities asks;
  std::optional<LogLevel> log_level;  // none: no log messages
  json::Value client_info;            // null if there is none
  bool follows_tasks = false;         // it declares the tasks extension
};

// `message` is a request. Missing or wrong `_meta` is -32602, headers that are missing, repeated or
// other than the body -32020, another revision -32022 with the ones that are served (2026-07-28,
// transports and basic). All with HTTP 400.
tl::expected<ModernRequest, ModernFault> judge_modern(const Message& message,
                                                      const ModernHeaders& headers);

// Whether a question may become part of an answer to a request of that method (2026-07-28, MRTR).
bool can_be_asked(std::string_view method);

// The value of a header that repeats a text: what stands between `=?base64?` and `?=` decoded,
// anything else as it is. Nothing if that is no base64.
std::optional<std::string> decode_mirrored(std::string_view value);

// A tool's argument that requests repeat in a header (x-mcp-header).
struct MirroredArgument {
  std::string header;             // mcp-param-..., lower case
  std::vector<std::string> path;  // of names, from the arguments inwards
  bool operator==(const MirroredArgument&) const = default;
};
// Those of an input schema; annotations that are not valid count for nothing.
std::vector<MirroredArgument> mirrored_arguments(json::Value input_schema);
// What is wrong with the header's values beside `arguments`; empty if nothing is.
std::string mirror_fault(const MirroredArgument& argument, json::Value arguments,
                         std::span<const std::string> values);

// Params for a server of the session-based revisions: without what only this revision knows
// (`io.modelcontextprotocol/...` in `_meta`, inputResponses, requestState). JSON text of an object.
std::string plain_params(json::Value params);

// The value with the names of its objects sorted and without white space: the same text for the
// same value.
std::string canonical_text(json::Value value);

}  // namespace mcp

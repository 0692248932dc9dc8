#include "mcp/message.h"

#include <algorithm>
#include <array>

#include "mcp/detail_fold.h"

namespace mcp {
namespace {

// In the order of `Top`.
constexpr std::array<std::string_view, 6> top_members = {"jsonrpc", "id",     "method",
                                                         "params",  "result", "error"};
enum class Top : std::uint8_t { jsonrpc, id, method, params, result, error };
// What servers read in params; arguments below them are the tool's own and are not looked at.
constexpr std::array<std::string_view, 23> params_members = {
    "name",         "arguments",     "_meta",         "uri",           "ref",
    "argument",     "context",       "cursor",        "level",         "task",
    "taskId",       "requestId",     "reason",        "progressToken", "progress",
    "total",        "message",       "capabilities",  "clientInfo",    "protocolVersion",
    "requestState", "notifications", "inputResponses"};
constexpr std::array<std::string_view, 3> reference_members = {"type", "name", "uri"};
constexpr std::array<std::string_view, 5> meta_members = {
    "progressToken", "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientCapabilities", "io.modelcontextprotocol/clientInfo",
    "io.modelcontextprotocol/logLevel"};

bool is_integer(std::string_view number) {
  return std::none_of(number.begin(), number.end(),
                      [](char c) { return c == '.' || c == 'e' || c == 'E'; });
}

}  // namespace

Id::Id(std::uint64_t number) : raw_(std::to_string(number)) {}

std::optional<Id> Id::from(json::Value value) {
  const std::string_view raw = value.raw();
  if (value.is_string() && raw.size() <= id_bytes_max) {
    const std::string_view text = *value.as_string();
    const bool has_escapes = text.size() + 2 != raw.size();
    return Id(std::string(raw), has_escapes ? '"' + std::string(text) : std::string());
  }
  if (value.is_number() && raw.size() <= id_bytes_max && is_integer(value.number_text())) {
    return Id(std::string(raw), std::string());
  }
  return std::nullopt;
}

std::optional<Id> Message::progress_token() const {
  const std::optional<json::Value> meta = params_.find("_meta");
  const std::optional<json::Value> token = meta ? meta->find("progressToken") : std::nullopt;
  return token ? Id::from(*token) : std::nullopt;
}

// Judges a parsed text member by member; the first thing that is wrong is the verdict.
class MessageReader {
 public:
  MessageReader(json::Document document, Sender sender)
      : message_(std::move(document)), sender_(sender), root_(message_.document_.root()) {}

  tl::expected<Message, ReadFault> read() {
    if (root_.is_array()) {
      return tl::unexpected(ReadFault(ReadFault::Reason::batch, Code::invalid_request,
                                      "arrays of messages are not accepted"));
    }
    if (!root_.is_object()) return invalid("a message is an object");
    take_members();
    if (const auto& id = top(Top::id)) message_.id_ = Id::from(*id);
    if (auto fault = check_members()) return tl::unexpected(std::move(*fault));
    if (auto fault = read_kind()) return tl::unexpected(std::move(*fault));
    return std::move(message_);
  }
  std::string take_text() && { return std::move(message_.document_).take_text(); }

 private:
  using Verdict = std::optional<ReadFault>;

  ReadFault wrong(std::string why, Code code = Code::invalid_request) const {
    return ReadFault(ReadFault::Reason::invalid, code, std::move(why), message_.id_);
  }
  tl::unexpected<ReadFault> invalid(std::string why) const {
    return tl::unexpected(wrong(std::move(why)));
  }

  // Names in an object differ, so each member is met once.
  void take_members() {
    for (const json::Member member : root_.members()) {
      const auto known = std::find(top_members.begin(), top_members.end(), member.name);
      if (known == top_members.end()) {
        has_unknown_ = true;
      } else {
        top_.at(static_cast<std::size_t>(known - top_members.begin())) = member.value;
      }
    }
  }
  const std::optional<json::Value>& top(Top member) const {
    return top_.at(static_cast<std::size_t>(member));
  }
  static std::optional<std::string_view> text_of(const std::optional<json::Value>& value) {
    return value ? value->as_string() : std::nullopt;
  }

  Verdict check_members() const {
    if (text_of(top(Top::jsonrpc)) != "2.0") return wrong("'jsonrpc' must be \"2.0\"");
    if (top(Top::id) && !message_.id_) return wrong("'id' must be a string or an integer");
    if (!has_unknown_) return std::nullopt;  // no known name folds to another one
    if (!folded_twin(root_, top_members).empty()) {
      return wrong("a member differs from a known one only in case");
    }
    if (sender_ == Sender::server) return std::nullopt;
    return wrong("unknown member beside 'method' and 'params'");
  }

  Verdict read_kind() {
    const bool has_method = top(Top::method).has_value();
    const bool has_outcome = top(Top::result) || top(Top::error);
    if (has_method && has_outcome) return wrong("both a request and a response");
    if (has_method) return read_call();
    if (has_outcome) return read_response();
    return wrong("'method' is missing");
  }

  Verdict read_call() {
    const std::optional<std::string_view> method = text_of(top(Top::method));
    if (!method || method->empty()) return wrong("'method' must be a string");
    message_.kind_ = message_.id_ ? Kind::request : Kind::notification;
    message_.method_ = *method;
    const std::optional<json::Value>& params = top(Top::params);
    if (!params) return std::nullopt;
    if (!params->is_object()) return wrong("'params' must be an object", Code::invalid_params);
    message_.params_ = *params;
    return sender_ == Sender::client ? check_params(*params) : std::nullopt;
  }

  Verdict check_params(json::Value params) const {
    const bool has_twin =
        !folded_twin(params, params_members).empty() ||
        !folded_twin(params.find("ref").value_or(json::Value()), reference_members).empty() ||
        !folded_twin(params.find("_meta").value_or(json::Value()), meta_members).empty();
    if (has_twin) {
      return wrong("a parameter differs from a known one only in case", Code::invalid_params);
    }
    // A reader of C strings would take "name\0" for another "name".
    for (const json::Member member : params.members()) {
      if (member.name.find('\0') != std::string_view::npos) {
        return wrong("a parameter's name holds a NUL", Code::invalid_params);
      }
    }
    return std::nullopt;
  }

  Verdict read_response() {
    if (!message_.id_) return wrong("a response needs an 'id'");
    message_.kind_ = Kind::response;
    message_.result_ = top(Top::result);
    message_.error_ = top(Top::error);
    if (top(Top::params)) return wrong("a response has no 'params'");
    if (message_.result_ && message_.error_) return wrong("both 'result' and 'error'");
    if (message_.result_ && !message_.result_->is_object()) {
      return wrong("'result' must be an object");
    }
    return message_.error_ ? check_error(*message_.error_) : std::nullopt;
  }

  Verdict check_error(json::Value error) const {
    const std::optional<json::Value> code = error.find("code");
    if (!code || !code->as_int()) return wrong("'error.code' must be an integer");
    if (!error.find_string("message")) return wrong("'error.message' must be a string");
    return std::nullopt;
  }

  Message message_;
  Sender sender_;
  json::Value root_;
  std::array<std::optional<json::Value>, top_members.size()> top_;
  bool has_unknown_ = false;
};

tl::expected<Message, ReadFault> read(std::string body, Sender sender, const json::Limits& limits) {
  return read_or_leave(body, sender, limits);
}

tl::expected<Message, ReadFault> read_or_leave(std::string& body, Sender sender,
                                               const json::Limits& limits) {
  Result<json::Document> document = json::Document::parse_or_leave(body, limits);
  if (document) {
    MessageReader reader(std::move(*document), sender);
    auto message = reader.read();
    if (!message) body = std::move(reader).take_text();
    return message;
  }
  if (document.error().fault() == Fault::too_large) {
    return tl::unexpected(ReadFault(ReadFault::Reason::too_large, Code::invalid_request,
                                    "the message is nested too deeply or has too many members"));
  }
  return tl::unexpected(ReadFault(ReadFault::Reason::not_json, Code::parse_error,
                                  "not JSON: " + document.error().why()));
}

}  // namespace mcp

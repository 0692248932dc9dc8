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
constexpr std::array<std::string_view, 6> meta_members = {
    "progressToken",
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientCapabilities",
    "io.modelcontextprotocol/clientInfo",
    "io.modelcontextprotocol/logLevel",
    "io.modelcontextprotocol/related-task"};

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
  const std::optional<json::Value> meta = params().find("_meta");
  const std::optional<json::Value> token = meta ? meta->find("progressToken") : std::nullopt;
  return token ? Id::from(*token) : std::nullopt;
}

// Judges a parsed text member by member; the first thing that is wrong is the verdict.
class MessageReader {
 public:
  MessageReader(json::Document document, Sender sender)
      : message_(std::move(document)),
        parts_(*message_.parts_),
        sender_(sender),
        root_(parts_.document.root()) {}

  tl::expected<Message, ReadFault> read() {
    if (root_.is_array()) {
      return tl::unexpected(ReadFault(ReadFault::Reason::batch, Code::invalid_request,
                                      "arrays of messages are not accepted"));
    }
    if (!root_.is_object()) return invalid("a message is an object");
    take_members();
    if (const auto& id = top(Top::id)) parts_.id = Id::from(*id);
    if (auto fault = check_members()) return tl::unexpected(std::move(*fault));
    if (auto fault = read_kind()) return tl::unexpected(std::move(*fault));
    return std::move(message_);
  }
  std::string take_text() && { return std::move(parts_.document).take_text(); }

 private:
  using Verdict = std::optional<ReadFault>;

  ReadFault wrong(std::string why, Code code = Code::invalid_request) const {
    return ReadFault(ReadFault::Reason::invalid, code, std::move(why), parts_.id);
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
    if (top(Top::id) && !parts_.id) return wrong("'id' must be a string or an integer");
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
    parts_.kind = parts_.id ? Kind::request : Kind::notification;
    parts_.method = *method;
    const std::optional<json::Value>& params = top(Top::params);
    if (!params) return std::nullopt;
    if (!params->is_object()) return wrong("'params' must be an object", Code::invalid_params);
    parts_.params = *params;
    return sender_ == Sender::client ? check_params(*params) : std::nullopt;
  }

  static bool has_twin_inside(const json::Member& member) {
    if (member.name == "ref") return !folded_twin(member.value, reference_members).empty();
    return member.name == "_meta" && !folded_twin(member.value, meta_members).empty();
  }

  Verdict check_params(json::Value params) const {
    for (const json::Member member : params.members()) {
      if (is_twin(member.name, params_members) || has_twin_inside(member)) {
        return wrong("a parameter differs from a known one only in case", Code::invalid_params);
      }
      // A reader of C strings would take "name\0" for another "name".
      if (member.name.find('\0') != std::string_view::npos) {
        return wrong("a parameter's name holds a NUL", Code::invalid_params);
      }
    }
    return std::nullopt;
  }

  Verdict read_response() {
    if (!parts_.id) return wrong("a response needs an 'id'");
    parts_.kind = Kind::response;
    parts_.result = top(Top::result);
    parts_.error = top(Top::error);
    if (top(Top::params)) return wrong("a response has no 'params'");
    if (parts_.result && parts_.error) return wrong("both 'result' and 'error'");
    if (parts_.result && !parts_.result->is_object()) {
      return wrong("'result' must be an object");
    }
    return parts_.error ? check_error(*parts_.error) : std::nullopt;
  }

  Verdict check_error(json::Value error) const {
    const std::optional<json::Value> code = error.find("code");
    if (!code || !code->as_int()) return wrong("'error.code' must be an integer");
    if (!error.find_string("message")) return wrong("'error.message' must be a string");
    return std::nullopt;
  }

  Message message_;
  Message::Parts& parts_;
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

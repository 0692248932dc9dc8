#pragma once
// One JSON-RPC 2.0 message of MCP, read once and strictly. The Message owns its parse; every
// string_view and json::Value it hands out points into it and lives as long as it (moving it keeps
// them valid).
//
// What would surprise: read() also refuses what JSON-RPC leaves open but some reader behind us
// would take for something else: case variants of known members ("Method", "NAME"), unknown members
// at the top, null or fractional ids, arrays of messages.

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "base/frame_pool.h"
#include "json/value.h"

namespace mcp {

// JSON-RPC 2.0, 5.1, and MCP's own codes (2026-07-28; resource_not_found only on legacy revisions).
enum class Code : int {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  internal_error = -32603,
  resource_not_found = -32002,
  header_mismatch = -32020,
  missing_capability = -32021,
  unsupported_version = -32022,
};

// A request's id: a string or an integer. It is written back byte for byte as it was read; two ids
// are equal if they have the same type and value, however a string was escaped.
class Id {
 public:
  // Nothing if the value is neither a string nor an integer literal, or longer than id_bytes_max.
  static std::optional<Id> from(json::Value value);
  explicit Id(std::uint64_t number);

  const std::string& raw() const { return raw_; }  // JSON text
  // For tables: distinct for "1" and 1.
  std::string_view key() const {
    if (!escaped_key_.empty()) return escaped_key_;
    return std::string_view(raw_).substr(0, raw_.size() - (raw_.front() == '"' ? 1 : 0));
  }
  bool operator==(const Id& other) const { return key() == other.key(); }

 private:
  Id(std::string raw, std::string escaped_key)
      : raw_(std::move(raw)), escaped_key_(std::move(escaped_key)) {}
  std::string raw_;
  std::string escaped_key_;  // of a string that has escapes: a quote and what it stands for
};
inline constexpr std::size_t id_bytes_max = 4096;  // an id is kept per call in flight

enum class Kind { request, notification, response };
// Who wrote the message. A client's is judged strictly, because it is authorized by what it says; a
// server's may carry unknown members at the top, which are not passed on.
enum class Sender { client, server };

// Why a text is no message. `why` is made of our own words and may be sent to the client.
class ReadFault {
 public:
  enum class Reason { not_json, too_large, batch, invalid };

  ReadFault(Reason reason, Code code, std::string why, std::optional<Id> id = std::nullopt)
      : reason_(reason), code_(code), why_(std::move(why)), id_(std::move(id)) {}

  Reason reason() const { return reason_; }
  Code code() const { return code_; }
  const std::string& why() const { return why_; }
  // The request's id if it could be read: the error must echo it.
  const std::optional<Id>& id() const { return id_; }

 private:
  Reason reason_;
  Code code_;
  std::string why_;
  std::optional<Id> id_;
};

// One pointer wide, since it travels far. What was moved from must not be asked anything.
class Message {
 public:
  Kind kind() const { return parts_->kind; }
  bool is_request() const { return kind() == Kind::request; }
  bool is_notification() const { return kind() == Kind::notification; }
  bool is_response() const { return kind() == Kind::response; }

  // Of requests and responses only.
  const Id& id() const { return *parts_->id; }
  // Of requests and notifications; empty for a response.
  std::string_view method() const { return parts_->method; }
  // An object, or null if the message has none.
  json::Value params() const { return parts_->params; }
  // Of responses: exactly one of the two is there. A result is an object; an error is an object
  // with an integer `code` and a string `message`.
  std::optional<json::Value> result() const { return parts_->result; }
  std::optional<json::Value> error() const { return parts_->error; }
  // params._meta.progressToken if it is a string or an integer.
  std::optional<Id> progress_token() const;

  // The whole text as it was read. Only for size and records: forward what write.h makes of the
  // parse.
  std::string_view text() const { return parts_->document.text(); }

 private:
  friend class MessageReader;
  struct Parts {
    explicit Parts(json::Document the_document) : document(std::move(the_document)) {}
    static void* operator new(std::size_t size) { return FramePool::allocate(size); }
    static void operator delete(void* parts, std::size_t size) { FramePool::release(parts, size); }

    json::Document document;
    Kind kind = Kind::notification;
    std::optional<Id> id;
    std::string_view method;
    json::Value params;
    std::optional<json::Value> result;
    std::optional<json::Value> error;
  };
  explicit Message(json::Document document)
      : parts_(std::make_unique<Parts>(std::move(document))) {}

  std::unique_ptr<Parts> parts_;
};

// Reads one message. Syntax, UTF-8 and duplicate names are -32700; limits, batches, wrong members,
// ids and versions are -32600; params that are no object are -32602.
tl::expected<Message, ReadFault> read(std::string body, Sender sender,
                                      const json::Limits& limits = json::Limits());
// The same, but a text that is no message is left as it was.
tl::expected<Message, ReadFault> read_or_leave(std::string& body, Sender sender,
                                               const json::Limits& limits);

}  // namespace mcp

template <>
struct std::hash<mcp::Id> {
  std::size_t operator()(const mcp::Id& id) const {
    return std::hash<std::string_view>()(id.key());
  }
};

// Any bytes: read() gives a verdict, and what is written from an accepted message is one line that
// reads back as the same message. Three sloppy readers (first wins, last wins, case ignored) find
// in it the method that was judged and the name that was authorized.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "mcp/detail_lenient_reader.h"
#include "mcp/message.h"
#include "mcp/method.h"
#include "mcp/write.h"

namespace {

constexpr mcp::Sloppiness sloppy[] = {mcp::Sloppiness::first_wins, mcp::Sloppiness::last_wins,
                                      mcp::Sloppiness::ignoring_case};

void require(bool condition) {
  if (!condition) std::abort();
}

std::string rewritten(const mcp::Message& message, const mcp::ParamsEdit& edit) {
  if (message.is_response()) return mcp::response_text(message.id(), message);
  if (message.is_request()) {
    return mcp::request_text(message.id(), message.method(), message.params(), edit);
  }
  return mcp::notification_text(message.method(), message.params(), edit);
}

// One line for every reader of lines there is (mcp/write.h).
void require_one_line(const std::string& text) {
  require(text.find_first_of("\r\n\v\f") == std::string::npos);
  for (const char* end : {"\xE2\x80\xA8", "\xE2\x80\xA9", "\xC2\x85"}) {
    require(text.find(end) == std::string::npos);
  }
}

// The text that a reader of that kind finds along the path; nothing if it finds no string there.
std::optional<std::string> found(const mcp::LenientValue& root,
                                 std::initializer_list<std::string_view> path,
                                 mcp::Sloppiness how) {
  const mcp::LenientValue* value = &root;
  for (const std::string_view name : path) {
    value = value->find(name, how);
    if (value == nullptr) return std::nullopt;
  }
  if (!value->is_string()) return std::nullopt;
  return value->text();
}

// `name` is what was authorized, or what takes its place behind the gateway.
void require_subject(const mcp::LenientValue& root, mcp::Touches touches, mcp::Subject::Kind kind,
                     const std::string& name, mcp::Sloppiness how) {
  const bool is_resource = kind == mcp::Subject::Kind::resource;
  const bool is_task = kind == mcp::Subject::Kind::task;
  const std::string_view member = is_resource ? "uri" : is_task ? "taskId" : "name";
  if (touches == mcp::Touches::completion) {
    require(found(root, {"params", "ref", member}, how) == name);
  } else {
    require(found(root, {"params", member}, how) == name);
  }
}

void check_readers(const std::string& text, const mcp::Message& message, const mcp::Method* method,
                   const mcp::Subject& subject) {
  const auto root = mcp::LenientValue::read(text);
  require(root.has_value());
  for (const mcp::Sloppiness how : sloppy) {
    require(found(*root, {"jsonrpc"}, how) == "2.0");
    require(found(*root, {"method"}, how) == (message.is_response()
                                                  ? std::optional<std::string>()
                                                  : std::optional<std::string>(message.method())));
    if (method == nullptr || subject.kind == mcp::Subject::Kind::none) continue;
    require_subject(*root, method->touches, subject.kind, subject.name, how);
  }
}

// As the gateway does it: what is renamed is found renamed, by everybody.
void check_forwarded(const mcp::Message& message) {
  const mcp::Method* method = message.is_response() ? nullptr : mcp::find_method(message.method());
  mcp::Subject subject;
  if (method != nullptr) {
    auto read = mcp::subject_of(*method, message);
    if (!read) return;  // refused
    subject = *std::move(read);
  }
  check_readers(rewritten(message, {}), message, method, subject);
  if (subject.kind == mcp::Subject::Kind::none) return;
  subject.name = "an \"up\"\n\xF0\x9F\x98\x80 name";
  mcp::ParamsEdit edit;
  if (method->touches == mcp::Touches::completion) {
    edit.reference = subject.name;
  } else if (subject.kind == mcp::Subject::Kind::resource) {
    edit.uri = subject.name;
  } else if (subject.kind == mcp::Subject::Kind::task) {
    edit.task_id = subject.name;
  } else {
    edit.name = subject.name;
  }
  const std::string text = rewritten(message, edit);
  require_one_line(text);
  check_readers(text, message, method, subject);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto sender = (data[0] & 1) != 0 ? mcp::Sender::client : mcp::Sender::server;
  const auto message =
      mcp::read(std::string(reinterpret_cast<const char*>(data + 1), size - 1), sender);
  if (!message) {
    require(mcp::read(mcp::error_text(message.error()), mcp::Sender::client).has_value() ||
            !message.error().id());
    return 0;
  }
  const std::string text = rewritten(*message, {});
  require_one_line(text);
  // Line separators are escaped, so an id near the limit may be written longer than may be read.
  if (!message->is_notification() && message->id().raw().size() > mcp::id_bytes_max / 2) return 0;
  const auto again = mcp::read(text, sender);
  require(again.has_value());
  require(again->kind() == message->kind());
  require(again->method() == message->method());
  require(again->is_notification() || again->id() == message->id());
  require(rewritten(*again, {}) == text);
  // A server's answer may name its members as it likes.
  if (sender == mcp::Sender::client) check_forwarded(*message);
  return 0;
}

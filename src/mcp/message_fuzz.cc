// Any bytes: read() gives a verdict, and what is written from an accepted message is one line that
// reads back as the same message.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "mcp/message.h"
#include "mcp/method.h"
#include "mcp/write.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::string rewritten(const mcp::Message& message) {
  if (message.is_response()) return mcp::response_text(message.id(), message);
  if (message.is_request()) {
    return mcp::request_text(message.id(), message.method(), message.params());
  }
  return mcp::notification_text(message.method(), message.params());
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
  const std::string text = rewritten(*message);
  require(text.find_first_of("\r\n") == std::string::npos);
  const auto again = mcp::read(text, sender);
  require(again.has_value());
  require(again->kind() == message->kind());
  require(again->method() == message->method());
  require(again->is_notification() || again->id() == message->id());
  require(rewritten(*again) == text);
  if (!message->is_response()) {
    if (const auto* method = mcp::find_method(message->method())) {
      (void)mcp::subject_of(*method, *message);
    }
  }
  return 0;
}

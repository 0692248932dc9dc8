#include "upstream/upstream.h"

#include "mcp/write.h"

namespace upstream {

std::string Event::text() const {
  if (kind_ == Kind::question) {
    const mcp::Id id(static_cast<std::uint64_t>(question_));
    return mcp::request_text(id, message_.method(), message_.params());
  }
  return mcp::notification_text(message_.method(), message_.params(), edit_);
}

}  // namespace upstream

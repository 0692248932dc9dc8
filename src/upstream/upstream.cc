#include "upstream/upstream.h"

#include "mcp/write.h"

namespace upstream {

Event Event::pause(Duration back_after) {
  static constexpr std::string_view nothing =
      R"({"jsonrpc":"2.0","method":"notifications/paused"})";
  Event event(Kind::pause, *mcp::read(std::string(nothing), mcp::Sender::server));
  event.back_after_ = back_after;
  return event;
}

std::string Event::text() const {
  if (kind_ == Kind::question) {
    const mcp::Id id(static_cast<std::uint64_t>(question_));
    return mcp::request_text(id, message_.method(), message_.params());
  }
  return mcp::notification_text(message_.method(), message_.params(),
                                edit_ ? *edit_ : mcp::ParamsEdit());
}

Task<Result<std::unique_ptr<Session>>> Target::resume(
    std::shared_ptr<Site>, Portable, Deadline, std::shared_ptr<const auth::CurrentCredentials>) {
  co_return failed(Fault::not_found, "sessions of this target live in one process");
}

}  // namespace upstream

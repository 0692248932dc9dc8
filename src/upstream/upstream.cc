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
    return mcp::request_text(id, message_.method(), message_.params(), edit());
  }
  return mcp::notification_text(message_.method(), message_.params(), edit());
}

const mcp::ParamsEdit& Event::edit() const {
  static const mcp::ParamsEdit none;
  return edit_ ? *edit_ : none;
}

void Event::rename_task(std::optional<std::string> task_id,
                        std::optional<std::string> related_task) {
  mcp::ParamsEdit changed = edit();
  if (task_id) changed.task_id = std::move(task_id);
  if (related_task) changed.related_task = std::move(related_task);
  edit_ = std::make_unique<const mcp::ParamsEdit>(std::move(changed));
}

Result<Event> Event::result(std::string response) {
  // What was read already is changed and read again: it may be as large as it was.
  static constexpr json::Limits limits{.depth_max = 160, .members_max = 16'000'000};
  auto message = mcp::read(std::move(response), mcp::Sender::server, limits);
  if (!message) return failed(Fault::internal, message.error().why());
  return Event(Kind::result, std::move(*message));
}

Task<Result<std::unique_ptr<Session>>> Target::resume(
    std::shared_ptr<Site>, Portable, Deadline, std::shared_ptr<const auth::CurrentCredentials>) {
  co_return failed(Fault::not_found, "sessions of this target live in one process");
}

}  // namespace upstream

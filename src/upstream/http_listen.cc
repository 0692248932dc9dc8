// The GET stream of a session: what the server says outside of calls.

#include <algorithm>

#include "base/before.h"
#include "upstream/detail_http_session.h"

namespace upstream {
namespace {

constexpr Duration wait_min = std::chrono::milliseconds(100);
constexpr Duration wait_first = std::chrono::seconds(1);
constexpr Duration wait_max = std::chrono::seconds(30);

}  // namespace

void HttpSession::listen_from_now_on() {
  if (std::exchange(is_listening_, true)) return;
  tasks_.spawn(listen(*this));
}

Task<Result<>> HttpSession::until_relinked(std::uint64_t number) {
  while (link_.number == number) {
    co_await opening_.next_end();
  }
  co_return Result<>();
}

// Until the session ends, or the server says that it has no such stream.
Task<> HttpSession::listen(HttpSession& session) {
  const HttpPlace& place = *session.place_;
  const auto slot = Slot::take(session.place_->streams, place.settings.streams_max);
  if (!slot) {
    place.log.warn("no stream opened: too many", {{"target", place.name.text()}});
    session.is_listening_ = false;
    co_return;
  }
  std::string last_id;
  Duration wait = wait_first;
  for (;;) {
    const std::uint64_t link = session.link_.number;
    auto listened = co_await session.listen_once(last_id, wait);
    if (!listened && listened.error().fault() == Fault::forbidden) co_return;
    // What cannot be gone on with may still be begun anew.
    const bool is_refused = !listened && listened.error().fault() == Fault::not_found;
    if (is_refused && std::exchange(last_id, {}).empty()) {
      wait = wait_first;
      [[maybe_unused]] auto relinked = co_await session.until_relinked(link);
      continue;
    }
    // A session that was opened again has a stream of its own.
    const Deadline next = Deadline::in(session.site_->scheduler().now(), wait);
    auto relinked = session.until_relinked(link);
    auto passed = co_await before(next, std::move(relinked));
    if (passed) last_id.clear();
    wait = passed ? wait_first : std::min(wait * 2, wait_max);
  }
}

// Why there is no stream. Fault::forbidden: the server has none. Fault::not_found: it does not know
// the session any more. Fault::unavailable: it may have one later.
Error HttpSession::no_stream(int status) const {
  // Of a session that is shared, another process may have the one stream that there can be.
  const bool is_taken = is_shared_ && status == 409;
  const bool is_passing = is_taken || (status >= 500 && status != 501);
  const bool is_lost = !link_.id.empty() && (status == 404 || status == 400);
  Fault fault = is_lost ? Fault::not_found : Fault::forbidden;
  if (is_passing) fault = Fault::unavailable;
  return Error(fault, "HTTP " + std::to_string(status));
}

// Answers belong to their call's own stream.
void HttpSession::hear(std::string text) {
  auto message = mcp::read(std::move(text), mcp::Sender::server, answer_limits);
  if (message && !message->is_response()) dialog_.receive(std::move(*message));
}

// One stream to its end, or why there is none.
Task<Result<>> HttpSession::listen_once(std::string& last_id, Duration& wait) {
  http::Request request = get_of(last_id);
  CO_TRY(http::Response response, co_await send(std::move(request), Deadline::never()));
  if (form_of(response) != AnswerForm::events) {
    co_return tl::unexpected<Error>(no_stream(response.status));
  }
  EventMessages events(std::move(response.body), place_->settings.event_bytes_max);
  for (;;) {
    auto text = co_await events.next(Deadline::never());
    if (!events.last_id().empty()) last_id = events.last_id();
    if (events.retry()) wait = std::clamp(*events.retry(), wait_min, wait_max);
    if (!text) co_return tl::unexpected<Error>(text.error());
    if (!*text) co_return Result<>();
    if (!events.retry()) wait = wait_first;
    hear(std::move(**text));
    co_await dialog_.wait_for_room();
  }
}

}  // namespace upstream

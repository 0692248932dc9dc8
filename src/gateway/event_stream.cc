#include "gateway/event_stream.h"

#include "base/before.h"
#include "http/sse.h"

namespace gateway {
namespace {

constexpr auto keep_alive_every = std::chrono::seconds(15);
// What is fetched and not sent yet; the rest waits at the session.
constexpr std::size_t messages_ahead_max = 16;
constexpr std::size_t bytes_ahead_max = std::size_t{1} << 20;

}  // namespace

void EventStream::begin_with(std::optional<std::string> first) {
  if (first) {
    http::append_event(opening_, "message", *first, "");
  } else {
    opening_ = http::format_comment("open");
  }
}

Task<> EventStream::fetch() {
  for (;;) {
    while (messages_.size() >= messages_ahead_max || bytes_ahead_ >= bytes_ahead_max) {
      co_await changed_.wait();
    }
    auto message = co_await source_->next();
    if (!message) break;
    bytes_ahead_ += message->size();
    messages_.push_back(std::move(*message));
    changed_.notify_all();
  }
  is_over_ = true;
  changed_.notify_all();
}

Task<Result<>> EventStream::until_changed() {
  while (messages_.empty() && !is_over_) {
    co_await changed_.wait();
  }
  co_return Result<>();
}

Task<Result<std::optional<std::string>>> EventStream::read(Deadline deadline) {
  if (!has_begun_) {
    has_begun_ = true;
    fetching_.spawn(fetch());
    co_return std::optional(std::move(opening_));
  }
  const Deadline keep_alive = Deadline::in(loop_.now(), keep_alive_every);
  Task<Result<>> changing = until_changed();
  auto changed = co_await before(keep_alive.or_sooner(deadline), std::move(changing));
  if (!changed) co_return std::optional(http::format_comment("keep-alive"));
  if (messages_.empty()) co_return std::optional<std::string>();
  std::string text;
  while (!messages_.empty() && text.size() < bytes_ahead_max) {
    http::append_event(text, "message", messages_.front(), "");
    bytes_ahead_ -= messages_.front().size();
    messages_.pop_front();
  }
  changed_.notify_all();
  co_return std::optional(std::move(text));
}

http::Response stream_response(net::Loop& loop, std::unique_ptr<MessageSource> source,
                               std::optional<std::string> first) {
  auto stream = std::make_unique<EventStream>(loop, std::move(source));
  stream->begin_with(std::move(first));
  http::Response response(200);
  response.headers.set("content-type", "text/event-stream");
  response.headers.set("cache-control", "no-cache, no-transform");
  response.headers.set("x-accel-buffering", "no");
  response.body = http::Body(std::move(stream));
  return response;
}

}  // namespace gateway

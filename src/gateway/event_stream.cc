#include "gateway/event_stream.h"

#include <charconv>

#include "base/before.h"
#include "http/sse.h"

namespace gateway {
namespace {

constexpr auto keep_alive_every = std::chrono::seconds(15);
// What is fetched and not sent yet; the rest waits at the session.
constexpr std::size_t messages_ahead_max = 16;
constexpr std::size_t bytes_ahead_max = std::size_t{1} << 20;
// What is kept of what was sent, for a client whose connection broke.
constexpr std::size_t messages_kept_max = 64;
constexpr std::size_t bytes_kept_max = std::size_t{256} << 10;

}  // namespace

std::string EventIds::id(std::uint64_t number) const {
  return name.empty() ? std::string() : name + "-" + std::to_string(number);
}

std::optional<EventIds::Place> EventIds::read(std::string_view id) {
  const std::size_t dash = id.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const std::string_view digits = id.substr(dash + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  if (error != std::errc() || end != digits.end()) return std::nullopt;
  return Place{std::string(id.substr(0, dash)), number};
}

EventStream::~EventStream() {
  if (ids_.name.empty() || is_read_out_ || !has_begun_) return;
  StreamRest rest;
  rest.sent = std::move(sent_);
  for (std::string& text : messages_) rest.sent.push_back({next_++, std::move(text)});
  rest.next = next_;
  source_->interrupted(std::move(rest));
}

// A long message is kept, too, if it is the last one.
void EventStream::write(std::string& out, std::string text) {
  const std::uint64_t number = next_++;
  http::append_event(out, "message", text, ids_.id(number));
  if (ids_.name.empty()) return;
  sent_bytes_ += text.size();
  sent_.push_back({number, std::move(text)});
  while (sent_.size() > messages_kept_max || (sent_.size() > 1 && sent_bytes_ > bytes_kept_max)) {
    sent_bytes_ -= sent_.front().text.size();
    sent_.pop_front();
  }
}

// An event that says when to come back, and with which id.
void EventStream::append_return(std::string& out, Duration back_after) {
  back_after_ = back_after;
  out += http::format_retry(back_after);
  out.pop_back();  // one event with what follows
  http::append_event(out, "message", "", ids_.id(next_ - 1));
}

void EventStream::begin_with(std::optional<std::string> first) {
  if (ids_.is_primed) append_return(opening_, ids_.back_after);
  if (first) {
    write(opening_, std::move(*first));
  } else if (!ids_.is_primed) {
    opening_ += http::format_comment("open");
  }
}

void EventStream::begin_with(const http::Event& opening) {
  opening_ = http::format_event(opening);
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

// Nothing, or what has to be said before.
std::optional<std::string> EventStream::end() {
  const std::optional<Duration> pause = source_->pause();
  is_read_out_ = !pause;
  if (!pause || back_after_ == pause) return std::nullopt;
  std::string text;
  append_return(text, *pause);
  return text;
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
  if (messages_.empty()) co_return end();
  std::string text;
  while (!messages_.empty() && text.size() < bytes_ahead_max) {
    bytes_ahead_ -= messages_.front().size();
    write(text, std::move(messages_.front()));
    messages_.pop_front();
  }
  changed_.notify_all();
  co_return std::optional(std::move(text));
}

namespace {

http::Response response_of(std::unique_ptr<EventStream> stream) {
  http::Response response(200);
  response.headers.set("content-type", "text/event-stream");
  response.headers.set("cache-control", "no-cache, no-transform");
  response.headers.set("x-accel-buffering", "no");
  response.body = http::Body(std::move(stream));
  return response;
}

}  // namespace

http::Response stream_response(net::Loop& loop, std::unique_ptr<MessageSource> source,
                               std::optional<std::string> first, EventIds ids) {
  auto stream = std::make_unique<EventStream>(loop, std::move(source), std::move(ids));
  stream->begin_with(std::move(first));
  return response_of(std::move(stream));
}

http::Response stream_response(net::Loop& loop, std::unique_ptr<MessageSource> source,
                               const http::Event& opening) {
  auto stream = std::make_unique<EventStream>(loop, std::move(source));
  stream->begin_with(opening);
  return response_of(std::move(stream));
}

}  // namespace gateway

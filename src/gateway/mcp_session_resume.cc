// Streams of calls whose clients went away and may come back (2025-11-25, transports:
// resumability).

#include <algorithm>

#include "gateway/mcp_session.h"

namespace gateway {
namespace {

// Of one session; the oldest goes first, and its call goes on like any whose client is gone.
constexpr std::size_t streams_kept_max = 16;
constexpr std::size_t events_kept_max = 64;
constexpr auto kept_for = std::chrono::minutes(5);
constexpr auto noticed_within = std::chrono::seconds(2);

}  // namespace

struct McpSession::Kept {
  Kept(StreamId the_stream, BrokenStream the_broken, Instant now)
      : stream(the_stream), broken(std::move(the_broken)), since(now) {}

  StreamId stream;
  BrokenStream broken;
  Instant since;
  bool is_read = false;     // the client is back
  bool is_kept_on = false;  // keep_on() runs
  bool is_over = false;
  std::deque<upstream::Event> events;
  std::optional<Error> ended;
  Signal changed;
};

Task<> McpSession::detach(StreamId stream, BrokenStream broken) {
  const Instant now = scheduler_.now();
  const auto known = std::find_if(kept_.begin(), kept_.end(), [&](const auto& entry) {
    return entry.second->stream == stream;
  });
  std::shared_ptr<Kept> kept;
  if (known != kept_.end()) {
    kept = known->second;
    kept->broken = std::move(broken);
    kept->since = now;
    kept->is_read = false;
    kept_.erase(known);
  } else {
    kept = std::make_shared<Kept>(stream, std::move(broken), now);
  }
  std::erase_if(kept_, [&](const auto& entry) {
    const Kept& old = *entry.second;
    const bool is_waited_for = old.is_read && !(old.is_over && old.events.empty());
    return !is_waited_for && now - old.since > kept_for;
  });
  while (kept_.size() >= streams_kept_max) kept_.erase(kept_.begin());
  kept_.emplace(++last_kept_, kept);
  kept_changed_.notify_all();
  const bool goes_on = !kept->broken.is_over && !kept->is_kept_on && in_flight_.contains(stream);
  if (goes_on) {
    kept->is_kept_on = true;
    background_.spawn(keep_on(stream, kept));
  } else if (!kept->is_kept_on) {
    kept->is_over = true;
  }
  co_await refuse_asked(stream);
}

// Nobody is asked while the client is away. What it is told of progress may get lost, the result
// must not.
Task<> McpSession::keep_on(StreamId stream, std::shared_ptr<Kept> kept) {
  for (;;) {
    while (kept->is_read && kept->events.size() >= events_kept_max) {
      co_await kept->changed.wait();
    }
    auto event = co_await next(stream);
    if (!event) {
      kept->ended = std::move(event).error();
      break;
    }
    const bool is_last = event->kind() == upstream::Event::Kind::result;
    if (event->kind() == upstream::Event::Kind::question && !kept->is_read) {
      const upstream::QuestionId question = event->question();
      asked_.erase(question);
      co_await refuse(question);
      continue;
    }
    if (kept->events.size() >= events_kept_max) kept->events.pop_front();
    kept->events.push_back(std::move(*event));
    kept->changed.notify_all();
    if (is_last) break;
  }
  kept->is_over = true;
  kept->changed.notify_all();
}

// A client may be back before the end of its old connection was noticed.
Task<Result<BrokenStream>> McpSession::reattach(StreamId stream) {
  const auto is_kept = [&] {
    return std::any_of(kept_.begin(), kept_.end(),
                       [&](const auto& entry) { return entry.second->stream == stream; });
  };
  const Deadline noticed = Deadline::in(scheduler_.now(), noticed_within);
  while (in_flight_.contains(stream) && !is_kept() && !noticed.has_passed(scheduler_.now())) {
    co_await kept_changed_.wait(noticed);
  }
  const auto known = std::find_if(kept_.begin(), kept_.end(), [&](const auto& entry) {
    return entry.second->stream == stream;
  });
  const bool is_there = known != kept_.end() && !known->second->is_read &&
                        scheduler_.now() - known->second->since <= kept_for;
  if (!is_there) co_return failed(Fault::not_found, "no such stream is kept");
  known->second->is_read = true;
  co_return known->second->broken;
}

Task<Result<upstream::Event>> McpSession::next_kept(StreamId stream) {
  const auto known = std::find_if(kept_.begin(), kept_.end(), [&](const auto& entry) {
    return entry.second->stream == stream;
  });
  if (known == kept_.end()) co_return failed(Fault::not_found, "the stream is over");
  const std::shared_ptr<Kept> kept = known->second;
  while (kept->events.empty() && !kept->is_over) {
    co_await kept->changed.wait();
  }
  if (!kept->events.empty()) {
    upstream::Event event = std::move(kept->events.front());
    kept->events.pop_front();
    kept->changed.notify_all();
    co_return event;
  }
  if (kept->ended) co_return tl::unexpected<Error>(*kept->ended);
  co_return failed(Fault::not_found, "the stream is over");
}

}  // namespace gateway

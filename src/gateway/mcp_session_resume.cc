// Streams of calls whose clients went away and may come back (2025-11-25, transports:
// resumability and polling).

#include <algorithm>

#include "gateway/mcp_session.h"

namespace gateway {
namespace {

// Of one session, that broke off; the oldest goes first, and its call goes on like any whose client
// is gone.
constexpr std::ptrdiff_t streams_kept_max = 16;
// Of one session, whose clients were told to come back; with more of them streams are not ended.
constexpr std::ptrdiff_t streams_paused_max = 64;
constexpr std::size_t events_kept_max = 64;
constexpr auto kept_for = std::chrono::minutes(5);
constexpr auto noticed_within = std::chrono::seconds(2);

bool is_question(const upstream::Event& event) {
  return event.kind() == upstream::Event::Kind::question;
}
bool is_pause(const upstream::Event& event) {
  return event.kind() == upstream::Event::Kind::pause;
}

}  // namespace

struct McpSession::Kept {
  Kept(StreamId the_stream, BrokenStream the_broken, Instant now)
      : stream(the_stream), broken(std::move(the_broken)), since(now) {}

  // Whether its client is to be asked things.
  bool may_be_asked() const { return is_read || broken.is_paused; }
  // Its client reads it.
  bool is_open() const { return is_read && !(is_over && events.empty()); }

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

std::shared_ptr<McpSession::Kept> McpSession::kept_of(StreamId stream) const {
  const auto known = std::find_if(kept_.begin(), kept_.end(), [&](const auto& entry) {
    return entry.second->stream == stream;
  });
  return known == kept_.end() ? nullptr : known->second;
}

// Whoever would come back for it is not waited for any more.
void McpSession::drop(Kept& kept) {
  if (std::exchange(kept.broken.is_paused, false)) background_.spawn(refuse_asked(kept.stream));
}

void McpSession::drop_old_streams() {
  const Instant now = scheduler_.now();
  std::erase_if(kept_, [&](const auto& entry) {
    Kept& old = *entry.second;
    const bool is_old = !old.is_open() && now - old.since > kept_for;
    if (is_old) drop(old);
    return is_old;
  });
  const auto is_broken = [](const auto& entry) {
    return !entry.second->broken.is_paused && !entry.second->is_open();
  };
  const auto broken = std::count_if(kept_.begin(), kept_.end(), is_broken);
  if (broken < streams_kept_max) return;
  kept_.erase(std::find_if(kept_.begin(), kept_.end(), is_broken));
}

bool McpSession::may_pause() const {
  return std::count_if(kept_.begin(), kept_.end(), [](const auto& entry) {
           return entry.second->broken.is_paused;
         }) < streams_paused_max;
}

Task<> McpSession::detach(StreamId stream, BrokenStream broken) {
  const bool is_paused = broken.is_paused;
  const Instant now = scheduler_.now();
  std::shared_ptr<Kept> kept = kept_of(stream);
  if (kept) {
    kept->broken = std::move(broken);
    kept->since = now;
    kept->is_read = false;
    std::erase_if(kept_, [&](const auto& entry) { return entry.second == kept; });
  } else {
    kept = std::make_shared<Kept>(stream, std::move(broken), now);
  }
  std::erase_if(kept->events, is_pause);
  if (!is_paused) std::erase_if(kept->events, is_question);
  drop_old_streams();
  kept_.emplace(++last_kept_, kept);
  kept->changed.notify_all();
  kept_changed_.notify_all();
  const bool goes_on = !kept->broken.is_over && !kept->is_kept_on && in_flight_.contains(stream);
  if (goes_on) {
    kept->is_kept_on = true;
    background_.spawn(keep_on(stream, kept));
  } else if (!kept->is_kept_on) {
    kept->is_over = true;
  }
  if (!is_paused) co_await refuse_asked(stream);
}

// What the client is told of progress while it is away may get lost, the result must not.
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
    co_await keep(*kept, std::move(*event));
    if (is_last) break;
  }
  kept->is_over = true;
  kept->changed.notify_all();
}

// Nobody is asked while the client is away, unless it was told to come back.
Task<> McpSession::keep(Kept& kept, upstream::Event event) {
  if (is_pause(event) && !kept.is_read) co_return;
  std::optional<upstream::Event> lost;
  if (is_question(event) && !kept.may_be_asked()) {
    lost.emplace(std::move(event));
  } else {
    if (kept.events.size() >= events_kept_max) {
      lost.emplace(std::move(kept.events.front()));
      kept.events.pop_front();
    }
    kept.events.push_back(std::move(event));
    kept.changed.notify_all();
  }
  if (!lost || !is_question(*lost)) co_return;
  const upstream::QuestionId question = lost->question();
  asked_.erase(question);
  co_await refuse(question);
}

// A client may be back before the end of its old connection was noticed.
Task<Result<BrokenStream>> McpSession::reattach(StreamId stream) {
  const Deadline noticed = Deadline::in(scheduler_.now(), noticed_within);
  std::shared_ptr<Kept> kept = kept_of(stream);
  while ((kept ? kept->is_read : in_flight_.contains(stream)) &&
         !noticed.has_passed(scheduler_.now())) {
    co_await kept_changed_.wait(noticed);
    kept = kept_of(stream);
  }
  const bool is_there = kept && !kept->is_read && scheduler_.now() - kept->since <= kept_for;
  if (!is_there) co_return failed(Fault::not_found, "no such stream is kept");
  BrokenStream broken = kept->broken;
  kept->is_read = true;
  kept->broken.is_paused = false;
  co_return broken;
}

Task<Result<upstream::Event>> McpSession::next_kept(StreamId stream) {
  const std::shared_ptr<Kept> kept = kept_of(stream);
  if (!kept) co_return failed(Fault::not_found, "the stream is over");
  while (kept->events.empty() && !kept->is_over) {
    co_await kept->changed.wait();
  }
  // Its reader will have all there is. If it breaks off, it brings that back.
  if (kept->is_over && kept->events.size() <= 1) {
    std::erase_if(kept_, [&](const auto& entry) { return entry.second == kept; });
    kept_changed_.notify_all();
  }
  if (kept->events.empty()) {
    if (kept->ended) co_return tl::unexpected<Error>(*kept->ended);
    co_return failed(Fault::not_found, "the stream is over");
  }
  upstream::Event event = std::move(kept->events.front());
  kept->events.pop_front();
  kept->changed.notify_all();
  co_return event;
}

}  // namespace gateway

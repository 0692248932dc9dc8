#include "gateway/sse_link.h"

namespace gateway {
namespace {

// What waits for the client to read it; who has more to say waits.
constexpr std::size_t texts_max = 64;
constexpr std::size_t bytes_max = std::size_t{1} << 20;
// As many as a session has in flight. More would only wait for a client that does not read.
constexpr std::size_t in_flight_max = 256;

}  // namespace

bool SseLink::is_full() const {
  return texts_.size() >= texts_max || bytes_ >= bytes_max;
}

Task<Result<>> SseLink::say(std::string text) {
  while (is_full() && !is_over_) {
    co_await changed_.wait();
  }
  if (is_over_) co_return failed(Fault::not_found, "the stream is over");
  bytes_ += text.size();
  texts_.push_back(std::move(text));
  changed_.notify_all();
  co_return Result<>();
}

Task<Result<>> SseLink::begin() {
  if (is_closing_ || is_over_) co_return failed(Fault::not_found, "the stream is over");
  if (in_flight_ >= in_flight_max) {
    co_return failed(Fault::too_many, "too many requests in flight");
  }
  ++in_flight_;
  co_return Result<>();
}

Task<> SseLink::finish() {
  --in_flight_;
  changed_.notify_all();
  co_return;
}

Task<> SseLink::open(SessionHome session) {
  opened_ = std::move(session);
  changed_.notify_all();
  co_return;
}

Task<> SseLink::close() {
  is_closing_ = true;
  changed_.notify_all();
  co_return;
}

Task<> SseLink::until_over() {
  while (!is_over_) {
    co_await changed_.wait();
  }
}

Task<std::optional<SseLink::Item>> SseLink::next() {
  for (;;) {
    if (!texts_.empty()) {
      Item item{std::move(texts_.front()), nullptr};
      texts_.pop_front();
      bytes_ -= item.text.size();
      changed_.notify_all();
      co_return item;
    }
    if (is_over_ || (is_closing_ && in_flight_ == 0)) co_return std::nullopt;
    if (opened_) {
      Item item{std::string(), std::move(opened_)};
      opened_ = nullptr;
      co_return item;
    }
    co_await changed_.wait();
  }
}

void SseLink::end() {
  is_closing_ = true;
  is_over_ = true;
  changed_.notify_all();
}

void SseDoors::insert(const SessionNumber& number, std::uint64_t target, SseDoorRef door) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[number.text()];
  entry.door = std::move(door);
  entry.target = target;
}

std::vector<SseDoorRef> SseDoors::orphans(const std::set<std::uint64_t>& kept) const {
  std::vector<SseDoorRef> found;
  const std::lock_guard lock(mutex_);
  for (const auto& [number, entry] : entries_) {
    if (!kept.contains(entry.target)) found.push_back(entry.door);
  }
  return found;
}

SseDoorRef SseDoors::find(const SessionNumber& number) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number.text());
  return found == entries_.end() ? nullptr : found->second.door;
}

bool SseDoors::claim(const SessionNumber& number) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number.text());
  if (found == entries_.end() || found->second.is_claimed) return false;
  return found->second.is_claimed = true;
}

void SseDoors::unclaim(const SessionNumber& number) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number.text());
  if (found != entries_.end()) found->second.is_claimed = false;
}

bool SseDoors::remove(const SessionNumber& number) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number.text());
  if (found == entries_.end()) return false;
  const bool had_session = found->second.has_session;
  entries_.erase(found);
  return had_session;
}

}  // namespace gateway

#include "admin/events.h"

#include <charconv>

#include "base/text.h"
#include "http/sse.h"

namespace admin {
namespace {

constexpr std::string_view topic_names[topic_count] = {"config", "targets", "traffic", "metrics"};

std::size_t index_of(Topic topic) {
  return static_cast<std::size_t>(topic);
}

std::string random_name(Random& random) {
  constexpr int digits = 16;
  std::array<char, digits> text{};
  const auto end = std::to_chars(text.data(), text.data() + digits, random.word(), 16).ptr;
  return {text.data(), end};
}

}  // namespace

std::optional<Topics> Topics::parse(std::string_view text) {
  Topics topics;
  for (const std::string_view name : base::split(text, ',')) {
    std::size_t i = 0;
    while (i < topic_count && topic_names[i] != name) ++i;
    if (i == topic_count) return std::nullopt;
    topics.add(static_cast<Topic>(i));
  }
  return topics;
}

Events::Events(Random& random) : name_(random_name(random)) {}

void Events::publish(Topic topic, std::string_view name, std::string data) {
  bytes_ += data.size();
  kept_.push_back({topic, std::string(name), std::move(data)});
  ++next_;
  while (kept_.size() > kept_max || bytes_ > kept_bytes_max) {
    ++gone_[index_of(kept_.front().topic)];
    bytes_ -= kept_.front().data.size();
    kept_.pop_front();
  }
  changed_.notify_all();
}

void Events::begin(Topics topics) {
  for (std::size_t i = 0; i < topic_count; ++i) {
    if (topics.has(static_cast<Topic>(i))) since_[i] = next_;
  }
}

std::optional<std::uint64_t> Events::number_of(std::string_view id) const {
  if (!id.starts_with(name_) || id.size() <= name_.size() + 1 || id[name_.size()] != '-') {
    return std::nullopt;
  }
  id.remove_prefix(name_.size() + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  const bool is_number = error == std::errc() && end == id.data() + id.size();
  return is_number && number < next_ ? std::optional(number) : std::nullopt;
}

Bookmark Events::enter(Topics topics, std::string_view last_id) const {
  Bookmark bookmark(topics);
  const std::optional<std::uint64_t> last = number_of(last_id);
  const std::uint64_t wanted = last ? *last + 1 : next_;
  bookmark.next_ = std::max(wanted, oldest());
  bookmark.missed_ = bookmark.next_ - wanted;
  bookmark.is_resumed_ = last && bookmark.missed_ == 0;
  for (std::size_t i = 0; i < topic_count; ++i) {
    if (topics.has(static_cast<Topic>(i)) && wanted < since_[i]) bookmark.is_resumed_ = false;
  }
  bookmark.seen_ = gone_;
  for (std::uint64_t number = oldest(); number < bookmark.next_; ++number) {
    ++bookmark.seen_[index_of(event(number).topic)];
  }
  return bookmark;
}

// What left the ring before the reader came by.
std::uint64_t Events::skip_lost(Bookmark& bookmark) const {
  if (bookmark.next_ >= oldest()) return 0;
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < topic_count; ++i) {
    if (bookmark.topics_.has(static_cast<Topic>(i))) lost += gone_[i] - bookmark.seen_[i];
  }
  bookmark.seen_ = gone_;
  bookmark.next_ = oldest();
  return lost;
}

bool Events::read(Bookmark& bookmark, std::string& out, std::size_t bytes_max) const {
  const std::size_t before = out.size();
  if (const std::uint64_t lost = skip_lost(bookmark); lost > 0) {
    const std::string count = "{\"count\":" + std::to_string(lost) + "}";
    http::append_event(out, "lost", count, id_before(bookmark));
  }
  while (bookmark.next_ < next_ && out.size() - before < bytes_max) {
    const Event& next = event(bookmark.next_);
    ++bookmark.seen_[index_of(next.topic)];
    if (bookmark.topics_.has(next.topic)) {
      http::append_event(out, next.name, next.data, id_of(bookmark.next_));
    }
    ++bookmark.next_;
  }
  return out.size() > before;
}

}  // namespace admin

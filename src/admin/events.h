#pragma once
// What happens, numbered and kept for a while: the last events of all topics in one bounded ring.
// Who follows them has a bookmark in it and no queue of its own, so a slow reader costs nothing:
// what has left the ring before it was read is counted, and the reader is told.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/signal.h"

namespace admin {

enum class Topic : std::uint8_t { config, targets, traffic, metrics };
inline constexpr std::size_t topic_count = 4;

// Some of the topics.
class Topics {
 public:
  static Topics all() { return Topics((1U << topic_count) - 1); }
  // "config,traffic"; nothing if there is no such topic.
  static std::optional<Topics> parse(std::string_view text);
  Topics() = default;
  void add(Topic topic) { bits_ |= 1U << static_cast<unsigned>(topic); }
  bool has(Topic topic) const { return (bits_ >> static_cast<unsigned>(topic) & 1U) != 0; }
  bool has_any_of(Topics others) const { return (bits_ & others.bits_) != 0; }

 private:
  explicit Topics(unsigned bits) : bits_(bits) {}
  unsigned bits_ = 0;
};

class Events;

// Where a reader is.
class Bookmark {
 public:
  // Whether the reader goes on where it was, with nothing missing.
  bool is_resumed() const { return is_resumed_; }
  // What it has missed of its topics before it began here, as far as that is known.
  std::uint64_t missed() const { return missed_; }

 private:
  friend class Events;
  explicit Bookmark(Topics topics) : topics_(topics) {}
  Topics topics_;
  std::uint64_t next_ = 0;                         // number of the next event to be read
  std::array<std::uint64_t, topic_count> seen_{};  // of each topic, before that
  bool is_resumed_ = false;
  std::uint64_t missed_ = 0;
};

class Events {
 public:
  static constexpr std::size_t kept_max = 1'000;
  static constexpr std::size_t kept_bytes_max = std::size_t{1} << 20;

  // Numbers mean something within one process only, so ids begin with a random word.
  explicit Events(Random& random);
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events() = default;

  // `data`: one line of JSON.
  void publish(Topic topic, std::string_view name, std::string data);
  // From now on events of these topics come, or come again: who was here before has missed some.
  void begin(Topics topics);

  // After the event of that id if it can be gone on from, or with the next event. An id that is
  // known and too old gives what is left.
  Bookmark enter(Topics topics, std::string_view last_id) const;
  // The id of what was published last.
  std::string last_id() const { return id_of(next_ - 1); }
  // The id of what was last before the bookmark.
  std::string id_before(const Bookmark& bookmark) const { return id_of(bookmark.next_ - 1); }
  // Appends what came since, about so many bytes at most, as an event stream; first an event `lost`
  // if something has been lost. Whether there was anything.
  bool read(Bookmark& bookmark, std::string& out, std::size_t bytes_max) const;
  // Notified of each event.
  Signal& changed() { return changed_; }

 private:
  struct Event {
    Topic topic;
    std::string name;
    std::string data;
  };
  using Counts = std::array<std::uint64_t, topic_count>;

  std::uint64_t oldest() const { return next_ - kept_.size(); }
  const Event& event(std::uint64_t number) const { return kept_.at(number - oldest()); }
  std::string id_of(std::uint64_t number) const { return name_ + "-" + std::to_string(number); }
  std::optional<std::uint64_t> number_of(std::string_view id) const;
  std::uint64_t skip_lost(Bookmark& bookmark) const;

  std::string name_;
  std::uint64_t next_ = 1;
  std::deque<Event> kept_;
  std::size_t bytes_ = 0;
  Counts gone_{};   // of each topic, the events that left the ring
  Counts since_{};  // of each topic, the number from which on none is missing
  Signal changed_;
};

}  // namespace admin

#pragma once
// Fills the events: the state of the configuration as it changes, and, while somebody follows,
// targets, traffic and measures. They go on a little longer than they are followed, so that a
// reader whose connection broke misses nothing.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/events.h"
#include "admin/recorded.h"
#include "admin/running.h"
#include "base/random.h"
#include "base/task_group.h"
#include "gateway/core.h"
#include "gateway/traffic.h"
#include "http/message.h"
#include "net/loop.h"

namespace admin {

// How often, and how long.
class FeedTimes {
 public:
  FeedTimes() = default;
  Duration targets = std::chrono::milliseconds(500);  // between two looks at them
  Duration metrics = std::chrono::seconds(5);
  Duration kept = std::chrono::seconds(60);  // after the last follower has left
  Duration keep_alive = std::chrono::seconds(15);
};

class EventFeed final : public gateway::Watcher {
 public:
  static constexpr std::size_t followers_max = 32;

  // All must outlive this, and this every response that it gave.
  EventFeed(net::Loop& loop, const Clock& clock, Running& running, gateway::Shared& shared,
            const FeedTimes& times = FeedTimes());
  ~EventFeed() override;

  // A stream of these topics' events, that goes on after the one of that id if it can. Nothing if
  // there are as many followers as there may be.
  std::optional<http::Response> follow(Topics topics, std::string_view last_id);

  void see(gateway::Sighting sighting) override;
  std::size_t followers() const { return followers_; }
  // The requests behind the latest events of traffic, by their ids; only while they are followed.
  const Recorded& recorded() const { return recorded_; }
  // Whether arguments of tool calls are recorded while somebody follows.
  bool records_arguments() const { return records_arguments_; }

 private:
  class Stream;
  Task<> tell_configuration();
  Task<> look();
  void take_settings();
  void begin(Topics topics);
  void end_unfollowed();
  void compare_targets(bool is_told);
  void measure();
  std::string hello(const Bookmark& bookmark) const;

  net::Loop& loop_;
  const Clock& clock_;
  Running& running_;
  gateway::Shared& shared_;
  const FeedTimes times_;
  SystemRandom random_;
  Events events_{random_};
  Recorded recorded_;
  bool records_arguments_ = false;
  std::size_t followers_ = 0;
  std::size_t traffic_followers_ = 0;
  Instant followed_;          // when there was a follower last
  Instant traffic_followed_;  // the same of traffic or measures
  bool is_looking_ = false;
  bool is_watching_ = false;
  Instant measured_;
  Signal wanted_;
  std::map<std::uint64_t, std::uint64_t> versions_;  // of targets, when they were looked at last
  std::vector<double> latencies_;                    // of the interval, in milliseconds
  std::size_t next_latency_ = 0;
  TaskGroup tasks_;  // last: they use everything above
};

}  // namespace admin

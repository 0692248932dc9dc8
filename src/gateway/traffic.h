#pragma once
// What was served, for whoever watches: counts of each core, and, while somebody watches, a copy of
// each access record as a letter to the watcher's loop. While nobody does, a request costs a few
// additions in memory of its own core and one look at a flag.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/principal.h"
#include "base/clock.h"
#include "net/mailbox.h"
#include "telemetry/record.h"

namespace gateway {

// One exchange as its record says it, bound to no thread, exchange or snapshot. Like the record it
// has no token, query or body, and arguments only if the operator asked for them; texts of clients
// and servers are cut. Empty: not known.
class Sighting {
 public:
  // `the_caller` is who the policies found it to be.
  Sighting(const telemetry::Record& record, WallTime at, Duration it_took,
           auth::Principal the_caller = auth::Principal());

  WallTime time;
  Duration took;
  int status;
  bool is_stream;  // it was a stream of events, whose end is nobody's to wait for
  std::string http_method;
  std::string host;
  std::string path;
  std::string listener;
  std::string route;
  std::string source;
  std::string subject;
  std::string mcp_method;
  std::string_view kind;  // "tool", "prompt", "resource"
  std::string name;
  std::string target;
  std::string session;
  std::string_view decision;  // "allow" or "deny"
  std::string rule;           // where the one stands that decided
  std::string expression;     // what it says
  std::string_view reason;    // cel's name of why
  std::string error;
  // What rules see of it beside that: for explanations, and told on request only.
  auth::Principal caller;
  std::shared_ptr<const telemetry::Arguments> arguments;
};

class Watcher {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  virtual ~Watcher() = default;
  virtual void see(Sighting sighting) = 0;
};

class Traffic {
 public:
  // On their way to the watcher at the same time; what comes beyond that is lost and counted.
  static constexpr std::size_t letters_max = 4'096;

  struct Counts {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;  // answers of 5xx, and those that could not be sent
    std::uint64_t allowed = 0;
    std::uint64_t denied = 0;
  };

  // The watcher's loop, and how many cores there are. This outlives all of them.
  Traffic(net::LoopAddress home, std::size_t cores) : home_(std::move(home)), tallies_(cores) {}
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;
  ~Traffic() = default;

  // For the core of that number, of what it has served.
  void count(std::size_t core, const telemetry::Record& record) {
    Tally& tally = tallies_[core];
    add_one(tally.requests);
    if (record.http_status == 0 || record.http_status >= 500) add_one(tally.errors);
    if (record.authz_decision.empty()) return;
    add_one(record.authz_decision == "allow" ? tally.allowed : tally.denied);
  }
  bool is_watched() const { return is_watched_.load(std::memory_order_relaxed); }
  // Whether arguments of tool calls are wanted, too.
  bool takes_arguments() const { return takes_arguments_.load(std::memory_order_relaxed); }
  // While it is watched.
  void tell(Sighting sighting);

  // For the watcher's thread.
  void watch(Watcher& watcher);
  // From now on, while it is watched.
  void take_arguments(bool wanted);
  void unwatch();
  // How many sightings were lost since it was asked last.
  std::uint64_t take_lost() { return lost_.exchange(0, std::memory_order_relaxed); }
  // Of all cores, since the start.
  Counts counts() const;

 private:
  class SightingLetter;
  // Written by one core, read by anybody; a line of its own, so that cores do not wait for each
  // other.
  struct alignas(64) Tally {
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> errors{0};
    std::atomic<std::uint64_t> allowed{0};
    std::atomic<std::uint64_t> denied{0};
  };
  static void add_one(std::atomic<std::uint64_t>& count) {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  const net::LoopAddress home_;
  std::vector<Tally> tallies_;
  std::atomic<bool> is_watched_{false};
  std::atomic<bool> takes_arguments_{false};
  std::atomic<std::size_t> letters_{0};
  std::atomic<std::uint64_t> lost_{0};
  // The watcher's thread only.
  Watcher* watcher_ = nullptr;
  bool wants_arguments_ = false;
};

}  // namespace gateway

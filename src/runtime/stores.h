#pragma once
// What outlives a configuration: key sets and targets. A snapshot says what should be, a store
// holds what is. Both are keyed by the value of the settings that made an entry, so a reload that
// does not change a target keeps it with its restarts, back-off and sessions.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "auth/key_store.h"
#include "base/log.h"
#include "config/file.h"
#include "http/limits.h"
#include "mcp/naming.h"
#include "upstream/queue_limits.h"
#include "upstream/stdio.h"
#include "upstream/upstream.h"
#include "upstream/vitals.h"

namespace net {
class Spawner;
}

namespace runtime {

// A target with a number that is never used again; sessions are bound to it. Several targets of one
// backend are a target, too.
struct TargetEntry {
  std::uint64_t number;
  // Which server it is: the same in every process for a target of this kind, name and address.
  std::uint64_t fingerprint = 0;
  std::unique_ptr<upstream::Target> target;
  std::shared_ptr<upstream::Vitals> vitals = nullptr;  // of one target; null for several together
  std::size_t children = 0;                            // processes of each session
  std::string_view transport;  // of one target: the word for its kind in the configuration
  // Whose what is by its name; null: names are the one target's own.
  std::shared_ptr<const mcp::Naming> naming;
  std::vector<std::shared_ptr<const TargetEntry>> parts;  // with a naming: in its order
};

// What is allowed to the servers of every target.
struct TargetLimits {
  std::size_t children = 1'000;  // of all targets together
  std::size_t line_bytes = std::size_t{4} << 20;
  std::chrono::milliseconds start_within = std::chrono::seconds(10);
  std::size_t answer_bytes = http::response_body_bytes_max;
  std::size_t event_bytes = http::event_line_bytes_max;
  std::size_t calls = 10'000;
  std::size_t streams = 2'000;
  upstream::QueueLimits queue;
};

class TargetStore {
 public:
  // Both must outlive the store. `version` is the gateway's own.
  TargetStore(net::Spawner& spawner, Log log, const TargetLimits& limits = TargetLimits(),
              std::string version = "0")
      : spawner_(spawner),
        log_(log),
        limits_(limits),
        version_(std::move(version)),
        children_(std::make_shared<upstream::ChildCount>(limits.children)) {}
  TargetStore(const TargetStore&) = delete;
  TargetStore& operator=(const TargetStore&) = delete;
  ~TargetStore() = default;

  // The target of these settings, made if there is none. From the thread that builds snapshots
  // only.
  std::shared_ptr<const TargetEntry> get(const config::Target& configured);
  // What a backend's sessions are with: its one target, or all of them together.
  std::shared_ptr<const TargetEntry> get(const config::McpBackend& settings);
  // Forgets what no snapshot holds any more.
  void forget_unused();

 private:
  std::unique_ptr<upstream::Target> make(const config::Target& settings,
                                         std::shared_ptr<upstream::Vitals> vitals);

  net::Spawner& spawner_;
  Log log_;
  const TargetLimits limits_;
  const std::string version_;
  std::shared_ptr<upstream::ChildCount> children_;  // of all targets
  std::uint64_t last_number_ = 0;
  std::vector<std::pair<config::Target, std::shared_ptr<const TargetEntry>>> entries_;
  struct Joint {
    config::FailureMode failure;
    std::shared_ptr<const TargetEntry> entry;
  };
  std::vector<Joint> joint_;
};

struct Stores {
  auth::KeyStore& keys;
  TargetStore& targets;
};

}  // namespace runtime

#pragma once
// Where sessions are found from any core: a sharded table of values. A lock guards one look-up or
// insert and is never held across a wait. What is found is a shared handle to the session's home.

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "gateway/mcp_session.h"
#include "gateway/session_id.h"
#include "net/home.h"

namespace gateway {

// What any core knows of a session; the session itself is at home.
struct SessionHandle {
  SessionHandle(net::Home<McpSession> the_home, mcp::Revision the_revision, std::string the_number,
                std::shared_ptr<auth::CurrentCredentials> the_credentials = nullptr,
                std::size_t the_children = 0)
      : home(std::move(the_home)),
        revision(the_revision),
        number(std::move(the_number)),
        credentials(std::move(the_credentials)),
        children(the_children) {}

  net::Home<McpSession> home;
  mcp::Revision revision;
  std::string number;                                     // for records
  std::shared_ptr<auth::CurrentCredentials> credentials;  // for its server; null: none
  std::size_t children;                                   // processes that it may have
  mcp::TaskOffer tasks;                                   // what its client may do about them
  // When it began, in seconds since 1970, if other processes may go on with it.
  std::optional<std::int64_t> shared_since;

  // Any core may say when the session was last used.
  void touch(Instant now) const {
    last_used_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  Instant last_used() const {
    return Instant(Instant::duration(last_used_.load(std::memory_order_relaxed)));
  }

 private:
  mutable std::atomic<Instant::rep> last_used_{0};
};
using SessionHome = std::shared_ptr<const SessionHandle>;

struct SessionLimits {
  std::size_t per_owner = 100;
  std::size_t children_per_owner = 200;
  std::size_t total = 10'000;
  Duration idle = std::chrono::minutes(30);
  bool operator==(const SessionLimits&) const = default;
};

class SessionTable {
 public:
  explicit SessionTable(const SessionLimits& limits) : limits_(limits) {}
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  // Room for one more session of `owner` with so many child processes, to be given back with
  // release() if none comes of it. Fault::too_many for one owner, Fault::unavailable for all
  // together; the Error's words say which limit it is and may be sent to the client.
  Result<> reserve(const std::string& owner, std::size_t children = 0);
  void release(const std::string& owner, std::size_t children = 0);
  // `owner` must have reserved. `target` names what the session depends on.
  void insert(const SessionNumber& number, std::string owner, std::uint64_t target,
              SessionHome home, Instant now);
  // The same for one that another process began. Another request may have brought it here
  // meanwhile: then that is what is returned. One of a target of before makes room for it. Null if
  // it has ended here. Unless it is `home` that is returned, what was reserved is given back.
  SessionHome adopt(const SessionNumber& number, std::string owner, std::uint64_t target,
                    SessionHome home, Instant now);
  // Whether a shared session that began then, and is not here, has ended here. What is forgotten
  // in order to bound the memory counts as ended.
  bool has_ended(const SessionNumber& number, std::int64_t began);

  // Null if there is none that depends on that target; else it counts as used now.
  SessionHome find(const SessionNumber& number, std::uint64_t target, Instant now);
  // Takes it out; null if there is none.
  SessionHome take(const SessionNumber& number);
  // Take out what was idle for too long, what depends on a target that is not in `kept`, or
  // everything. The sessions end when the last handle is dropped.
  std::vector<SessionHome> take_idle(Instant now);
  std::vector<SessionHome> take_orphans(const std::set<std::uint64_t>& kept);
  std::vector<SessionHome> take_all();

  std::size_t size() const;

 private:
  struct Entry {
    std::string owner;
    std::uint64_t target;
    SessionHome home;
  };
  // Numbers are random, and sealed, so that nobody chooses them.
  struct Spread {
    std::size_t operator()(const SessionNumber& number) const {
      std::size_t spread = 0;
      std::memcpy(&spread, number.bytes().data() + 1, sizeof(spread));
      return spread;
    }
  };
  // Shared sessions that ended here, which their ids could bring back to life: of those that began
  // after `horizon` the numbers, and all before.
  struct Ended {
    bool has(const SessionNumber& number, std::int64_t began) const {
      return began <= horizon || numbers.contains({began, number});
    }
    void add(const SessionNumber& number, std::int64_t began);
    std::set<std::pair<std::int64_t, SessionNumber>> numbers;
    std::int64_t horizon = std::numeric_limits<std::int64_t>::min();
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<SessionNumber, Entry, Spread> entries;
    Ended ended;
  };
  static constexpr std::size_t shard_count = 16;
  static constexpr std::size_t ended_max = 4096;  // of a shard

  Shard& shard_of(const SessionNumber& number) {
    return shards_.at(number.bytes()[0] % shard_count);
  }
  template <class Condition>
  std::vector<SessionHome> take_if(Condition condition);

  const SessionLimits limits_;
  std::array<Shard, shard_count> shards_;
  mutable std::mutex counts_mutex_;
  struct Held {
    std::size_t sessions = 0;
    std::size_t children = 0;
  };
  std::unordered_map<std::string, Held> per_owner_;
  std::size_t total_ = 0;
};

}  // namespace gateway

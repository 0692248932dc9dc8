#pragma once
// The upstream sessions behind stateless requests, found from any core, and the calls that wait for
// their clients' answers. A caller's sessions are nobody else's: the key is who asks, on which
// route, of which target, with which credentials, and what it can be asked, since servers show
// different things to clients that can do different things.
//
// Sessions count as the caller's, together with those of the session-based revisions.

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "auth/credentials.h"
#include "base/clock.h"
#include "gateway/modern_session.h"
#include "gateway/session_id.h"
#include "gateway/session_table.h"
#include "net/home.h"

namespace gateway {

struct ModernLimits {
  std::size_t parked_per_owner = 16;
  std::size_t parked = 1'000;
  Duration parked_for = std::chrono::minutes(5);
  Duration idle = std::chrono::minutes(5);
  bool operator==(const ModernLimits&) const = default;
};

// What any core knows of a session.
class ModernHandle {
 public:
  // `owner` has reserved a place in `counts`, which is given back at the end.
  ModernHandle(net::Home<ModernSession> the_home, SessionTable& counts, std::string the_owner,
               std::uint64_t the_target, std::shared_ptr<auth::CurrentCredentials> the_credentials)
      : home(std::move(the_home)),
        owner(std::move(the_owner)),
        target(the_target),
        credentials(std::move(the_credentials)),
        counts_(counts) {}
  ModernHandle(const ModernHandle&) = delete;
  ModernHandle& operator=(const ModernHandle&) = delete;
  ~ModernHandle() { counts_.release(owner, children); }

  const net::Home<ModernSession> home;
  const std::string owner;
  const std::uint64_t target;
  const std::shared_ptr<auth::CurrentCredentials> credentials;  // for its server
  std::size_t children = 0;  // processes that it may have, reserved with its place

 private:
  friend class ModernPool;
  SessionTable& counts_;
  // The pool's, under its lock.
  std::string key_;
  std::size_t users_ = 0;
  bool is_alone_ = false;
  bool is_spent_ = false;  // a call did not end: only what asks about its tasks uses it
  Instant last_used_;
  std::unordered_map<std::string, Instant> tasks_;  // that go on behind it, and until when
  Instant kept_until_;                              // the last of them
};
using ModernHome = std::shared_ptr<ModernHandle>;

class ModernPool;

// The use of a session. A session that was had alone and whose call did not come to its end is not
// used again, since what the server still says of that call must not reach another; if there are
// tasks behind it, it is kept for who asks about them.
class Lease {
 public:
  Lease(ModernPool& pool, ModernHome session, bool alone)
      : pool_(pool), session_(std::move(session)), is_alone_(alone) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();

  const ModernHandle& session() const { return *session_; }
  // The session is as good as before, for the next one.
  void is_clean() { is_clean_ = true; }
  // It is of no use to anybody any more.
  void is_broken() { is_broken_ = true; }

 private:
  ModernPool& pool_;
  ModernHome session_;
  friend class ModernPool;
  const bool is_alone_;
  bool is_clean_ = false;
  bool is_broken_ = false;
};

// A call that waits for its client's answers.
class ParkedCall {
 public:
  ParkedCall(std::unique_ptr<Lease> the_lease, StreamId the_stream, Instant the_end)
      : lease(std::move(the_lease)), stream(the_stream), end(the_end) {}
  std::unique_ptr<Lease> lease;
  StreamId stream;
  Instant end;
};

class ModernPool {
 public:
  // Both must outlive this.
  ModernPool(SessionTable& counts, const Clock& clock, const ModernLimits& limits)
      : counts_(counts), clock_(clock), limits_(limits) {}
  ModernPool(const ModernPool&) = delete;
  ModernPool& operator=(const ModernPool&) = delete;

  const ModernLimits& limits() const { return limits_; }
  SessionTable& counts() { return counts_; }

  // A session of that key that is free for the use; null if there is none.
  std::unique_ptr<Lease> take(const std::string& key, bool alone);
  // Makes a new one known.
  std::unique_ptr<Lease> add(const std::string& key, ModernHome session, bool alone);
  // Where what the caller's servers tell of changes is read; `scope` is the key without what its
  // clients can be asked.
  std::shared_ptr<Board> board(const std::string& scope);

  // A task goes on in the process behind a session: it is kept until then, if there is no need of
  // its place, and the task found there. The last word counts. Of one session 1,000 tasks are
  // known.
  void keep_task(const std::string& task, const Lease& lease, Instant until);
  // The session that has the task; null if there is none (any more), or its key begins otherwise.
  std::unique_ptr<Lease> take_task(const std::string& task, std::string_view scope = {});

  // Ends one that the owner has and nobody uses, to make room; false if there is none. Those that
  // have tasks go last.
  bool drop_idle_of(const std::string& owner);

  // Keeps a call; gives back those that have to go instead, which are to be abandoned.
  std::vector<ParkedCall> park(const SessionNumber& number, ParkedCall call);
  // Nothing if there is none of that number any more.
  std::optional<ParkedCall> take_parked(const SessionNumber& number);
  // The owner's oldest, to make room.
  std::optional<ParkedCall> take_oldest_of(const std::string& owner);

  // End what is over; what is dropped ends its sessions.
  std::size_t end_idle();
  void end_orphans(const std::set<std::uint64_t>& kept);
  void end_all();

  std::size_t size() const;

 private:
  friend class Lease;
  struct Entry {
    SessionNumber number;
    ParkedCall call;
  };
  using Sessions = std::vector<ModernHome>;

  void give_back(const Lease& lease);
  template <class Condition>
  Sessions take_if(Condition condition);
  template <class Condition>
  std::vector<ParkedCall> take_parked_if(Condition condition);

  SessionTable& counts_;
  const Clock& clock_;
  const ModernLimits limits_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Sessions> sessions_;
  std::unordered_map<std::string, std::weak_ptr<Board>> boards_;
  std::unordered_map<std::string, std::weak_ptr<ModernHandle>> tasks_;
  std::list<Entry> parked_;  // the oldest first
};

}  // namespace gateway

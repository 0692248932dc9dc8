#pragma once
// The one stream of a client of 2024-11-05 (transports: HTTP with SSE): everything that its session
// says goes through it, in order, and when it ends so does the session. It lives on the core that
// serves the stream; requests that arrive on other cores bring what they have to say through
// net::Home.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/signal.h"
#include "base/task.h"
#include "gateway/session_table.h"
#include "net/home.h"

namespace gateway {

class SseLink {
 public:
  SseLink() = default;
  SseLink(const SseLink&) = delete;
  SseLink& operator=(const SseLink&) = delete;

  // Puts a JSON-RPC text on the stream; waits while the client has not read what is there.
  // Fault::not_found when the stream is over.
  Task<Result<>> say(std::string text);
  // A request of the client begins, and is over when everything that comes of it was said.
  // Fault::not_found when nothing new is begun, Fault::too_many if too many requests are in flight.
  Task<Result<>> begin();
  Task<> finish();
  // The client was answered: from now on what belongs to no request is said, too.
  Task<> open(SessionHome session);
  // Nothing new is begun; the stream ends when nothing is in flight.
  Task<> close();
  // Returns when the stream is over.
  Task<> until_over();

  // For the stream's own core. What comes next, a text or the session that was opened; nothing at
  // the end.
  struct Item {
    std::string text;
    SessionHome session;
  };
  Task<std::optional<Item>> next();
  void end();

 private:
  bool is_full() const;

  std::deque<std::string> texts_;
  std::size_t bytes_ = 0;
  SessionHome opened_;
  std::size_t in_flight_ = 0;
  bool is_closing_ = false;
  bool is_over_ = false;
  Signal changed_;
};

// What any core knows of a stream.
struct SseDoor {
  explicit SseDoor(net::Home<SseLink> the_link) : link(std::move(the_link)) {}
  net::Home<SseLink> link;
};
using SseDoorRef = std::shared_ptr<const SseDoor>;

// Where streams are found from any core. A session of a stream has the stream's number, and is in
// the table of sessions only while its stream is here.
class SseDoors {
 public:
  // `target` names what the stream depends on.
  void insert(const SessionNumber& number, std::uint64_t target, SseDoorRef door);
  // Null if there is none.
  SseDoorRef find(const SessionNumber& number) const;
  // Whether the stream's session is being opened or was; asked once before each opening.
  bool claim(const SessionNumber& number);
  // It could not be opened.
  void unclaim(const SessionNumber& number);
  // Calls `insert`, which puts the stream's session into the table. False if the stream is over.
  template <class Insert>
  bool keep(const SessionNumber& number, Insert insert) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(number.text());
    if (found == entries_.end()) return false;
    insert();
    return found->second.has_session = true;
  }
  // The stream is over. Whether its session was put into the table.
  bool remove(const SessionNumber& number);
  // Those that depend on a target that is not in `kept`, whether they have a session or not.
  std::vector<SseDoorRef> orphans(const std::set<std::uint64_t>& kept) const;

 private:
  struct Entry {
    SseDoorRef door;
    std::uint64_t target = 0;
    bool is_claimed = false;
    bool has_session = false;
  };
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;  // by the numbers' texts
};

}  // namespace gateway

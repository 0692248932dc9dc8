#pragma once
// What a load asks and what it makes of the answers. A Work may also do harm of its own, and knows
// then which failures that explains.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "wire.h"

namespace soak {

// One request in flight.
struct Asked {
  std::uint64_t id = 0;       // from 1, never twice
  std::uint64_t started = 0;  // monotonic nanoseconds
  std::size_t slot = 0;       // for the Work, as is the next
  std::uint64_t mark = 0;
  bool is_big = false;  // its answer comes in many pieces
};

class Work {
 public:
  Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  virtual ~Work() = default;

  // Appends the request of that id to `out`; `asked` may be added to. `is_big` is a wish.
  virtual void ask(Asked& asked, std::string& out) = 0;
  // What is wrong with the answer; empty if it is right, or wrong because of what was done to it.
  virtual std::string fault_of(const Asked& asked, const bench::Message& answer) = 0;
  // Whether it may be that the connection broke before the answer was whole.
  virtual bool explains_loss(const Asked& asked) {
    static_cast<void>(asked);
    return false;
  }
  // The caller has left and will see no answer.
  virtual void left(const Asked& asked) { static_cast<void>(asked); }
  // Called often: the moment to do harm.
  virtual void disturb() {}
  // All requests are over: leave nothing behind.
  virtual void finish() {}
  // Members of a JSON object, each with a comma before it.
  virtual std::string report() const { return ""; }
};

// Whom the work is done with.
struct Place {
  std::uint16_t port = 0;
  std::string token;
  std::string path = "/mcp";
  std::size_t sessions = 8;
  // Every so often the child of one session is killed; 0: never.
  std::uint64_t kill_every_ms = 0;
  // Within this time of a death its calls must have failed.
  std::uint64_t notice_ms = 1000;
  // Whether a session may be unknown because the gateway was started anew.
  bool may_restart = false;
  // Whether the server behind the gateway may be gone for a while.
  bool may_fail = false;
};

// Plain proxying of bench's requests.
std::unique_ptr<Work> make_proxy_work(const Place& place);
// tools/call over sessions.
std::unique_ptr<Work> make_tools_work(const Place& place);
// tools/list, whose answers must show one whole policy of two (see reloads.py).
std::unique_ptr<Work> make_policy_work(const Place& place);

}  // namespace soak

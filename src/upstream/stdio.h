#pragma once
// A server that is a child process and speaks JSON-RPC in lines over its standard input and output,
// of whichever era it says when it is first started.
// One child per session; it is started by the spawner without a shell and ended with its whole
// group.

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "upstream/queue_limits.h"
#include "upstream/upstream.h"
#include "upstream/vitals.h"

class Log;
namespace net {
class Spawner;
}

namespace upstream {

struct StdioSettings {
  std::string command;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  // added to, and stronger than, what is inherited
  bool clear_environment = false;  // inherit nothing; PATH is then used only to find the command
  std::string directory;           // working directory; empty: the gateway's

  // Nothing: it is found out.
  std::optional<mcp::Era> era;
  std::chrono::milliseconds handshake = std::chrono::seconds(10);
  // How long a child may have nothing to do; zero: for ever.
  std::chrono::milliseconds idle = std::chrono::milliseconds::zero();
  // Children that are started before they are needed, on each core that opened a session.
  std::size_t spares = 0;
  // For a server of unknown era to say that it is a modern one, counted from its start.
  std::chrono::milliseconds probe = std::chrono::milliseconds(2500);
  std::size_t line_bytes_max = 4 << 20;
  QueueLimits queue;

  bool operator==(const StdioSettings&) const = default;
};

// How many children there are, of how many there may be. For any thread.
class ChildCount {
 public:
  explicit ChildCount(std::size_t most) : most_(most) {}

  // A child's place, as long as it lives.
  class Place {
   public:
    Place() = default;
    explicit Place(std::shared_ptr<ChildCount> count) : count_(std::move(count)) {}
    Place(Place&& other) noexcept = default;
    Place& operator=(Place&& other) noexcept {
      std::swap(count_, other.count_);
      return *this;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (count_) count_->count_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    std::shared_ptr<ChildCount> count_;
  };

  // Fault::unavailable if there are as many as there may be. Without a count there is no limit.
  static Result<Place> take(const std::shared_ptr<ChildCount>& count);
  // The same for a child that nobody needs yet, of which there may be fewer.
  static Result<Place> take_spare(const std::shared_ptr<ChildCount>& count);

 private:
  static Result<Place> take(const std::shared_ptr<ChildCount>& count, std::size_t most);

  const std::size_t most_;
  std::atomic<std::size_t> count_{0};
};

// `spawner` and the log's sink must outlive the target and every session of it. `children` counts
// those of several targets. What becomes of its own is told to `vitals`.
std::unique_ptr<Target> make_stdio_target(mcp::TargetName name, StdioSettings settings,
                                          net::Spawner& spawner, const Log& log,
                                          std::shared_ptr<ChildCount> children = nullptr,
                                          std::shared_ptr<Vitals> vitals = nullptr);

}  // namespace upstream

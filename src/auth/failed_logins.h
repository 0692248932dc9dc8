#pragma once
// How often each address has shown credentials that were wrong. After too many in a window nothing
// new of it is judged until the window has passed, so that passwords and keys cannot be guessed and
// signatures not be made to be checked by the thousand. Callers that were accepted before do not
// notice. Of all cores together; safe from any thread, and without a lock while nobody is locked
// out.

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/log.h"

namespace auth {

struct FailedLoginLimits {
  // Within a window; 0: nobody is locked out.
  std::uint32_t failures_max = 100;
  // Begins with an address's first failure.
  Duration window = std::chrono::minutes(1);
  // What is remembered; of more the oldest are forgotten.
  std::size_t addresses_max = 65'536;
};

class FailedLogins {
 public:
  FailedLogins(const FailedLoginLimits& limits, Log log) : limits_(limits), log_(log) {}
  FailedLogins(const FailedLogins&) = delete;
  FailedLogins& operator=(const FailedLogins&) = delete;

  // How long nothing new of that address is judged, if so.
  std::optional<Duration> locked_for(std::string_view address, Instant now);
  // Something of that address was wrong. The log says once a window who is locked out.
  void note(std::string_view address, Instant now);

  std::size_t size() const;

  // What is counted together: an IPv4 address, or the /64 of an IPv6 address, which is one site's.
  // Any other text is itself.
  static std::string group_of(std::string_view address);

 private:
  struct Entry {
    std::string group;
    Instant until;
    std::uint32_t failures = 0;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::list<Entry> order;  // the oldest window first
    std::unordered_map<std::string, std::list<Entry>::iterator> index;
  };
  static constexpr std::size_t shard_count = 16;
  Shard& shard_of(const std::string& group);
  static void forget_first(Shard& shard);

  const FailedLoginLimits limits_;
  Log log_;
  std::array<Shard, shard_count> shards_;
  std::atomic<Instant> last_lock_{Instant::min()};  // when the last window of a locked one ends
};

}  // namespace auth

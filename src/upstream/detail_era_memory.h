#pragma once
// What is known of a server's era and, for as long as the server itself allows, what it said of
// itself. One for each target; safe from any thread.

#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "mcp/era.h"
#include "mcp/message.h"

namespace upstream {

class EraMemory {
 public:
  static constexpr Duration kept_max = std::chrono::minutes(5);

  // Nothing: it has to be found out.
  std::optional<mcp::Era> known() const;
  // Whether that is news.
  bool know(mcp::Era era);
  void forget();

  // Keeps an answer to server/discover for its ttlMs. One that is for its asker alone (cacheScope
  // is not `public`) is kept only if `is_for_all`: the gateway asks in nobody's name.
  void keep(const mcp::Message& answer, bool is_for_all, Instant now);
  // The answer's text if it is good still.
  std::optional<std::string> kept(Instant now) const;

 private:
  mutable std::mutex mutex_;
  std::optional<mcp::Era> era_;
  std::string answer_;
  Instant good_until_ = Instant::min();
};

}  // namespace upstream

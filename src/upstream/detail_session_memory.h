#pragma once
// What a server must be told again when its session had to be opened anew: the log level and the
// subscriptions. Those that were refused are repeated, too, and refused again.

#include <set>
#include <string>
#include <string_view>

#include "mcp/call.h"

namespace upstream {

class SessionMemory {
 public:
  static constexpr std::size_t subscriptions_max = 1000;

  // Every call of a client that is sent.
  void note(const mcp::Call& call);
  bool has_subscriptions() const { return !subscribed_.empty(); }
  // `repeat(method, params)` for each, params as JSON text.
  template <class Repeat>
  void each(Repeat repeat) const {
    if (!log_level_.empty()) repeat(std::string_view("logging/setLevel"), log_level_);
    for (const std::string& params : subscribed_) {
      repeat(std::string_view("resources/subscribe"), params);
    }
  }

 private:
  std::string log_level_;             // params of the last logging/setLevel, or empty
  std::set<std::string> subscribed_;  // params of resources/subscribe
};

}  // namespace upstream

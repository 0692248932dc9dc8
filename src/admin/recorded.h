#pragma once
// The last requests that were told of, for who asks about one of them: who the caller was, as the
// policies found, and the arguments if the operator wants them. In memory only, and bounded: the
// oldest go first.

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/traffic.h"
#include "json/write.h"
#include "runtime/snapshot.h"

namespace admin {

class Recorded {
 public:
  static constexpr std::size_t kept_max = 1'000;
  // Of claims, metadata and arguments.
  static constexpr std::size_t kept_bytes_max = std::size_t{4} << 20;

  // `id` is that of its event.
  void add(std::string id, gateway::Sighting sighting);
  // Null if it is not kept, or not any more.
  std::shared_ptr<const gateway::Sighting> find(std::string_view id) const;
  void forget_arguments();
  void clear();

 private:
  struct Kept {
    std::string id;
    std::shared_ptr<gateway::Sighting> sighting;
  };

  std::deque<Kept> kept_;
  std::size_t bytes_ = 0;
};

// The request as rules see it, as far as it is known: their variables. What it is about goes by the
// target's own name, if the route is still there.
void write_data(json::Writer& writer, const gateway::Sighting& seen,
                const runtime::Snapshot& snapshot);

}  // namespace admin

#pragma once
// Sessions that other processes began and that are being brought here. One request does it; those
// beside it, on whichever core, wait for it: each of them would need a place for a session and open
// one at the server.
//
//   const auto turn = arrivals.take_turn(loop, number, target);
//   if (turn->is_first()) ...  // bring it, and then let go of the turn
//   const auto over = co_await turn->until_over(deadline);  // somebody else's
//
// Look whether the session is there after taking a turn: what was being brought may be there.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/shared_work.h"
#include "gateway/session_id.h"
#include "net/home.h"

namespace gateway {

// One of them, on the loop of the request that brings it.
class Arrival {
 public:
  explicit Arrival(std::shared_ptr<SharedWork> bringing) : bringing_(std::move(bringing)) {}
  // Fault::timed_out if it is still on its way then.
  Task<Result<>> until_over(Deadline deadline) {
    co_return co_await bringing_->until_over(deadline);
  }

 private:
  std::shared_ptr<SharedWork> bringing_;
};
using ArrivalHome = std::shared_ptr<const net::Home<Arrival>>;

// For all cores.
class Arrivals {
 public:
  using Session = std::pair<SessionNumber, std::uint64_t>;

  // Must not outlive what gave it. The end of the first one, which is on the loop it was taken on,
  // ends the waiting of the others, whatever came of it.
  class Turn {
   public:
    // `bringing` is null if it is not the first.
    Turn(Arrivals& arrivals, const Session& session, ArrivalHome arrival,
         std::shared_ptr<SharedWork> bringing);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

    bool is_first() const { return bringing_ != nullptr; }
    // For the others. Fault::timed_out, or what is wrong with the loop of the first.
    auto until_over(Deadline deadline) const {
      return arrival_->ask(&Arrival::until_over, deadline);
    }

   private:
    Arrivals& arrivals_;
    const Session session_;
    const ArrivalHome arrival_;
    const std::shared_ptr<SharedWork> bringing_;
    std::optional<SharedWork::Turn> own_;
  };

  // On the thread of `loop`. The first, if there is none for that session and target.
  std::unique_ptr<Turn> take_turn(net::Loop& loop, const SessionNumber& number,
                                  std::uint64_t target);

 private:
  std::mutex mutex_;
  std::map<Session, ArrivalHome> on_their_way_;
};

}  // namespace gateway

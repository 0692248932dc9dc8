#include "gateway/arrivals.h"

namespace gateway {

Arrivals::Turn::Turn(Arrivals& arrivals, const Session& session, ArrivalHome arrival,
                     std::shared_ptr<SharedWork> bringing)
    : arrivals_(arrivals),
      session_(session),
      arrival_(std::move(arrival)),
      bringing_(std::move(bringing)) {
  if (bringing_) own_.emplace(*bringing_);
}

Arrivals::Turn::~Turn() {
  if (!is_first()) return;
  const std::lock_guard lock(arrivals_.mutex_);
  arrivals_.on_their_way_.erase(session_);
}

std::unique_ptr<Arrivals::Turn> Arrivals::take_turn(net::Loop& loop, const SessionNumber& number,
                                                    std::uint64_t target) {
  const Session session(number, target);
  const std::lock_guard lock(mutex_);
  const auto found = on_their_way_.find(session);
  if (found != on_their_way_.end()) {
    return std::make_unique<Turn>(*this, session, found->second, nullptr);
  }
  auto bringing = std::make_shared<SharedWork>();
  auto home = std::make_shared<const net::Home<Arrival>>(loop, std::make_unique<Arrival>(bringing));
  on_their_way_.emplace(session, home);
  return std::make_unique<Turn>(*this, session, std::move(home), std::move(bringing));
}

}  // namespace gateway

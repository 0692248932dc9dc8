// The idle connections of a Pool.

#include <tuple>
#include <utility>

#include "http/detail_pool_state.h"

namespace http {
namespace {

constexpr Duration reaped_every = std::chrono::seconds(1);

}  // namespace

bool EndpointOrder::operator()(const Endpoint& left, const Endpoint& right) const {
  return std::tie(left.port, left.uses_tls, left.host, left.profile) <
         std::tie(right.port, right.uses_tls, right.host, right.profile);
}

// Nearly all requests of a core go to where the last one went.
Pool::State::Shelf& Pool::State::shelf_of(const Endpoint& endpoint) {
  if (last_ == nullptr || last_->first != endpoint) last_ = &*idle_.try_emplace(endpoint).first;
  return last_->second;
}

// The one that was used last: it is the least likely to be closed by the other side.
Pool::State::Connection Pool::State::take_idle(const Endpoint& endpoint) {
  if (idle_count_ == 0) return nullptr;
  Shelf& connections = shelf_of(endpoint);
  Connection taken;
  while (!taken && !connections.empty()) {
    taken = std::move(connections.back());
    connections.pop_back();
    --idle_count_;
    if (!is_usable(*taken)) taken.reset();
  }
  return taken;
}

void Pool::State::keep(Connection connection) {
  if (connection->idle_max <= Duration::zero() || idle_count_ >= limits_.idle_total) return;
  Shelf& connections = shelf_of(connection->endpoint);
  if (connections.size() >= limits_.idle_per_endpoint) return;
  connection->idle_until = scheduler_.now() + connection->idle_max;
  connections.push_back(std::move(connection));
  ++idle_count_;
  if (!reaping_.is_queued()) scheduler_.arm(reaping_, scheduler_.now() + reaped_every);
}

// Drops what is of no more use. What is taken is looked at again, so this only gives back memory
// and descriptors.
void Pool::State::reap(void* self) {
  State& state = *static_cast<State*>(self);
  state.last_ = nullptr;
  for (auto entry = state.idle_.begin(); entry != state.idle_.end();) {
    state.idle_count_ -= std::erase_if(
        entry->second, [&](const Connection& connection) { return !state.is_usable(*connection); });
    entry = entry->second.empty() ? state.idle_.erase(entry) : std::next(entry);
  }
  if (state.idle_count_ != 0) {
    state.scheduler_.arm(state.reaping_, state.scheduler_.now() + reaped_every);
  }
}

void Pool::State::drop_idle(const Endpoint& endpoint) {
  const auto found = idle_.find(endpoint);
  if (found == idle_.end()) return;
  idle_count_ -= found->second.size();
  last_ = nullptr;
  idle_.erase(found);
}

void Pool::State::drop_idle() {
  last_ = nullptr;
  idle_.clear();
  idle_count_ = 0;
}

}  // namespace http

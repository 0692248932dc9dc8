// The idle connections of a Pool.

#include <tuple>
#include <utility>

#include "http/detail_pool_state.h"

namespace http {

bool EndpointOrder::operator()(const Endpoint& left, const Endpoint& right) const {
  return std::tie(left.port, left.uses_tls, left.host, left.profile) <
         std::tie(right.port, right.uses_tls, right.host, right.profile);
}

// The one that was used last: it is the least likely to be closed by the other side.
Pool::State::Connection Pool::State::take_idle(const Endpoint& endpoint) {
  const auto found = idle_.find(endpoint);
  if (found == idle_.end()) return nullptr;
  auto& connections = found->second;
  Connection taken;
  while (!taken && !connections.empty()) {
    taken = std::move(connections.back());
    connections.pop_back();
    --idle_count_;
    if (taken->is_dead) taken.reset();
  }
  if (taken) taken->watch = Task<>();
  if (connections.empty()) idle_.erase(found);
  return taken;
}

void Pool::State::keep(Connection connection) {
  if (connection->idle_max <= Duration::zero() || idle_count_ >= limits_.idle_total) return;
  auto& connections = idle_[connection->endpoint];
  if (connections.size() >= limits_.idle_per_endpoint) return;
  UpstreamConnection& kept = *connection;
  connections.push_back(std::move(connection));
  ++idle_count_;
  const Deadline until = Deadline::in(scheduler_.now(), kept.idle_max);
  kept.watch = watch(*this, kept, until);
  kept.watch.start(scheduler_, std::noop_coroutine());
}

Task<> Pool::State::watch(State& state, UpstreamConnection& connection, Deadline until) {
  auto got = co_await connection.stream->read(until);
  static_cast<void>(got);
  connection.is_dead = true;
  // This very task belongs to the connection, so it cannot be dropped from here.
  state.scheduler_.soon(state.reaping_);
}

void Pool::State::reap(void* self) {
  State& state = *static_cast<State*>(self);
  for (auto entry = state.idle_.begin(); entry != state.idle_.end();) {
    state.idle_count_ -= std::erase_if(
        entry->second, [](const Connection& connection) { return connection->is_dead; });
    entry = entry->second.empty() ? state.idle_.erase(entry) : std::next(entry);
  }
}

void Pool::State::drop_idle(const Endpoint& endpoint) {
  const auto found = idle_.find(endpoint);
  if (found == idle_.end()) return;
  idle_count_ -= found->second.size();
  idle_.erase(found);
}

void Pool::State::drop_idle() {
  idle_.clear();
  idle_count_ = 0;
}

}  // namespace http

#include "gateway/load.h"

namespace gateway {

std::string_view Load::take_connection(const std::string& address) {
  if (is_short_of_memory()) return "short of memory";
  if (connections_.fetch_add(1, std::memory_order_relaxed) >= limits_.connections) {
    connections_.fetch_sub(1, std::memory_order_relaxed);
    return "too many connections";
  }
  Shard& shard = shard_of(address);
  const std::lock_guard lock(shard.mutex);
  std::size_t& count = shard.counts[address];
  if (count >= limits_.connections_per_address) {
    connections_.fetch_sub(1, std::memory_order_relaxed);
    return "too many connections from one address";
  }
  ++count;
  return "";
}

void Load::give_connection(const std::string& address) {
  connections_.fetch_sub(1, std::memory_order_relaxed);
  Shard& shard = shard_of(address);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.counts.find(address);
  if (found != shard.counts.end() && --found->second == 0) shard.counts.erase(found);
}

bool Load::take_bytes(std::uint64_t bytes) {
  const std::uint64_t before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (before + bytes <= limits_.body_bytes) return true;
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

}  // namespace gateway

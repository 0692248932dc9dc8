#include "auth/failed_logins.h"

#include <algorithm>

#include <arpa/inet.h>

namespace auth {
namespace {

constexpr std::size_t site_bytes = 8;  // a /64

}  // namespace

std::string FailedLogins::group_of(std::string_view address) {
  const std::string text(address.substr(0, address.find('%')));
  std::array<char, 16> bytes{};
  if (text.find(':') == std::string::npos || inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) {
    return std::string(address);
  }
  std::fill(bytes.begin() + site_bytes, bytes.end(), '\0');
  std::array<char, INET6_ADDRSTRLEN> site{};
  inet_ntop(AF_INET6, bytes.data(), site.data(), site.size());
  return std::string(site.data()) + "/64";
}

FailedLogins::Shard& FailedLogins::shard_of(const std::string& group) {
  return shards_.at(std::hash<std::string>()(group) % shard_count);
}

void FailedLogins::forget_first(Shard& shard) {
  shard.index.erase(shard.order.front().group);
  shard.order.pop_front();
}

std::optional<Duration> FailedLogins::locked_for(std::string_view address, Instant now) {
  if (now >= last_lock_.load(std::memory_order_relaxed)) return std::nullopt;
  const std::string group = group_of(address);
  Shard& shard = shard_of(group);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.index.find(group);
  if (found == shard.index.end()) return std::nullopt;
  const Entry& entry = *found->second;
  if (entry.failures < limits_.failures_max || now >= entry.until) return std::nullopt;
  return entry.until - now;
}

void FailedLogins::note(std::string_view address, Instant now) {
  if (limits_.failures_max == 0) return;
  const std::string group = group_of(address);
  Shard& shard = shard_of(group);
  const std::lock_guard lock(shard.mutex);
  while (!shard.order.empty() && now >= shard.order.front().until) forget_first(shard);
  auto found = shard.index.find(group);
  if (found == shard.index.end()) {
    if (shard.order.size() >= std::max<std::size_t>(limits_.addresses_max / shard_count, 1)) {
      forget_first(shard);
    }
    shard.order.push_back(Entry{group, now + limits_.window});
    found = shard.index.emplace(group, std::prev(shard.order.end())).first;
  }
  Entry& entry = *found->second;
  if (++entry.failures != limits_.failures_max) return;
  Instant last = last_lock_.load(std::memory_order_relaxed);
  while (last < entry.until && !last_lock_.compare_exchange_weak(last, entry.until)) {
  }
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(entry.until - now).count();
  log_.warn("too many failed logins",
            {{"address", group}, {"failures", entry.failures}, {"locked_s", seconds}});
}

std::size_t FailedLogins::size() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.order.size();
  }
  return count;
}

}  // namespace auth

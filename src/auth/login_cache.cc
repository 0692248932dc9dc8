#include "auth/login_cache.h"

#include <cstring>

namespace auth {

std::size_t LoginCache::Spread::operator()(const crypto::Sha256& key) const {
  std::size_t spread = 0;
  std::memcpy(&spread, key.data(), sizeof(spread));
  return spread;
}

std::shared_ptr<const User> LoginCache::find(const crypto::Sha256& key, Instant now) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  if (now < found->second->until) return found->second->user;
  order_.erase(found->second);
  index_.erase(found);
  return nullptr;
}

void LoginCache::put(const crypto::Sha256& key, std::shared_ptr<const User> user, Instant now) {
  if (const auto known = index_.find(key); known != index_.end()) {
    order_.erase(known->second);
    index_.erase(known);
  }
  if (order_.size() >= limits_.entries_max && !order_.empty()) {
    index_.erase(order_.front().key);
    order_.pop_front();
  }
  order_.push_back(Entry{key, std::move(user), now + limits_.age_max});
  index_.emplace(key, std::prev(order_.end()));
}

}  // namespace auth

#include "auth/token_cache.h"

#include <algorithm>
#include <cstring>

namespace auth {

// The digest is as good as random already.
std::size_t TokenCache::Spread::operator()(const crypto::Sha256& key) const {
  std::size_t spread = 0;
  std::memcpy(&spread, key.data(), sizeof(spread));
  return spread;
}

const TokenCache::Entry* TokenCache::Shelf::find(const crypto::Sha256& key, WallTime now) {
  const auto found = index.find(key);
  if (found == index.end()) return nullptr;
  const Order::iterator entry = found->second;
  // A clock that was set back says nothing about the time before: judge again.
  if (now < entry->since || now >= entry->until) {
    index.erase(found);
    order.erase(entry);
    return nullptr;
  }
  order.splice(order.begin(), order, entry);
  return &*entry;
}

void TokenCache::Shelf::put(Entry entry) {
  if (max == 0) return;
  if (order.size() >= max) {
    index.erase(order.back().key);
    order.pop_back();
  }
  order.push_front(std::move(entry));
  index.insert_or_assign(order.front().key, order.begin());
}

TokenCache::TokenCache(TokenCacheLimits limits)
    : limits_(limits),
      accepted_{limits.accepted_max, {}, {}},
      refused_{limits.refused_max, {}, {}} {}

std::size_t TokenCache::size() const {
  return accepted_.order.size() + refused_.order.size();
}

const TokenCache::Entry* TokenCache::remembered(const crypto::Sha256& key, WallTime now) {
  for (Shelf* shelf : {&accepted_, &refused_}) {
    if (const Entry* entry = shelf->find(key, now)) return entry;
  }
  return nullptr;
}

Verdict TokenCache::verdict(std::string_view token, const Trust& trust, WallTime now) {
  LastToken nobodys;
  return verdict(token, trust, now, {}, nobodys);
}

Verdict TokenCache::verdict(std::string_view token, const Trust& trust, WallTime now,
                            std::string_view credentials, LastToken& last) {
  if (token.size() > token_size_max) return tl::unexpected(TokenFault::too_long);
  const crypto::Sha256 key = crypto::sha256(crypto::view_of(trust.digest), token);
  const Entry* entry = remembered(key, now);
  ++(entry != nullptr ? hits_ : misses_);
  if (entry == nullptr) {
    Verdict fresh = verify(token, trust, now);
    remember(key, fresh, now);
    entry = fresh ? accepted_.find(key, now) : nullptr;
    if (entry == nullptr) return fresh;
  }
  if (entry->verdict) {
    last.credentials_ = credentials;
    last.trust_ = trust.digest;
    last.claims_ = *entry->verdict;
    last.since_ = entry->since;
    last.until_ = entry->until;
  }
  return entry->verdict;
}

void TokenCache::remember(const crypto::Sha256& key, const Verdict& verdict, WallTime now) {
  if (verdict) {
    const WallTime until = std::min((*verdict)->good_until(), now + limits_.accepted_age_max);
    accepted_.put(Entry{key, verdict, now, until});
    return;
  }
  // Only what cost a signature is worth a place, and only what time cannot mend.
  if (verdict.error() == TokenFault::signature_wrong) {
    refused_.put(Entry{key, verdict, now, now + limits_.refused_age_max});
  }
}

}  // namespace auth

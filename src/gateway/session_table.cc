#include "gateway/session_table.h"

namespace gateway {

Result<> SessionTable::reserve(const std::string& owner, std::size_t children) {
  const std::lock_guard lock(counts_mutex_);
  if (total_ >= limits_.total)
    return failed(Fault::unavailable, "the gateway has too many sessions");
  const auto known = per_owner_.find(owner);
  const Held held = known == per_owner_.end() ? Held() : known->second;
  if (held.sessions >= limits_.per_owner)
    return failed(Fault::too_many, "this caller has too many sessions");
  if (children > 0 && held.children + children > limits_.children_per_owner)
    return failed(Fault::too_many, "this caller has too many child processes");
  per_owner_[owner] = Held{held.sessions + 1, held.children + children};
  ++total_;
  return {};
}

void SessionTable::release(const std::string& owner, std::size_t children) {
  const std::lock_guard lock(counts_mutex_);
  const auto found = per_owner_.find(owner);
  if (found == per_owner_.end()) return;
  --total_;
  found->second.children -= children;
  if (--found->second.sessions == 0) per_owner_.erase(found);
}

void SessionTable::insert(const SessionNumber& number, std::string owner, std::uint64_t target,
                          SessionHome home, Instant now) {
  home->touch(now);
  Shard& shard = shard_of(number);
  const std::lock_guard lock(shard.mutex);
  shard.entries.insert_or_assign(number, Entry{std::move(owner), target, std::move(home)});
}

SessionHome SessionTable::adopt(const SessionNumber& number, std::string owner,
                                std::uint64_t target, SessionHome home, Instant now) {
  home->touch(now);
  SessionHome here = home;
  // Of what there is no more use for: its place is given back, and it ends, without the lock.
  Entry idle{std::move(owner), target, std::move(home)};
  {
    Shard& shard = shard_of(number);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(number);
    const bool is_here = found != shard.entries.end();
    if (is_here && found->second.target == target) {
      here = found->second.home;
    } else if (is_here) {
      std::swap(found->second, idle);
    } else if (shard.ended.has(number, here->shared_since.value_or(0))) {
      here = nullptr;
    } else {
      shard.entries.emplace(number, std::move(idle));
      return here;
    }
  }
  release(idle.owner, idle.home->children);
  return here;
}

bool SessionTable::has_ended(const SessionNumber& number, std::int64_t began) {
  Shard& shard = shard_of(number);
  const std::lock_guard lock(shard.mutex);
  return shard.ended.has(number, began);
}

// The oldest are forgotten: of them it is the age that says that they do not come back.
void SessionTable::Ended::add(const SessionNumber& number, std::int64_t began) {
  if (began <= horizon) return;
  numbers.emplace(began, number);
  if (numbers.size() <= ended_max) return;
  horizon = numbers.begin()->first;
  while (!numbers.empty() && numbers.begin()->first <= horizon) numbers.erase(numbers.begin());
}

SessionHome SessionTable::find(const SessionNumber& number, std::uint64_t target, Instant now) {
  Shard& shard = shard_of(number);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(number);
  if (found == shard.entries.end() || found->second.target != target) return nullptr;
  found->second.home->touch(now);
  return found->second.home;
}

SessionHome SessionTable::take(const SessionNumber& number) {
  Shard& shard = shard_of(number);
  SessionHome home;
  std::string owner;
  {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(number);
    if (found == shard.entries.end()) return nullptr;
    home = std::move(found->second.home);
    owner = std::move(found->second.owner);
    if (home->shared_since) shard.ended.add(number, *home->shared_since);
    shard.entries.erase(found);
  }
  release(owner, home->children);
  return home;
}

template <class Condition>
std::vector<SessionHome> SessionTable::take_if(Condition condition) {
  std::vector<SessionHome> taken;
  std::vector<std::string> owners;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (auto entry = shard.entries.begin(); entry != shard.entries.end();) {
      if (!condition(entry->second)) {
        ++entry;
        continue;
      }
      const auto since = entry->second.home->shared_since;
      if (since) shard.ended.add(entry->first, *since);
      owners.push_back(std::move(entry->second.owner));
      taken.push_back(std::move(entry->second.home));
      entry = shard.entries.erase(entry);
    }
  }
  for (std::size_t i = 0; i < taken.size(); ++i) release(owners[i], taken[i]->children);
  return taken;
}

std::vector<SessionHome> SessionTable::take_idle(Instant now) {
  // A session that a request or stream holds is in use, however long ago that began.
  return take_if([&](const Entry& entry) {
    return entry.home.use_count() == 1 && now - entry.home->last_used() > limits_.idle;
  });
}

std::vector<SessionHome> SessionTable::take_orphans(const std::set<std::uint64_t>& kept) {
  return take_if([&](const Entry& entry) { return !kept.contains(entry.target); });
}

std::vector<SessionHome> SessionTable::take_all() {
  return take_if([](const Entry&) { return true; });
}

std::size_t SessionTable::size() const {
  const std::lock_guard lock(counts_mutex_);
  return total_;
}

}  // namespace gateway

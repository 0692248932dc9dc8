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

SessionHome SessionTable::find(const SessionNumber& number, Instant now) {
  Shard& shard = shard_of(number);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(number);
  if (found == shard.entries.end()) return nullptr;
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

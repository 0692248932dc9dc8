#include "gateway/modern_pool.h"

#include <algorithm>

namespace gateway {

namespace {

constexpr std::size_t tasks_of_session_max = 1'000;

}  // namespace

Lease::~Lease() {
  pool_.give_back(*this);
}

std::unique_ptr<Lease> ModernPool::take(const std::string& key, bool alone) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return nullptr;
  for (const ModernHome& session : found->second) {
    const bool is_free = alone ? session->users_ == 0 : !session->is_alone_;
    if (!is_free || session->is_spent_) continue;
    ++session->users_;
    session->is_alone_ = alone;
    return std::make_unique<Lease>(*this, session, alone);
  }
  return nullptr;
}

std::unique_ptr<Lease> ModernPool::add(const std::string& key, ModernHome session, bool alone) {
  const std::lock_guard lock(mutex_);
  session->key_ = key;
  session->users_ = 1;
  session->is_alone_ = alone;
  sessions_[key].push_back(session);
  return std::make_unique<Lease>(*this, std::move(session), alone);
}

std::shared_ptr<Board> ModernPool::board(const std::string& scope) {
  const std::lock_guard lock(mutex_);
  if (auto known = boards_[scope].lock()) return known;
  std::erase_if(boards_, [](const auto& one) { return one.second.expired(); });
  auto made = std::make_shared<Board>();
  boards_[scope] = made;
  return made;
}

// The session itself goes after the lock, when the last who holds it lets go.
void ModernPool::give_back(const Lease& lease) {
  const std::lock_guard lock(mutex_);
  ModernHandle& session = *lease.session_;
  const Instant now = clock_.now();
  --session.users_;
  // Whoever asked about a task meanwhile did not have it alone.
  if (lease.is_alone_) session.is_alone_ = false;
  if (lease.is_alone_ && !lease.is_clean_) session.is_spent_ = true;
  session.last_used_ = now;
  // The results of its tasks are there for as long as they would be in one that is used.
  const bool has_tasks = !session.tasks_.empty() && session.kept_until_ + limits_.idle > now;
  if (!lease.is_broken_ && (!session.is_spent_ || has_tasks)) return;
  const auto found = sessions_.find(session.key_);
  if (found == sessions_.end()) return;
  std::erase(found->second, lease.session_);
  if (found->second.empty()) sessions_.erase(found);
}

template <class Condition>
ModernPool::Sessions ModernPool::take_if(Condition condition) {
  const std::lock_guard lock(mutex_);
  Sessions taken;
  for (auto entry = sessions_.begin(); entry != sessions_.end();) {
    std::erase_if(entry->second, [&](const ModernHome& session) {
      const bool is_taken = condition(*session);
      if (is_taken) taken.push_back(session);
      return is_taken;
    });
    entry = entry->second.empty() ? sessions_.erase(entry) : std::next(entry);
  }
  return taken;
}

template <class Condition>
std::vector<ParkedCall> ModernPool::take_parked_if(Condition condition) {
  const std::lock_guard lock(mutex_);
  std::vector<ParkedCall> taken;
  for (auto entry = parked_.begin(); entry != parked_.end();) {
    if (!condition(*entry)) {
      ++entry;
      continue;
    }
    taken.push_back(std::move(entry->call));
    entry = parked_.erase(entry);
  }
  return taken;
}

bool ModernPool::drop_idle_of(const std::string& owner) {
  const Instant now = clock_.now();
  bool is_found = false;
  for (const bool spares_tasks : {true, false}) {
    const Sessions dropped = take_if([&](const ModernHandle& session) {
      const bool is_spared = spares_tasks && session.kept_until_ > now;
      if (is_found || is_spared || session.owner != owner || session.users_ > 0) return false;
      is_found = true;
      return true;
    });
    if (is_found) break;
  }
  return is_found;
}

void ModernPool::keep_task(const std::string& task, const Lease& lease, Instant until) {
  const std::lock_guard lock(mutex_);
  ModernHandle& session = *lease.session_;
  const bool is_new = !session.tasks_.contains(task);
  if (is_new && session.tasks_.size() >= tasks_of_session_max) {
    const auto first = std::min_element(
        session.tasks_.begin(), session.tasks_.end(),
        [](const auto& one, const auto& other) { return one.second < other.second; });
    const auto known = tasks_.find(first->first);
    if (known != tasks_.end() && known->second.lock() == lease.session_) tasks_.erase(known);
    session.tasks_.erase(first);
  }
  session.tasks_[task] = until;
  tasks_[task] = lease.session_;
  session.kept_until_ = until;
  for (const auto& [other, end] : session.tasks_) {
    session.kept_until_ = std::max(session.kept_until_, end);
  }
}

std::unique_ptr<Lease> ModernPool::take_task(const std::string& task, std::string_view scope) {
  ModernHome session;  // goes after the lock, if it goes
  const std::lock_guard lock(mutex_);
  const auto found = tasks_.find(task);
  if (found == tasks_.end()) return nullptr;
  session = found->second.lock();
  const auto all = session ? sessions_.find(session->key_) : sessions_.end();
  const bool is_there = all != sessions_.end() && std::find(all->second.begin(), all->second.end(),
                                                            session) != all->second.end();
  if (!is_there || !session->key_.starts_with(scope)) return nullptr;
  ++session->users_;
  return std::make_unique<Lease>(*this, session, false);
}

std::vector<ParkedCall> ModernPool::park(const SessionNumber& number, ParkedCall call) {
  const Instant now = clock_.now();
  const std::string owner = call.lease->session().owner;
  std::size_t of_owner = 1;
  std::size_t all = 1;
  {
    const std::lock_guard lock(mutex_);
    parked_.push_back(Entry{number, std::move(call)});
    all = parked_.size();
    of_owner = static_cast<std::size_t>(std::count_if(
        parked_.begin(), parked_.end(),
        [&](const Entry& entry) { return entry.call.lease->session().owner == owner; }));
  }
  return take_parked_if([&](const Entry& entry) {
    const bool is_owners = entry.call.lease->session().owner == owner;
    const bool is_over = entry.call.end <= now;
    const bool is_too_many =
        all > limits_.parked || (is_owners && of_owner > limits_.parked_per_owner);
    if ((!is_over && !is_too_many) || entry.number == number) return false;
    --all;
    if (is_owners) --of_owner;
    return true;
  });
}

std::optional<ParkedCall> ModernPool::take_parked(const SessionNumber& number) {
  const Instant now = clock_.now();
  auto taken = take_parked_if([&](const Entry& entry) { return entry.number == number; });
  if (taken.empty() || taken.front().end <= now) return std::nullopt;
  return std::move(taken.front());
}

std::optional<ParkedCall> ModernPool::take_oldest_of(const std::string& owner) {
  bool is_found = false;
  auto taken = take_parked_if([&](const Entry& entry) {
    if (is_found || entry.call.lease->session().owner != owner) return false;
    is_found = true;
    return true;
  });
  if (taken.empty()) return std::nullopt;
  return std::move(taken.front());
}

std::size_t ModernPool::end_idle() {
  const Instant now = clock_.now();
  const auto late = take_parked_if([&](const Entry& entry) { return entry.call.end <= now; });
  const Sessions idle = take_if([&](const ModernHandle& session) {
    const bool is_kept = session.kept_until_ > now;
    return session.users_ == 0 && !is_kept && now - session.last_used_ > limits_.idle;
  });
  const std::lock_guard lock(mutex_);
  std::erase_if(tasks_, [](const auto& one) { return one.second.expired(); });
  return idle.size();
}

void ModernPool::end_orphans(const std::set<std::uint64_t>& kept) {
  const auto calls = take_parked_if(
      [&](const Entry& entry) { return !kept.contains(entry.call.lease->session().target); });
  const Sessions orphans =
      take_if([&](const ModernHandle& session) { return !kept.contains(session.target); });
}

void ModernPool::end_all() {
  const auto calls = take_parked_if([](const Entry&) { return true; });
  const Sessions all = take_if([](const ModernHandle&) { return true; });
}

std::size_t ModernPool::size() const {
  const std::lock_guard lock(mutex_);
  std::size_t size = 0;
  for (const auto& [key, sessions] : sessions_) size += sessions.size();
  return size;
}

}  // namespace gateway

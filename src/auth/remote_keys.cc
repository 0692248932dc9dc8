#include "auth/remote_keys.h"

#include <algorithm>

#include "base/uri.h"
#include "http/fetch.h"
#include "http/freshness.h"

namespace auth {

using SharedSet = std::shared_ptr<const KeySet>;

// One address. What fetches it ends with it.
struct RemoteKeys::Entry {
  Entry(const KeySource& the_source, Uri the_uri, Scheduler& scheduler)
      : source(the_source), uri(std::move(the_uri)), work(scheduler) {}

  // The address as it may be logged: a query can hold a secret.
  std::string shown() const { return uri.origin() + std::string(uri.path()); }

  const KeySource source;
  const Uri uri;
  bool is_fetching = false;
  bool is_wanted = false;
  bool has_failed = false;         // the last time
  Instant may_refetch;             // from then on
  std::optional<Instant> fetched;  // the last that succeeded
  Deadline next = Deadline::never();
  std::chrono::milliseconds retry{0};
  std::chrono::seconds fresh{0};
  Signal wanted;
  Signal over;
  TaskGroup work;
};

RemoteKeys::RemoteKeys(Scheduler& scheduler, http::Pool& pool, KeyStore& store, const Clock& clock,
                       Log log, const RemoteKeysLimits& limits)
    : scheduler_(scheduler),
      pool_(pool),
      store_(store),
      clock_(clock),
      log_(log),
      limits_(limits) {}

RemoteKeys::~RemoteKeys() = default;

void RemoteKeys::follow(const std::vector<KeySource>& sources) {
  std::erase_if(entries_, [&](const auto& entry) {
    if (std::find(sources.begin(), sources.end(), entry.first) != sources.end()) return false;
    store_.put(entry.first,
               nullptr);  // should it come back, its keys may be old
    return true;
  });
  for (const KeySource& source : sources) {
    if (entries_.contains(source)) continue;
    Result<Uri> uri = Uri::parse(source.value);
    if (!uri) continue;  // the configuration was checked
    auto entry = std::make_shared<Entry>(source, std::move(*uri), scheduler_);
    entries_.emplace(source, entry);
    store_.note_fetch(source, true, scheduler_.now());
    entry->work.spawn(keep_fresh(*entry));
  }
}

Task<> RemoteKeys::changed() {
  co_await changed_.wait();
}

Task<> RemoteKeys::refetch(KeySource source, std::uint64_t seen) {
  const auto found = entries_.find(source);
  if (found == entries_.end() || store_.fetches(source) != seen) co_return;
  const std::shared_ptr<Entry> entry = found->second;
  const Instant now = scheduler_.now();
  if (!entry->is_fetching && !entry->is_wanted) {
    if (now < entry->may_refetch) co_return;
    entry->may_refetch = now + limits_.refetch_every;
    entry->is_wanted = true;
    entry->wanted.notify_all();
  }
  const Deadline deadline = Deadline::in(now, http::fetch_within);
  while (store_.fetches(source) == seen && !deadline.has_passed(scheduler_.now())) {
    co_await entry->over.wait(deadline);
  }
}

// A task of entry.work, and ended by it.
Task<> RemoteKeys::keep_fresh(Entry& entry) {
  for (;;) {
    co_await fetch(entry);
    while (!entry.is_wanted && !entry.next.has_passed(scheduler_.now())) {
      co_await entry.wanted.wait(entry.next);
    }
  }
}

Task<> RemoteKeys::fetch(Entry& entry) {
  entry.is_wanted = false;
  entry.is_fetching = true;
  store_.note_fetch(entry.source, true, entry.may_refetch);
  Result<SharedSet> set = co_await fetch_set(entry);
  if (set) {
    succeeded(entry, *set);
  } else {
    failed_with(entry, set.error());
  }
  entry.is_fetching = false;
  store_.note_fetch(entry.source, false, entry.may_refetch);
  entry.over.notify_all();
}

Task<Result<SharedSet>> RemoteKeys::fetch_set(Entry& entry) {
  const Deadline deadline = Deadline::in(scheduler_.now(), http::fetch_within);
  http::FetchRequest request(entry.uri, http::AddressOrigin::configuration);
  request.bytes_max = key_set_size_max;
  CO_TRY(const http::Response response,
         co_await http::fetch_json(pool_, std::move(request), deadline));
  CO_TRY(KeySet set, KeySet::parse(response.body.text()));
  const auto said = http::freshness_of(response.headers, clock_.wall());
  entry.fresh =
      std::clamp(said.value_or(limits_.fresh_default), limits_.fresh_min, limits_.fresh_max);
  co_return std::make_shared<const KeySet>(std::move(set));
}

void RemoteKeys::succeeded(Entry& entry, const SharedSet& set) {
  const Instant now = scheduler_.now();
  entry.fetched = now;
  entry.retry = std::chrono::milliseconds(0);
  entry.next = Deadline::in(now, entry.fresh);
  const bool is_news = store_.put(entry.source, set);
  if (is_news || entry.has_failed) {
    log_.info(
        "key set fetched",
        {{"url", entry.shown()}, {"keys", set->keys().size()}, {"fresh_s", entry.fresh.count()}});
  }
  entry.has_failed = false;
  if (!is_news) return;
  for (const std::string& warning : set->warnings()) {
    log_.warn("key set warning", {{"url", entry.shown()}, {"problem", warning}});
  }
  changed_.notify_all();
}

void RemoteKeys::failed_with(Entry& entry, const Error& error) {
  const Instant now = scheduler_.now();
  entry.has_failed = true;
  entry.retry = std::clamp(entry.retry * 2, limits_.retry_first, limits_.retry_max);
  entry.next = Deadline::in(now, entry.retry);
  const Deadline kept =
      entry.fetched ? Deadline::in(*entry.fetched, entry.source.keep_for) : Deadline(now);
  const bool has_keys = !kept.has_passed(now);
  log_.warn("key set not fetched", {{"url", entry.shown()},
                                    {"error", error.why()},
                                    {"retry_ms", entry.retry.count()},
                                    {"effect", has_keys ? "the last good keys are used"
                                                        : "tokens of this issuer get 503"}});
  if (has_keys) {
    entry.next = entry.next.or_sooner(kept);
  } else if (store_.put(entry.source, nullptr)) {
    changed_.notify_all();
  }
}

}  // namespace auth

#include "auth/key_store.h"

#include <algorithm>

namespace auth {
namespace {

using Shared = std::shared_ptr<const KeySet>;

Result<Shared> parse(std::string_view text) {
  TRY(KeySet set, KeySet::parse(text));
  return Shared(std::make_shared<const KeySet>(std::move(set)));
}

Result<Shared> read_set(const KeySource& source) {
  if (source.kind == KeySource::Kind::text) {
    auto set = parse(source.value);
    if (!set) return tl::unexpected(std::move(set).error().within("key set"));
    return set;
  }
  auto text = read_small_file(source.value, key_set_size_max);
  if (!text) return tl::unexpected(std::move(text).error().within("key set file " + source.value));
  auto set = parse(*text);
  if (!set) return tl::unexpected(std::move(set).error().within("key set file " + source.value));
  return set;
}

}  // namespace

Result<Shared> KeyStore::load(const KeySource& source) {
  if (Shared known = find(source)) return known;
  if (source.kind == KeySource::Kind::url) return Shared();
  TRY(Shared read, read_set(source));  // outside the lock: readers do not wait for a disk
  const std::lock_guard guard(lock_);
  return sets_.try_emplace(source, std::move(read)).first->second;
}

Shared KeyStore::find(const KeySource& source) const {
  const std::lock_guard guard(lock_);
  const auto found = sets_.find(source);
  return found == sets_.end() ? nullptr : found->second;
}

Result<bool> KeyStore::reload(const std::string& path) {
  const KeySource source(KeySource::Kind::file, path);
  TRY(const bool has_text_changed, files_.reload(path));
  if (!find(source)) return has_text_changed;
  TRY(Shared read, read_set(source));
  const std::lock_guard guard(lock_);
  const auto found = sets_.find(source);
  if (found == sets_.end() || found->second->digest() == read->digest()) return has_text_changed;
  found->second = std::move(read);
  generation_.fetch_add(1, std::memory_order_acq_rel);
  return true;
}

bool KeyStore::put(const KeySource& source, Shared set) {
  const std::lock_guard guard(lock_);
  Shared& known = sets_[source];
  const bool is_same = known && set ? known->digest() == set->digest() : known == set;
  if (is_same) return false;
  known = std::move(set);
  generation_.fetch_add(1, std::memory_order_acq_rel);
  return true;
}

void KeyStore::set_refetcher(std::shared_ptr<KeyRefetcher> refetcher) {
  const std::lock_guard guard(lock_);
  refetcher_ = std::move(refetcher);
}

std::shared_ptr<KeyRefetcher> KeyStore::refetcher() const {
  const std::lock_guard guard(lock_);
  return refetcher_;
}

void KeyStore::note_fetch(const KeySource& source, bool is_under_way, Instant allowed_from) {
  const std::lock_guard guard(lock_);
  Fetching& fetching = fetching_[source];
  if (fetching.is_under_way && !is_under_way) ++fetching.fetches;
  fetching.is_under_way = is_under_way;
  fetching.allowed_from = allowed_from;
}

std::uint64_t KeyStore::fetches(const KeySource& source) const {
  const std::lock_guard guard(lock_);
  const auto found = fetching_.find(source);
  return found == fetching_.end() ? 0 : found->second.fetches;
}

bool KeyStore::may_refetch(const KeySource& source, Instant now) const {
  const std::lock_guard guard(lock_);
  const auto found = fetching_.find(source);
  if (found == fetching_.end()) return false;
  return found->second.is_under_way || now >= found->second.allowed_from;
}

Task<> KeyStore::refetch(KeySource source, std::uint64_t seen) const {
  const std::shared_ptr<KeyRefetcher> asked = refetcher();
  if (asked) co_await asked->refetch(std::move(source), seen);
}

void KeyStore::keep_only(std::span<const KeySource> sources) {
  const std::lock_guard guard(lock_);
  const auto is_unlisted = [&](const auto& entry) {
    return std::ranges::find(sources, entry.first) == sources.end();
  };
  std::erase_if(sets_, is_unlisted);
  std::erase_if(fetching_, is_unlisted);
}

}  // namespace auth

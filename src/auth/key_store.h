#pragma once
// The key sets and other files of credentials that configurations name, by where they come from,
// kept across reloads of the configuration. A set that cannot be read leaves the last good one in
// place. Sets of an address are fetched by RemoteKeys and may be missing. Safe from any thread;
// readers get a shared_ptr and keep what they got.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "auth/jwks.h"
#include "auth/proof_guard.h"
#include "auth/text_files.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace auth {

// Where a key set is: part of the configuration.
struct KeySource {
  enum class Kind { file, text, url };

  KeySource(Kind kind_given, std::string value_given)
      : kind(kind_given), value(std::move(value_given)) {}

  Kind kind;
  std::string value;  // the path, the key set itself, or its address
  // Of an address: how long keys are used after they were last fetched.
  std::chrono::milliseconds keep_for{0};

  auto operator<=>(const KeySource&) const = default;
};

// Fetches on behalf of those who miss a key; from any thread.
class KeyRefetcher {
 public:
  virtual ~KeyRefetcher() = default;
  // Done when there were more than `seen` fetches of that source, however they ended, or none is to
  // be waited for.
  virtual Task<> refetch(KeySource source, std::uint64_t seen) = 0;
};

class KeyStore {
 public:
  // The set of that source, read now if it was never read; null for an address from which nothing
  // was fetched yet. Blocks for one small local file: for start-up and reload, not for requests.
  // Errors name the path.
  Result<std::shared_ptr<const KeySet>> load(const KeySource& source);

  // The set as last loaded; null if it never was.
  std::shared_ptr<const KeySet> find(const KeySource& source) const;

  // Files that hold no key set.
  TextFiles& files() { return files_; }
  // What tells a proof of possession from a replay; it outlives configurations, as it must.
  const std::shared_ptr<ProofGuard>& proofs() const { return proofs_; }

  // Reads the file again: whether what it holds changed. On an error what was last good stays.
  Result<bool> reload(const std::string& path);

  // What was fetched from an address, or null when its keys are too old to be used: whether that is
  // another set than before.
  bool put(const KeySource& source, std::shared_ptr<const KeySet> set);
  void set_refetcher(std::shared_ptr<KeyRefetcher> refetcher);
  // Said by the refetcher: whether a fetch is under way, else from when on one may be asked for.
  void note_fetch(const KeySource& source, bool is_under_way, Instant allowed_from);
  // How many fetches of the source are over. Who looks at this before the keys, and misses one,
  // knows whether there was another fetch since.
  std::uint64_t fetches(const KeySource& source) const;
  // Whether it makes sense to wait for refetch().
  bool may_refetch(const KeySource& source, Instant now) const;
  Task<> refetch(KeySource source, std::uint64_t seen) const;

  // Forgets every source that is not listed.
  void keep_only(std::span<const KeySource> sources);

  // Grows whenever a set or file that was loaded before becomes another one, or a set that was
  // missing comes.
  std::uint64_t generation() const {
    return generation_.load(std::memory_order_acquire) + files_.generation();
  }

 private:
  struct Fetching {
    bool is_under_way = false;
    Instant allowed_from;
    std::uint64_t fetches = 0;
  };
  std::shared_ptr<KeyRefetcher> refetcher() const;

  mutable std::mutex lock_;
  std::shared_ptr<KeyRefetcher> refetcher_;
  std::map<KeySource, Fetching> fetching_;
  std::map<KeySource, std::shared_ptr<const KeySet>> sets_;
  std::atomic<std::uint64_t> generation_{0};
  TextFiles files_;
  std::shared_ptr<ProofGuard> proofs_ = std::make_shared<ProofGuard>();
};

}  // namespace auth

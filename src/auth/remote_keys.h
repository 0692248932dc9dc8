#pragma once
// Fetches the key sets that are configured by address and keeps them fresh in a
// KeyStore: again before they are too old, again when an issuer was down, and
// once when somebody presents a token with a key nobody has seen. An issuer
// that is down leaves its last good keys in place, but not for ever. Belongs to
// one thread.

#include <map>
#include <memory>
#include <vector>

#include "auth/key_store.h"
#include "base/log.h"
#include "base/signal.h"
#include "base/task_group.h"
#include "http/client.h"

namespace auth {

struct RemoteKeysLimits {
  // How long fetched keys are used before they are fetched again: what the
  // answer says, within these bounds.
  std::chrono::seconds fresh_min{60};
  std::chrono::seconds fresh_default{15 * 60};
  std::chrono::seconds fresh_max{24 * 3600};
  // After a failure; doubled with each.
  std::chrono::milliseconds retry_first{1000};
  std::chrono::milliseconds retry_max{15'000};
  // Tokens with unknown keys cause one fetch in such a time.
  std::chrono::seconds refetch_every{10};
};

class RemoteKeys {
 public:
  // All must outlive this.
  RemoteKeys(Scheduler& scheduler, http::Pool& pool, KeyStore& store, const Clock& clock, Log log,
             const RemoteKeysLimits& limits = RemoteKeysLimits());
  RemoteKeys(const RemoteKeys&) = delete;
  RemoteKeys& operator=(const RemoteKeys&) = delete;
  ~RemoteKeys();

  // Keeps these fresh from now on, and no others; `sources` are addresses.
  void follow(const std::vector<KeySource>& sources);
  // Done when there were more than `seen` fetches of that source
  // (KeyStore::fetches), at the latest after http::fetch_within; at once if it
  // is not followed, or somebody else had it fetched just before.
  Task<> refetch(KeySource source, std::uint64_t seen);
  // Returns when a set in the store has become another one.
  Task<> changed();

 private:
  struct Entry;
  Task<> keep_fresh(Entry& entry);
  Task<> fetch(Entry& entry);
  Task<Result<std::shared_ptr<const KeySet>>> fetch_set(Entry& entry);
  void succeeded(Entry& entry, const std::shared_ptr<const KeySet>& set);
  void failed_with(Entry& entry, const Error& error);

  Scheduler& scheduler_;
  http::Pool& pool_;
  KeyStore& store_;
  const Clock& clock_;
  Log log_;
  const RemoteKeysLimits limits_;
  Signal changed_;
  std::map<KeySource, std::shared_ptr<Entry>> entries_;
};

}  // namespace auth

#pragma once
// The key sets and other files of credentials that configurations name, by where they come from,
// kept across reloads of the configuration. A set that cannot be read leaves the last good one in
// place. Safe from any thread; readers get a shared_ptr and keep what they got.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "auth/jwks.h"
#include "auth/proof_guard.h"
#include "auth/text_files.h"
#include "base/result.h"

namespace auth {

// Where a key set is: part of the configuration.
struct KeySource {
  enum class Kind { file, text };

  KeySource(Kind kind_given, std::string value_given)
      : kind(kind_given), value(std::move(value_given)) {}

  Kind kind;
  std::string value;  // the path, or the key set itself

  auto operator<=>(const KeySource&) const = default;
};

class KeyStore {
 public:
  // The set of that source, read now if it was never read. Blocks for one small local file: for
  // start-up and reload, not for requests. Errors name the path.
  Result<std::shared_ptr<const KeySet>> load(const KeySource& source);

  // The set as last loaded; null if it never was.
  std::shared_ptr<const KeySet> find(const KeySource& source) const;

  // Files that hold no key set.
  TextFiles& files() { return files_; }
  // What tells a proof of possession from a replay; it outlives configurations, as it must.
  const std::shared_ptr<ProofGuard>& proofs() const { return proofs_; }

  // Reads the file again: whether what it holds changed. On an error what was last good stays.
  Result<bool> reload(const std::string& path);

  // Forgets every source that is not listed.
  void keep_only(std::span<const KeySource> sources);

  // Grows whenever a set or file that was loaded before becomes another one.
  std::uint64_t generation() const {
    return generation_.load(std::memory_order_acquire) + files_.generation();
  }

 private:
  mutable std::mutex lock_;
  std::map<KeySource, std::shared_ptr<const KeySet>> sets_;
  std::atomic<std::uint64_t> generation_{0};
  TextFiles files_;
  std::shared_ptr<ProofGuard> proofs_ = std::make_shared<ProofGuard>();
};

}  // namespace auth

#pragma once
// Passwords that were right lately, as digests, so that a slow hash is not computed for each
// request. Each thread has its own. Wrong ones are not kept: whoever tries again pays again.

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>

#include "auth/principal.h"
#include "base/clock.h"
#include "crypto/digest.h"

namespace auth {

struct LoginCacheLimits {
  std::size_t entries_max = 1024;
  Duration age_max = std::chrono::minutes(5);
};

class LoginCache {
 public:
  explicit LoginCache(const LoginCacheLimits& limits = LoginCacheLimits()) : limits_(limits) {}

  // Null if it is not remembered. The key is a digest of the credentials and of all that they were
  // compared with.
  std::shared_ptr<const User> find(const crypto::Sha256& key, Instant now);
  void put(const crypto::Sha256& key, std::shared_ptr<const User> user, Instant now);
  std::size_t size() const { return order_.size(); }

 private:
  struct Entry {
    crypto::Sha256 key;
    std::shared_ptr<const User> user;
    Instant until;
  };
  struct Spread {
    std::size_t operator()(const crypto::Sha256& key) const;
  };
  LoginCacheLimits limits_;
  std::list<Entry> order_;  // the oldest first
  std::unordered_map<crypto::Sha256, std::list<Entry>::iterator, Spread> index_;
};

}  // namespace auth

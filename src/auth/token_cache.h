#pragma once
// Verdicts on tokens, remembered for a while: each thread has its own cache, so there is no lock. A
// verdict is found again only for the same bytes of the same token under the same trust (keys,
// issuer, rules), because both are in the key, as a digest; the cache does not keep the token, only
// a connection keeps its last one (LastToken). Only verdict() puts anything in, and only what
// verify() said: a rejected token can never come out accepted.

#include <cstdint>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "auth/token.h"
#include "auth/verify.h"

namespace auth {

struct TokenCacheLimits {
  std::size_t accepted_max = 4096;
  std::size_t refused_max = 512;
  // An accepted token is verified again after this, an expiry that comes first included.
  std::chrono::seconds accepted_age_max{300};
  // Long enough to make a repeated bad token cheap, short enough to forget a mistake.
  std::chrono::seconds refused_age_max{10};
};

// The credentials that a connection presented last, if they were accepted: the next request of it
// nearly always brings the same, and comparing them costs less than a digest. To be kept no longer
// than their connection.
class LastToken {
 public:
  // The claims of exactly these credentials under exactly this trust; null if they were others, or
  // what was said of them holds no longer.
  const std::shared_ptr<const Claims>* find(std::string_view credentials, const Trust& trust,
                                            WallTime now) const {
    const bool is_same = trust.digest == trust_ && credentials == credentials_;
    return is_same && now >= since_ && now < until_ ? &claims_ : nullptr;
  }
  // The credentials that yielded these claims; empty if others were presented since. Good until the
  // next verdict.
  std::string_view credentials_of(const std::shared_ptr<const Claims>& claims) const {
    return claims != nullptr && claims == claims_ ? std::string_view(credentials_)
                                                  : std::string_view();
  }

 private:
  friend class TokenCache;
  std::string credentials_;
  crypto::Sha256 trust_{};
  std::shared_ptr<const Claims> claims_;
  WallTime since_;
  WallTime until_;  // never after since_ before there is one
};

class TokenCache {
 public:
  explicit TokenCache(TokenCacheLimits limits = {});

  // What verify(token, trust, now) says, perhaps from memory. Expiry is exact: a remembered verdict
  // is used only within the token's own times. A forgery that expires while it is remembered is
  // still refused for its signature.
  Verdict verdict(std::string_view token, const Trust& trust, WallTime now);
  // The same; what was accepted becomes the `last` of its connection, under `credentials`, whatever
  // the token came in.
  Verdict verdict(std::string_view token, const Trust& trust, WallTime now,
                  std::string_view credentials, LastToken& last);

  std::size_t size() const;
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  struct Entry {
    crypto::Sha256 key;
    Verdict verdict;
    WallTime since;
    WallTime until;
  };
  using Order = std::list<Entry>;  // the least recently used last
  struct Spread {
    std::size_t operator()(const crypto::Sha256& key) const;
  };
  struct Shelf {
    std::size_t max;
    Order order;
    std::unordered_map<crypto::Sha256, Order::iterator, Spread> index;

    const Entry* find(const crypto::Sha256& key, WallTime now);
    void put(Entry entry);
  };

  const Entry* remembered(const crypto::Sha256& key, WallTime now);
  void remember(const crypto::Sha256& key, const Verdict& verdict, WallTime now);

  TokenCacheLimits limits_;
  Shelf accepted_;
  Shelf refused_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace auth

#pragma once
// What makes a proof of possession good once only: the memory of proofs that were seen, and nonces.
// One for the whole process, safe from any thread.

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "auth/proof.h"
#include "base/clock.h"
#include "base/random.h"
#include "crypto/digest.h"
#include "crypto/seal.h"

namespace auth {

// Proofs that were accepted, until nobody would accept them any more. Bounded: where no more can be
// remembered, the answer is no. Callers are spread over the shards by their key, so that one who
// floods fills one of them.
class SeenProofs {
 public:
  static constexpr std::size_t shards = 32;
  explicit SeenProofs(std::size_t per_shard_max = 16'384) : per_shard_max_(per_shard_max) {}

  // Whether this is the first time; it is remembered then. ProofFault::replayed or too_many.
  std::optional<ProofFault> remember(const Proof& proof, WallTime now);
  std::size_t size() const;

 private:
  using Key = std::array<std::uint64_t, 2>;  // half of a SHA-256: more than an attacker can collide
  struct Spread {
    std::size_t operator()(const Key& key) const { return key[0]; }
  };
  struct Shard {
    mutable std::mutex lock;
    std::unordered_set<Key, Spread> known;
    // In order of arrival, each with its end; ends are in order but for the clocks of callers.
    std::deque<std::pair<WallTime, Key>> order;
  };

  const std::size_t per_shard_max_;
  std::array<Shard, shards> shards_;
};

// Nonces (RFC 9449, 9) that nobody has to remember: the time at which they were made, sealed with a
// key of this process.
class ProofNonces {
 public:
  static constexpr std::chrono::seconds good_for{300};
  // From then on a new one is offered with every answer.
  static constexpr std::chrono::seconds fresh_for{150};

  ProofNonces();
  std::string make(WallTime now) const;
  enum class State { fresh, aging, refused };
  State judge(std::string_view nonce, WallTime now) const;

 private:
  mutable SystemRandom random_;
  crypto::SealKey key_;
};

struct ProofGuard {
  SeenProofs seen;
  ProofNonces nonces;
};

}  // namespace auth

#include "auth/proof_guard.h"

#include <charconv>
#include <cstring>

namespace auth {
namespace {

constexpr std::string_view purpose = "dpop-nonce";

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::optional<ProofFault> SeenProofs::remember(const Proof& proof, WallTime now) {
  const crypto::Sha256 digest = crypto::sha256(proof.thumbprint(), proof.id());
  Key key{};
  std::memcpy(key.data(), digest.data(), sizeof(key));
  const std::size_t at = std::hash<std::string_view>()(proof.thumbprint()) % shards;
  Shard& shard = shards_[at];
  const std::lock_guard guard(shard.lock);
  while (!shard.order.empty() && shard.order.front().first <= now) {
    shard.known.erase(shard.order.front().second);
    shard.order.pop_front();
  }
  if (shard.known.contains(key)) return ProofFault::replayed;
  if (shard.known.size() >= per_shard_max_) return ProofFault::too_many;
  shard.known.insert(key);
  shard.order.emplace_back(proof.good_until(), key);
  return std::nullopt;
}

std::size_t SeenProofs::size() const {
  std::size_t size = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard guard(shard.lock);
    size += shard.known.size();
  }
  return size;
}

ProofNonces::ProofNonces() : key_(crypto::SealKey::from_random(random_)) {}

std::string ProofNonces::make(WallTime now) const {
  return key_.seal(std::to_string(seconds_of(now)), purpose, random_);
}

ProofNonces::State ProofNonces::judge(std::string_view nonce, WallTime now) const {
  const auto text = key_.open(nonce, purpose);
  if (!text) return State::refused;
  std::int64_t made = 0;
  std::from_chars(text->data(), text->data() + text->size(), made);
  const std::int64_t age = seconds_of(now) - made;
  if (age < 0 || age > good_for.count()) return State::refused;
  return age > fresh_for.count() ? State::aging : State::fresh;
}

}  // namespace auth

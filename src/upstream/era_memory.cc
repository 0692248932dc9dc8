#include <algorithm>

#include "upstream/detail_era_memory.h"

namespace upstream {

std::optional<mcp::Era> EraMemory::known() const {
  const std::lock_guard lock(mutex_);
  return era_;
}

bool EraMemory::know(mcp::Era era) {
  const std::lock_guard lock(mutex_);
  const bool is_news = era_ != era;
  era_ = era;
  return is_news;
}

void EraMemory::forget() {
  const std::lock_guard lock(mutex_);
  era_.reset();
  good_until_ = Instant::min();
}

void EraMemory::keep(const mcp::Message& answer, bool is_for_all, Instant now) {
  const auto result = answer.result();
  const auto ttl = result ? result->find("ttlMs") : std::nullopt;
  const std::int64_t good_for = ttl ? ttl->as_int().value_or(0) : 0;
  const bool is_public = result && result->find_string("cacheScope") == "public";
  if (good_for <= 0 || (!is_public && !is_for_all)) return;
  const std::int64_t most = std::chrono::duration_cast<std::chrono::milliseconds>(kept_max).count();
  const std::lock_guard lock(mutex_);
  answer_ = answer.text();
  good_until_ = now + std::chrono::milliseconds(std::min(good_for, most));
}

std::optional<std::string> EraMemory::kept(Instant now) const {
  const std::lock_guard lock(mutex_);
  return now < good_until_ ? std::optional(answer_) : std::nullopt;
}

}  // namespace upstream

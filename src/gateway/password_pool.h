#pragma once
// Two threads that compare passwords for all cores, begun when the first one is to be compared. So
// many may wait for them and no more: a flood of logins is no queue without end.

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "auth/password_judge.h"
#include "net/worker.h"

namespace gateway {

class PasswordPool final : public auth::PasswordJudge {
 public:
  PasswordPool() = default;
  PasswordPool(const PasswordPool&) = delete;
  PasswordPool& operator=(const PasswordPool&) = delete;
  ~PasswordPool() = default;

  // From any loop.
  Task<Result<bool>> matches(crypto::PasswordHash hash, std::string password) override;

 private:
  static constexpr std::size_t thread_count = 2;
  static constexpr std::size_t waiting_max = 64;
  Result<net::LoopAddress> next_thread();

  std::mutex mutex_;
  std::array<std::unique_ptr<net::Worker>, thread_count> threads_;
  std::atomic<std::size_t> waiting_{0};
  std::size_t next_ = 0;
};

}  // namespace gateway

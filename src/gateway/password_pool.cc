#include "gateway/password_pool.h"

#include <system_error>

#include "base/signal.h"
#include "net/home.h"

namespace gateway {
namespace {

// Keeps the thread's loop until the thread is stopped.
Task<> serve_others(net::Loop& loop) {
  (void)loop;
  Signal never;
  for (;;) {
    co_await never.wait();
  }
}

Task<bool> compare(crypto::PasswordHash hash, std::string password) {
  co_return hash.matches(password);
}

// Counts one that waits, as long as it does.
class Waiting {
 public:
  explicit Waiting(std::atomic<std::size_t>& count) : count_(count), number_(++count_) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { --count_; }
  std::size_t number() const { return number_; }

 private:
  std::atomic<std::size_t>& count_;
  const std::size_t number_;
};

}  // namespace

Result<net::LoopAddress> PasswordPool::next_thread() {
  const std::lock_guard lock(mutex_);
  auto& thread = threads_.at(next_++ % thread_count);
  try {
    if (!thread) thread = std::make_unique<net::Worker>("password", &serve_others);
  } catch (const std::system_error& error) {
    return failed(Fault::unavailable, std::string("no thread for passwords: ") + error.what());
  }
  return thread->address();
}

Task<Result<bool>> PasswordPool::matches(crypto::PasswordHash hash, std::string password) {
  const Waiting waiting(waiting_);
  if (waiting.number() > waiting_max) {
    co_return failed(Fault::too_many, "too many passwords wait to be compared");
  }
  CO_TRY(const net::LoopAddress address, next_thread());
  auto compared = co_await net::run_on(address, &compare, std::move(hash), std::move(password));
  co_return compared;
}

}  // namespace gateway

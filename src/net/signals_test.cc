#include "net/signals.h"

#include <csignal>

#include <gtest/gtest.h>
#include <pthread.h>

#include "net/test_loop.h"

namespace net {
namespace {

TEST(Signals, come_one_after_the_other) {
  sigset_t before;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  block_signals({SIGHUP, SIGUSR1});
  Loop loop;
  Signals signals(loop, {SIGHUP, SIGUSR1});

  ::raise(SIGUSR1);
  EXPECT_EQ(run_to_end(loop, signals.next()), SIGUSR1);
  ::raise(SIGUSR1);
  ::raise(SIGHUP);
  const int first = run_to_end(loop, signals.next());
  const int second = run_to_end(loop, signals.next());

  EXPECT_EQ(first + second, SIGHUP + SIGUSR1);
  EXPECT_NE(first, second);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace net

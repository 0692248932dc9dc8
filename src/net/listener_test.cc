#include "net/listener.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/task_group.h"
#include "net/test_loop.h"

namespace net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Deadline soon(Loop& loop) {
  return Deadline::in(loop.now(), seconds(5));
}

TEST(Listener, opens_many_sockets_on_one_free_port) {
  const auto sockets = listen_on(Address::loopback(0), 3);

  ASSERT_TRUE(sockets);
  ASSERT_EQ(sockets->size(), 3U);
  EXPECT_NE(sockets->front().address().port(), 0);
  for (const ListenSocket& socket : *sockets)
    EXPECT_EQ(socket.address(), sockets->front().address());
}

TEST(Listener, names_the_process_that_holds_the_port) {
  const auto held = listen_on(Address::loopback(0), 2);
  ASSERT_TRUE(held);

  const auto second = listen_on(held->front().address(), 1);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault(), Fault::conflict);
  EXPECT_THAT(second.error().why(),
              testing::HasSubstr("in use by net_test (pid " + std::to_string(::getpid()) + ")"));
}

TEST(Listener, says_that_the_address_is_of_another_machine) {
  const auto sockets = listen_on(*Address::parse("192.0.2.1", 0), 1);

  ASSERT_FALSE(sockets);
  EXPECT_EQ(sockets.error().fault(), Fault::bad_request);
}

TEST(Listener, serves_both_families_on_the_unspecified_v6_address) {
  Loop loop;
  auto sockets = listen_on(Address::v6({}, 0), 1);
  if (!sockets) GTEST_SKIP() << sockets.error().why();
  Listener listener(loop, std::move(sockets->front()));

  const auto near =
      run_to_end(loop, connect(Address::loopback(listener.address().port()), soon(loop)));
  ASSERT_TRUE(near);
  const auto far = run_to_end(loop, listener.accept());

  ASSERT_TRUE(far);
  EXPECT_EQ(far->peer().unmapped(), near->local());
}

TEST(Listener, accepts_what_is_queued_before_it_closes) {
  Loop loop;
  auto sockets = listen_on(Address::loopback(0), 1);
  ASSERT_TRUE(sockets);
  Listener listener(loop, std::move(sockets->front()));
  std::vector<TcpStream> clients;
  for (int i = 0; i < 5; ++i) {
    auto client = run_to_end(loop, connect(listener.address(), soon(loop)));
    ASSERT_TRUE(client);
    clients.push_back(std::move(*client));
  }

  listener.drain();

  for (int i = 0; i < 5; ++i) EXPECT_TRUE(run_to_end(loop, listener.accept())) << i;
  const auto end = run_to_end(loop, listener.accept());
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().fault(), Fault::cancelled);
  const auto late = run_to_end(loop, connect(listener.address(), soon(loop)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().fault(), Fault::unavailable);
}

TEST(Listener, wakes_the_acceptor_to_drain) {
  Loop loop;
  auto sockets = listen_on(Address::loopback(0), 1);
  ASSERT_TRUE(sockets);
  Listener listener(loop, std::move(sockets->front()));
  auto accepting = listener.accept();
  accepting.start(loop, std::noop_coroutine());
  loop.turn(loop.now());

  listener.drain();
  const Instant end = loop.now() + seconds(5);
  while (!accepting.is_done() && loop.now() < end) loop.turn(end);

  ASSERT_TRUE(accepting.is_done());
  EXPECT_FALSE(accepting.take());
}

// A listener that is not asked to accept: what its queue gets is lost when it closes.
TEST(Listener, queues_nothing_new_once_it_drains) {
  Loop loop;
  auto sockets = listen_on(Address::loopback(0), 1);
  ASSERT_TRUE(sockets);
  Listener listener(loop, std::move(sockets->front()));
  const auto early = run_to_end(loop, connect(listener.address(), soon(loop)));
  ASSERT_TRUE(early);

  listener.drain();
  const auto late =
      run_to_end(loop, connect(listener.address(), Deadline::in(loop.now(), milliseconds(200))));

  EXPECT_FALSE(late);
  EXPECT_TRUE(run_to_end(loop, listener.accept()));
  EXPECT_FALSE(run_to_end(loop, listener.accept()));
}

// Lowers the limit to the descriptors in use, and restores it.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &old_);
    const Fd next(::dup(0));
    rlimit none = old_;
    none.rlim_cur = static_cast<rlim_t>(next.get());
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &old_); }

 private:
  rlimit old_{};
};

TEST(Listener, waits_without_spinning_while_descriptors_lack) {
  Loop loop;
  auto sockets = listen_on(Address::loopback(0), 1);
  ASSERT_TRUE(sockets);
  Listener listener(loop, std::move(sockets->front()));
  const auto client = run_to_end(loop, connect(listener.address(), soon(loop)));
  ASSERT_TRUE(client);
  auto accepting = listener.accept();
  {
    const NoDescriptors shortage;
    accepting.start(loop, std::noop_coroutine());
    const std::uint64_t before = loop.turns();
    const Instant end = loop.now() + milliseconds(250);
    while (loop.now() < end) loop.turn(end);
    EXPECT_FALSE(accepting.is_done());
    EXPECT_LT(loop.turns() - before, 12U);
  }

  const Instant end = loop.now() + seconds(5);
  while (!accepting.is_done() && loop.now() < end) loop.turn(end);

  ASSERT_TRUE(accepting.is_done());
  EXPECT_TRUE(accepting.take());
}

}  // namespace
}  // namespace net

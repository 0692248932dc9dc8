#include "net/tcp.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/before.h"
#include "base/sleep.h"
#include "base/task_group.h"
#include "net/listener.h"
#include "net/test_loop.h"

namespace net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Deadline soon(Loop& loop, milliseconds wait = seconds(5)) {
  return Deadline::in(loop.now(), wait);
}

Task<Result<std::string>> read_all(Stream& stream, Deadline deadline) {
  std::string all;
  for (;;) {
    CO_TRY(const auto part, co_await stream.read(deadline));
    if (part.empty()) co_return all;
    all += text_of(part);
  }
}

Task<> write_and_finish(Stream& stream, std::string text, Deadline deadline) {
  const auto written = co_await stream.write(Buffers(text), deadline);
  EXPECT_TRUE(written);
  const auto finished = co_await stream.finish(deadline);
  EXPECT_TRUE(finished);
}

TEST(TcpStream, carries_bytes_and_the_end) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  TaskGroup group(loop);
  group.spawn(write_and_finish(left, "hello", soon(loop)));

  const auto got = run_to_end(loop, read_all(right, soon(loop)));

  ASSERT_TRUE(got);
  EXPECT_EQ(*got, "hello");
}

TEST(TcpStream, writes_the_pieces_in_order) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);

  const Buffers pieces("one ", "", "three");
  ASSERT_TRUE(run_to_end(loop, left.write(pieces, soon(loop))));
  ASSERT_TRUE(run_to_end(loop, left.finish(soon(loop))));

  EXPECT_EQ(*run_to_end(loop, read_all(right, soon(loop))), "one three");
}

TEST(TcpStream, writes_at_once_what_fits_and_the_rest_when_asked) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  const std::string text(8'000'000, 'x');

  const auto put = left.write_now(Buffers("head ", text));

  ASSERT_TRUE(put);
  EXPECT_GT(*put, 5U);
  EXPECT_LT(*put, text.size());
  TaskGroup group(loop);
  group.spawn(write_and_finish(left, text.substr(*put - 5), soon(loop)));
  const auto got = run_to_end(loop, read_all(right, soon(loop)));
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, "head " + text);
}

TEST(TcpStream, writes_nothing_at_once_to_a_peer_that_is_gone) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  {
    const TcpStream gone = std::move(right);
  }

  EXPECT_EQ(left.write_now(Buffers("x")).error().fault(), Fault::cancelled);
}

// Takes the turns in which the loop hears of what has happened.
void take_turns(Loop& loop) {
  for (int i = 0; i < 5; ++i) loop.turn(loop.now() + milliseconds(1));
}

TEST(TcpStream, is_quiet_until_something_comes_that_was_not_read) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  take_turns(loop);
  EXPECT_TRUE(right.is_quiet());
  ASSERT_TRUE(left.write_now(Buffers("one")));
  take_turns(loop);
  EXPECT_FALSE(right.is_quiet());
  ASSERT_TRUE(run_to_end(loop, right.read(soon(loop))));
  EXPECT_TRUE(right.is_quiet());

  // Bytes that were read before the loop heard of them are no news.
  ASSERT_TRUE(left.write_now(Buffers("two")));
  take_turns(loop);
  ASSERT_TRUE(left.write_now(Buffers("three")));
  EXPECT_EQ(text_of(*run_to_end(loop, right.read(soon(loop)))), "twothree");
  take_turns(loop);
  EXPECT_TRUE(right.is_quiet());

  {
    const TcpStream gone = std::move(left);
  }
  take_turns(loop);
  EXPECT_FALSE(right.is_quiet());
}

TEST(TcpStream, reads_what_has_arrived_and_then_the_end_when_it_ends_reading) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  ASSERT_TRUE(left.write_now(Buffers("hello")));

  right.end_reading();

  const auto got = run_to_end(loop, read_all(right, soon(loop)));
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, "hello");
}

TEST(TcpStream, ends_a_read_that_waits_when_it_ends_reading) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  Task<Result<std::span<const std::byte>>> waiting = right.read(soon(loop));
  waiting.start(loop, std::noop_coroutine());
  take_turns(loop);
  ASSERT_FALSE(waiting.is_done());

  right.end_reading();
  take_turns(loop);

  ASSERT_TRUE(waiting.is_done());
  EXPECT_TRUE(waiting.take().value().empty());
}

TEST(TcpStream, writes_more_than_the_socket_takes_to_a_slow_reader) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  std::string big;
  for (int i = 0; big.size() < 5'000'000; ++i) big += std::to_string(i) + ' ';
  TaskGroup group(loop);
  group.spawn(write_and_finish(left, big, soon(loop)));

  const auto got = run_to_end(loop, read_all(right, soon(loop)));

  ASSERT_TRUE(got);
  EXPECT_EQ(*got, big);
}

TEST(TcpStream, times_out_on_a_silent_peer) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);

  const auto got = run_to_end(loop, right.read(soon(loop, milliseconds(20))));

  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault(), Fault::timed_out);
}

TEST(TcpStream, times_out_on_a_peer_that_reads_nothing) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  const std::string big(5'000'000, 'x');

  const auto put = run_to_end(loop, left.write(Buffers(big), soon(loop, milliseconds(20))));

  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().fault(), Fault::timed_out);
}

TEST(TcpStream, reports_the_end_again_and_again) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  ASSERT_TRUE(run_to_end(loop, left.finish(soon(loop))));

  EXPECT_TRUE(run_to_end(loop, right.read(soon(loop)))->empty());
  EXPECT_TRUE(run_to_end(loop, right.read(soon(loop)))->empty());
}

TEST(TcpStream, finds_the_end_that_came_together_with_the_last_bytes) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  ASSERT_TRUE(run_to_end(loop, left.write(Buffers("last"), soon(loop))));
  {
    const TcpStream gone = std::move(left);
  }

  EXPECT_EQ(*run_to_end(loop, read_all(right, soon(loop))), "last");
}

TEST(TcpStream, can_wait_to_read_again_after_a_cancelled_read) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  {
    Task<Result<std::span<const std::byte>>> dropped = right.read(soon(loop));
    dropped.start(loop, std::noop_coroutine());
  }
  ASSERT_TRUE(run_to_end(loop, left.write(Buffers("x"), soon(loop))));

  EXPECT_EQ(text_of(*run_to_end(loop, right.read(soon(loop)))), "x");
}

Task<> destroy_when_readable(TcpStream& watched, std::unique_ptr<TcpStream>& victim,
                             bool& is_done) {
  Loop& loop = co_await this_loop();
  const auto got = co_await watched.read(Deadline::never());
  EXPECT_TRUE(got);
  victim.reset();
  is_done = true;
  co_await sleep_until(Deadline(loop.now()));
}

TEST(Loop, forgets_a_socket_that_is_destroyed_by_another_event_of_the_same_batch) {
  Loop loop;
  auto [first_far, first_near] = pipe_pair(loop);
  auto [second_far, second] = pipe_pair(loop);
  auto second_near = std::make_unique<TcpStream>(std::move(second));
  bool is_done = false;
  TaskGroup group(loop);
  group.spawn(destroy_when_readable(first_near, second_near, is_done));
  loop.turn(Instant::min());
  ASSERT_TRUE(run_to_end(loop, second_far.write(Buffers("x"), soon(loop))));
  ASSERT_TRUE(run_to_end(loop, first_far.write(Buffers("x"), soon(loop))));

  run_to_end(loop, group.join());

  EXPECT_TRUE(is_done);
}

TEST(Socket, is_out_of_the_epoll_set_before_it_is_closed_though_a_copy_lives_on) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  const Fd copy(::dup(ends[0]));
  const Fd far(ends[1]);
  {
    const TcpStream closed(loop, Fd(ends[0]), Address());
  }

  // An event for the closed descriptor would now be one for a destroyed object.
  ASSERT_EQ(::write(far.get(), "x", 1), 1);
  const std::uint64_t before = loop.turns();
  loop.turn(loop.now() + milliseconds(20));

  EXPECT_EQ(loop.turns(), before + 1);
}

Task<> read_for_ever(TcpStream& stream, std::size_t& bytes) {
  for (;;) {
    const auto part = co_await stream.read(Deadline::never());
    if (!part || part->empty()) co_return;
    bytes += part->size();
  }
}

Task<> write_for_ever(TcpStream& stream) {
  const std::string block(100'000, 'x');
  for (;;) {
    const auto put = co_await stream.write(Buffers(block), Deadline::never());
    if (!put) co_return;
  }
}

TEST(Socket, gives_others_a_turn_though_it_is_always_ready) {
  Loop loop;
  auto [left, right] = pipe_pair(loop);
  std::size_t bytes = 0;
  TaskGroup group(loop);
  group.spawn(read_for_ever(right, bytes));
  group.spawn(write_for_ever(left));

  for (int i = 0; i < 100; ++i) loop.turn(loop.now());

  EXPECT_GT(bytes, 0U);
}

TEST(Socket, wakes_the_reader_when_it_is_closed_here) {
  Loop loop;
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  const Fd far(ends[1]);
  Socket socket(loop, Fd(ends[0]));
  auto reading = read_from(socket, Deadline::never());
  reading.start(loop, std::noop_coroutine());
  loop.turn(loop.now());

  socket.close();
  loop.turn(loop.now());

  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading.take().error().fault(), Fault::cancelled);
}

// Two ends of a real connection.
Task<Result<std::vector<TcpStream>>> dial(Listener& listener) {
  std::vector<TcpStream> ends;
  const Deadline deadline = Deadline::never();
  CO_TRY(TcpStream near, co_await connect(listener.address(), deadline));
  CO_TRY(TcpStream far, co_await listener.accept());
  ends.push_back(std::move(near));
  ends.push_back(std::move(far));
  co_return ends;
}

std::unique_ptr<Listener> local_listener(Loop& loop) {
  auto sockets = listen_on(Address::loopback(0), 1);
  EXPECT_TRUE(sockets);
  return std::make_unique<Listener>(loop, std::move(sockets->front()));
}

TEST(TcpStream, knows_both_addresses) {
  Loop loop;
  const auto listener = local_listener(loop);

  const auto ends = run_to_end(loop, dial(*listener));

  ASSERT_TRUE(ends);
  EXPECT_EQ((*ends)[0].peer(), listener->address());
  EXPECT_EQ((*ends)[1].peer(), (*ends)[0].local());
  EXPECT_EQ((*ends)[1].local(), listener->address());
}

TEST(TcpStream, does_not_take_a_half_close_for_a_vanished_peer) {
  Loop loop;
  const auto listener = local_listener(loop);
  auto ends = run_to_end(loop, dial(*listener));
  ASSERT_TRUE(ends);
  auto gone = (*ends)[1].gone();
  gone.start(loop, std::noop_coroutine());

  ASSERT_TRUE(run_to_end(loop, (*ends)[0].finish(soon(loop))));
  EXPECT_TRUE(run_to_end(loop, (*ends)[1].read(soon(loop)))->empty());
  loop.turn(loop.now() + milliseconds(20));

  EXPECT_FALSE(gone.is_done());
}

TEST(TcpStream, takes_a_half_close_for_a_vanished_peer_where_it_is_told_to) {
  Loop loop;
  const auto listener = local_listener(loop);
  auto ends = run_to_end(loop, dial(*listener));
  ASSERT_TRUE(ends);
  auto gone = (*ends)[1].gone();
  gone.start(loop, std::noop_coroutine());
  (*ends)[1].take_end_for_leaving(true);
  take_turns(loop);
  EXPECT_FALSE(gone.is_done());

  ASSERT_TRUE(run_to_end(loop, (*ends)[0].finish(soon(loop))));
  take_turns(loop);
  EXPECT_TRUE(gone.is_done());

  auto late = (*ends)[1].gone();
  late.start(loop, std::noop_coroutine());
  EXPECT_TRUE(late.is_done()) << "it was told before";
}

Task<Result<>> as_result(Task<> task) {
  co_await std::move(task);
  co_return Result<>();
}

Task<Result<>> gone_before(TcpStream& stream, Deadline deadline) {
  co_return co_await before(deadline, as_result(stream.gone()));
}

TEST(TcpStream, learns_that_the_peer_was_reset) {
  Loop loop;
  const auto listener = local_listener(loop);
  auto ends = run_to_end(loop, dial(*listener));
  ASSERT_TRUE(ends);
  (*ends)[0].abort_on_close();
  ends->erase(ends->begin());

  EXPECT_TRUE(run_to_end(loop, gone_before(ends->front(), soon(loop))));
  const auto got = run_to_end(loop, ends->front().read(soon(loop)));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault(), Fault::cancelled);
}

TEST(TcpStream, cannot_connect_where_nobody_listens) {
  Loop loop;
  Address address;
  {
    address = local_listener(loop)->address();
  }

  const auto stream = run_to_end(loop, connect(address, soon(loop)));

  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault(), Fault::unavailable);
  EXPECT_EQ(stream.error().why(), "connecting to " + address.text() + ": Connection refused");
}

TEST(TcpStream, gives_up_connecting_at_the_deadline) {
  Loop loop;
  // A listener whose queue is full answers nobody.
  auto sockets = listen_on(Address::loopback(0), 1);
  ASSERT_TRUE(sockets);
  const Fd deaf = sockets->front().take();
  ASSERT_EQ(::listen(deaf.get(), 0), 0);
  std::vector<TcpStream> fillers;
  Fault fault = Fault::internal;
  for (int i = 0; i < 8 && fault != Fault::timed_out; ++i) {
    auto stream =
        run_to_end(loop, connect(sockets->front().address(), soon(loop, milliseconds(50))));
    if (stream) {
      fillers.push_back(std::move(*stream));
    } else {
      fault = stream.error().fault();
    }
  }

  EXPECT_EQ(fault, Fault::timed_out);
}

}  // namespace
}  // namespace net

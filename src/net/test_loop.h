#pragma once
// For tests: runs a task to its end on a loop, with a time limit, and connects two streams.

#include <memory>
#include <stdexcept>
#include <utility>

#include "base/task.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tcp.h"

namespace net {

// Two connected streams on one loop (a socket pair).
std::pair<TcpStream, TcpStream> pipe_pair(Loop& loop);
// The same as owned Streams.
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> stream_pair(Loop& loop);

// The task's value. Throws std::runtime_error, which fails the test, if it is not done in time.
template <class T>
T run_to_end(Loop& loop, Task<T> task, Duration limit = std::chrono::seconds(10)) {
  loop.turn(Instant::min());  // brings the loop's time up to date
  const Instant end = loop.now() + limit;
  task.start(loop, std::noop_coroutine());
  while (!task.is_done()) {
    if (loop.now() >= end) throw std::runtime_error("the task was not done in time");
    loop.turn(end);
  }
  return task.take();
}

}  // namespace net

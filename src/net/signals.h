#pragma once
// Signals as events of a loop. They must be blocked in every thread: call block_signals() in main()
// before the first thread (and the spawner) is started.

#include <deque>
#include <initializer_list>

#include "base/task.h"
#include "net/socket.h"

namespace net {

// Blocks these signals in this thread and those it starts; ignores SIGPIPE.
void block_signals(std::initializer_list<int> signals);

class Signals {
 public:
  // Receives these (blocked) signals. Throws std::system_error.
  Signals(Loop& loop, std::initializer_list<int> signals);
  // The number of the next signal.
  Task<int> next();

 private:
  Socket socket_;
  std::deque<int> pending_;
};

}  // namespace net

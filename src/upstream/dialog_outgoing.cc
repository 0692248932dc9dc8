// What waits to be sent over a channel.

#include "base/before.h"
#include "upstream/detail_dialog.h"

namespace upstream {

void Dialog::send(std::string line) {
  if (closed_) return;
  outgoing_bytes_ += line.size();
  outgoing_.push_back(std::move(line));
  outgoing_changed_.notify_all();
}

// What is given up empties it.
Task<Result<>> Dialog::until_room_to_send(Dialog& dialog) {
  while (dialog.is_congested()) {
    co_await dialog.outgoing_changed_.wait();
  }
  co_return Result<>();
}

Task<Result<>> Dialog::until_sendable(Deadline deadline, std::string_view late) {
  if (!is_congested()) co_return Result<>();
  const Result<> room = co_await before(deadline, until_room_to_send(*this));
  if (!room) co_return failed(Fault::timed_out, std::string(late));
  co_return Result<>();
}

std::string Dialog::take_outgoing() {
  std::string line = std::move(outgoing_.front());
  outgoing_.pop_front();
  outgoing_bytes_ -= line.size();
  outgoing_changed_.notify_all();
  return line;
}

}  // namespace upstream

#pragma once
// `auto got = co_await reading(stream, deadline);`: what Stream::read() says. From a bare socket it
// is read in the awaiter's frame, without a task, which is what nearly all reads are.

#include <optional>

#include "net/socket.h"
#include "net/stream.h"

namespace net {

class Reading {
 public:
  using Got = Result<std::span<const std::byte>>;

  Reading(Stream& stream, Deadline deadline) {
    if (Socket* const socket = stream.bare_socket()) {
      read_.emplace(*socket, deadline);
    } else {
      task_ = stream.read(deadline);
    }
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  bool await_ready() { return read_ && read_->await_ready(); }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting) {
    if (!read_) return task_.begin(awaiting.promise().scheduler(), awaiting);
    read_->await_suspend(awaiting);
    return std::noop_coroutine();
  }
  Got await_resume() { return read_ ? read_->await_resume() : task_.take(); }

 private:
  std::optional<SocketRead> read_;
  Task<Got> task_;
};
inline Reading reading(Stream& stream, Deadline deadline) {
  return {stream, deadline};
}

}  // namespace net

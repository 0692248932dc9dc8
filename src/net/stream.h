#pragma once
// Bytes in both directions, whatever carries them: TCP, TLS, a child's pipes, a script in a test.

#include <cstddef>
#include <span>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"

namespace net {

// Up to four pieces that are sent one after the other as one write. The bytes belong to the caller
// and must live until the write is done.
class Buffers {
 public:
  Buffers() = default;
  explicit Buffers(std::string_view one) : pieces_{one}, count_(1) {}
  Buffers(std::string_view first, std::string_view second) : pieces_{first, second}, count_(2) {}
  Buffers(std::string_view first, std::string_view second, std::string_view third)
      : pieces_{first, second, third}, count_(3) {}

  std::span<const std::string_view> pieces() const { return {pieces_, count_}; }
  std::size_t size() const {
    std::size_t total = 0;
    for (const std::string_view piece : pieces()) total += piece.size();
    return total;
  }

 private:
  std::string_view pieces_[4];
  std::size_t count_ = 0;
};

class Socket;

class Stream {
 public:
  virtual ~Stream() = default;
  // At least one byte, or an empty span at the orderly end. The span lies in the thread's read
  // buffer: use it before you wait again. Fault::timed_out after the deadline, Fault::cancelled if
  // the peer reset the connection.
  virtual Task<Result<std::span<const std::byte>>> read(Deadline deadline) = 0;
  // False once something is known to have arrived that was not read, be it the end: a connection
  // that says something unasked must not be used again, so every stream has to answer this.
  virtual bool is_quiet() const = 0;
  // What can be written without waiting, and how many bytes that was: perhaps none, which is what
  // streams say that cannot know. The rest is for write(); errors are as there.
  virtual Result<std::size_t> write_now(const Buffers& buffers);
  // All of it, or an error; after an error the stream is of no more use.
  virtual Task<Result<>> write(Buffers buffers, Deadline deadline) = 0;
  // Orderly end of our direction.
  virtual Task<Result<>> finish(Deadline deadline) = 0;
  // The socket whose bytes are the stream's as they are; null if there is none. For reading().
  virtual Socket* bare_socket() { return nullptr; }
  // Returns when the peer has vanished, so that work for it can be cancelled; the orderly end of
  // its direction is no vanishing. Streams that cannot know wait for ever, which is the default.
  virtual Task<> gone();
};

}  // namespace net

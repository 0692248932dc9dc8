#pragma once
// Lines, with a bound on their length: LineCutter cuts them out of bytes, Lines reads them from a
// pipe.

#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"
#include "net/socket.h"

namespace net::detail {

// Gives the same lines however the bytes were split. A carriage return at the end of a line belongs
// to the end.
class LineCutter {
 public:
  enum class Overlong { is_an_error, is_cut };
  LineCutter(std::size_t line_bytes_max, Overlong overlong)
      : line_bytes_max_(line_bytes_max), overlong_(overlong) {}

  void push(std::string_view bytes);
  void end() { is_at_end_ = true; }
  // The next line without its end; after end(), an unfinished last one too.
  std::optional<std::string> take_line();

  bool is_at_end() const { return is_at_end_; }
  bool is_too_long() const { return is_too_long_; }  // only where that is an error

 private:
  std::string take(std::size_t size, std::size_t end_size);

  std::size_t line_bytes_max_;
  Overlong overlong_;
  std::string bytes_;         // pushed and not yet given out
  std::size_t begin_ = 0;     // where in it the next line begins
  std::size_t searched_ = 0;  // no newline before this
  bool is_at_end_ = false;
  bool is_skipping_ = false;  // the rest of a line that was cut
  bool is_too_long_ = false;
};

class Lines {
 public:
  using Overlong = LineCutter::Overlong;
  Lines(Loop& loop, Fd fd, std::size_t line_bytes_max, Overlong overlong)
      : socket_(loop, std::move(fd)),
        line_bytes_max_(line_bytes_max),
        cutter_(line_bytes_max, overlong) {}

  // The next line without its end; an unfinished last one too; nullopt at the end. Cancelling it
  // loses no bytes.
  Task<Result<std::optional<std::string>>> next(Deadline deadline);

 private:
  Socket socket_;
  std::size_t line_bytes_max_;
  LineCutter cutter_;
};

}  // namespace net::detail

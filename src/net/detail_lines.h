#pragma once
// Lines from a pipe, with a bound on their length.

#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"
#include "net/socket.h"

namespace net::detail {

class Lines {
 public:
  enum class Overlong { is_an_error, is_cut };
  Lines(Loop& loop, Fd fd, std::size_t line_bytes_max, Overlong overlong)
      : socket_(loop, std::move(fd)), line_bytes_max_(line_bytes_max), overlong_(overlong) {}

  // The next line without its end; an unfinished last one too; nullopt at the end. Cancelling it
  // loses no bytes.
  Task<Result<std::optional<std::string>>> next(Deadline deadline);

 private:
  std::optional<std::string> take_line();
  std::string take(std::size_t size, std::size_t end_size);
  void append(std::string_view bytes);

  Socket socket_;
  std::size_t line_bytes_max_;
  Overlong overlong_;
  std::string bytes_;         // read and not yet given out
  std::size_t begin_ = 0;     // where in it the next line begins
  std::size_t searched_ = 0;  // no newline before this
  bool is_at_end_ = false;
  bool is_skipping_ = false;  // the rest of a line that was cut
  bool is_too_long_ = false;
};

}  // namespace net::detail

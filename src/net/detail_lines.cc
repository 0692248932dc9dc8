#include "net/detail_lines.h"

#include <utility>

namespace net::detail {
namespace {

// A buffer that grew beyond this for one long line is given back afterwards.
constexpr std::size_t kept_bytes = 262'144;
// Up to this a line is copied out of the buffer, whose memory is then kept for the next one.
constexpr std::size_t copied_bytes_max = 4096;

}  // namespace

Task<Result<std::optional<std::string>>> Lines::next(Deadline deadline) {
  for (;;) {
    std::optional<std::string> line = cutter_.take_line();
    if (cutter_.is_too_long()) {
      co_return failed(Fault::too_large,
                       "a line is longer than " + std::to_string(line_bytes_max_) + " bytes");
    }
    if (line || cutter_.is_at_end()) co_return line;
    CO_TRY(const auto part, co_await read_of(socket_, deadline));
    if (part.empty()) {
      cutter_.end();
    } else {
      cutter_.push({reinterpret_cast<const char*>(part.data()), part.size()});
    }
  }
}

void LineCutter::push(std::string_view bytes) {
  if (is_skipping_) {
    const std::size_t newline = bytes.find('\n');
    is_skipping_ = newline == std::string_view::npos;
    bytes.remove_prefix(is_skipping_ ? bytes.size() : newline + 1);
  }
  bytes_.erase(0, begin_);
  searched_ -= begin_;
  begin_ = 0;
  bytes_ += bytes;
}

std::optional<std::string> LineCutter::take_line() {
  const std::size_t newline = bytes_.find('\n', searched_);
  const bool is_whole = newline != std::string::npos;
  const std::size_t size = (is_whole ? newline : bytes_.size()) - begin_;
  if (size > line_bytes_max_) {
    is_too_long_ = overlong_ == Overlong::is_an_error;
    if (is_too_long_) return std::nullopt;
    is_skipping_ = !is_whole;
    std::string cut = bytes_.substr(begin_, line_bytes_max_);
    take(size, is_whole ? 1 : 0);
    return cut;
  }
  if (is_whole) return take(size, 1);
  searched_ = bytes_.size();
  if (is_at_end_ && size > 0) return take(size, 0);
  return std::nullopt;
}

std::string LineCutter::take(std::size_t size, std::size_t end_size) {
  std::string line;
  // A long line that is all there is takes the memory with it.
  if (begin_ == 0 && size + end_size == bytes_.size() && size > copied_bytes_max) {
    line = std::exchange(bytes_, {});
    line.resize(size);
    if (line.size() < kept_bytes / 4) line.shrink_to_fit();
  } else {
    line = bytes_.substr(begin_, size);
  }
  begin_ = bytes_.empty() ? 0 : begin_ + size + end_size;
  if (begin_ == bytes_.size()) {
    bytes_.clear();
    begin_ = 0;
    if (bytes_.capacity() > kept_bytes) bytes_.shrink_to_fit();
  }
  searched_ = begin_;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace net::detail

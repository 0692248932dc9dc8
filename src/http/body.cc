#include "http/body.h"

#include <algorithm>
#include <utility>

namespace http {

Task<Result<std::optional<std::string>>> Body::read(Deadline deadline) {
  if (source_) co_return co_await source_->read(deadline);
  if (text_.empty()) co_return std::nullopt;
  co_return std::exchange(text_, {});
}

Result<std::string> Body::take_whole(std::size_t bytes_max) {
  if (text_.size() > bytes_max) return failed(Fault::too_large, "the body is too large");
  return std::exchange(text_, {});
}

Task<Result<std::string>> Body::read_all(std::size_t bytes_max, Deadline deadline) {
  if (is_whole()) co_return take_whole(bytes_max);
  if (length().value_or(0) > bytes_max) co_return failed(Fault::too_large, "the body is too large");
  std::string all;
  // No more than a little ahead of what really comes.
  all.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(length_bytes_.value_or(0), 65536)));
  while (true) {
    CO_TRY(const std::optional<std::string> piece, co_await source_->read(deadline));
    if (!piece) break;
    if (piece->size() > bytes_max - all.size()) {
      co_return failed(Fault::too_large, "the body is too large");
    }
    all += *piece;
  }
  source_.reset();
  length_bytes_.reset();
  co_return all;
}

}  // namespace http

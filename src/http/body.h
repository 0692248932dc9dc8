#pragma once
// The body of a message: nothing, a whole text, or a source that is read piece by piece. A source
// that fails means a message that was cut; whoever passes a body on must never end it cleanly after
// that.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "base/task.h"

namespace http {

class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next piece, or nothing at the clean end. After an error or the end it must not be called
  // again.
  virtual Task<Result<std::optional<std::string>>> read(Deadline deadline) = 0;
};

class Body {
 public:
  Body() = default;
  // A whole text; an empty one is the same as no body. Not explicit: a text is a body.
  Body(std::string text) : text_(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  Body(const char* text) : text_(text) {}             // NOLINT(google-explicit-constructor)
  // `length_bytes` is what the source will yield in total, where that is known; a source that
  // yields less or more is an error of the message.
  explicit Body(std::unique_ptr<BodySource> source,
                std::optional<std::uint64_t> length_bytes = std::nullopt)
      : source_(std::move(source)), length_bytes_(length_bytes) {}
  Body(Body&&) noexcept = default;
  Body& operator=(Body&&) noexcept = default;
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;
  ~Body() = default;

  // True if the rest of it is in memory.
  bool is_whole() const { return source_ == nullptr; }
  bool is_empty() const { return is_whole() && text_.empty(); }
  // The text of a whole body; empty for a source.
  const std::string& text() const { return text_; }
  // Total size, if it is known before it is read.
  std::optional<std::uint64_t> length() const {
    return is_whole() ? std::optional<std::uint64_t>(text_.size()) : length_bytes_;
  }

  // The next piece, or nothing at the clean end. A whole body is one piece.
  Task<Result<std::optional<std::string>>> read(Deadline deadline);
  // All of it. Fault::too_large as soon as it is known to have more than `bytes_max`. The body is
  // empty afterwards; to pass it on, give it the text again.
  Task<Result<std::string>> read_all(std::size_t bytes_max, Deadline deadline);
  // The same of a body that is whole.
  Result<std::string> take_whole(std::size_t bytes_max);

 private:
  std::string text_;
  std::unique_ptr<BodySource> source_;
  std::optional<std::uint64_t> length_bytes_;
};

}  // namespace http

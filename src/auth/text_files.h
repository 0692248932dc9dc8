#pragma once
// Small files that the configuration names and that change while it stays: lists of revoked tokens,
// secrets, passwords. Kept across reloads. A file that cannot be read, or whose text its check
// refuses, leaves the last good text in place. Safe from any thread.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace auth {

inline constexpr std::size_t text_file_size_max = std::size_t{8} * 1024 * 1024;

// The whole of a regular file of at most `size_max` bytes, without blocking on a pipe or a device.
Result<std::string> read_small_file(const std::string& path, std::size_t size_max);

class TextFiles {
 public:
  // Whether a text is what the file should hold.
  using Check = Result<> (*)(std::string_view text);
  using Text = std::shared_ptr<const std::string>;

  struct Loaded {
    Text text;
    std::optional<Error> stale;  // why the file could not be read now; `text` is older
  };

  // Reads the file. Blocks for one small local file: for start-up and reload, not for requests. An
  // error only if there is no last good text. Errors name the path and never the text.
  Result<Loaded> load(const std::string& path, Check check);

  // Reads it again, if anybody has loaded it: whether its text changed. On an error the last good
  // text stays.
  Result<bool> reload(const std::string& path);

  // Grows whenever a text becomes another one.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  struct File {
    Text text;
    Check check;
  };
  Result<Text> read(const std::string& path, Check check) const;

  mutable std::mutex lock_;
  std::map<std::string, File> files_;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace auth

#include "auth/text_files.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace auth {
namespace {

class OpenFile {
 public:
  // Without blocking: a path may name a pipe that nobody writes to.
  explicit OpenFile(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  OpenFile(OpenFile&&) = delete;
  OpenFile& operator=(OpenFile&&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

std::string reason() {
  return std::error_code(errno, std::generic_category()).message();
}

}  // namespace

Result<std::string> read_small_file(const std::string& path, std::size_t size_max) {
  constexpr std::size_t piece = std::size_t{64} * 1024;
  const OpenFile file(path);
  if (file.descriptor() < 0) return failed(Fault::not_found, reason());
  struct stat status{};
  if (::fstat(file.descriptor(), &status) != 0) return failed(Fault::internal, reason());
  if (!S_ISREG(status.st_mode)) return failed(Fault::bad_request, "not a regular file");
  std::string text;
  for (;;) {
    const std::size_t size = text.size();
    if (size > size_max) return failed(Fault::too_large, "the file is too large");
    text.resize(size + piece);
    const ssize_t got = ::read(file.descriptor(), text.data() + size, piece);
    text.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return text;
    if (got < 0 && errno != EINTR) return failed(Fault::internal, reason());
  }
}

Result<TextFiles::Text> TextFiles::read(const std::string& path, Check check) const {
  auto text = read_small_file(path, text_file_size_max);
  if (!text) return tl::unexpected(std::move(text).error().within(path));
  auto checked = check(*text);
  if (!checked) return tl::unexpected(std::move(checked).error().within(path));
  return std::make_shared<const std::string>(std::move(*text));
}

Result<TextFiles::Loaded> TextFiles::load(const std::string& path, Check check) {
  Result<Text> text = read(path, check);  // outside the lock: nobody waits for a disk
  const std::lock_guard guard(lock_);
  const auto known = files_.find(path);
  if (text) {
    files_.insert_or_assign(path, File{*text, check});
    return Loaded{std::move(*text), std::nullopt};
  }
  if (known == files_.end() || known->second.check != check) {
    return tl::unexpected(std::move(text).error());
  }
  return Loaded{known->second.text, std::move(text).error()};
}

Result<bool> TextFiles::reload(const std::string& path) {
  Check check = nullptr;
  {
    const std::lock_guard guard(lock_);
    const auto known = files_.find(path);
    if (known == files_.end()) return false;
    check = known->second.check;
  }
  TRY(Text text, read(path, check));
  const std::lock_guard guard(lock_);
  const auto known = files_.find(path);
  if (known == files_.end() || *known->second.text == *text) return false;
  known->second.text = std::move(text);
  generation_.fetch_add(1, std::memory_order_acq_rel);
  return true;
}

}  // namespace auth

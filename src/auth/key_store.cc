#include "auth/key_store.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace auth {
namespace {

using Shared = std::shared_ptr<const KeySet>;

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

Result<std::string> read_file(const std::string& path) {
  const OpenFile file(path);
  if (file.descriptor() < 0) return failed(Fault::not_found, reason());
  struct stat status{};
  if (::fstat(file.descriptor(), &status) != 0) return failed(Fault::internal, reason());
  if (!S_ISREG(status.st_mode)) return failed(Fault::bad_request, "not a regular file");
  std::string text(key_set_size_max + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.descriptor(), text.data() + size, text.size() - size);
    if (got == 0) break;
    if (got > 0) {
      size += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      return failed(Fault::internal, reason());
    }
  }
  text.resize(size);
  return text;
}

Result<Shared> parse(std::string_view text) {
  TRY(KeySet set, KeySet::parse(text));
  return Shared(std::make_shared<const KeySet>(std::move(set)));
}

Result<Shared> read_set(const KeySource& source) {
  if (source.kind == KeySource::Kind::text) {
    auto set = parse(source.value);
    if (!set) return tl::unexpected(std::move(set).error().within("key set"));
    return set;
  }
  auto text = read_file(source.value);
  if (!text) return tl::unexpected(std::move(text).error().within("key set file " + source.value));
  auto set = parse(*text);
  if (!set) return tl::unexpected(std::move(set).error().within("key set file " + source.value));
  return set;
}

}  // namespace

Result<Shared> KeyStore::load(const KeySource& source) {
  if (Shared known = find(source)) return known;
  TRY(Shared read, read_set(source));  // outside the lock: readers do not wait for a disk
  const std::lock_guard guard(lock_);
  return sets_.try_emplace(source, std::move(read)).first->second;
}

Shared KeyStore::find(const KeySource& source) const {
  const std::lock_guard guard(lock_);
  const auto found = sets_.find(source);
  return found == sets_.end() ? nullptr : found->second;
}

Result<bool> KeyStore::reload(const std::string& path) {
  const KeySource source(KeySource::Kind::file, path);
  if (!find(source)) return false;
  TRY(Shared read, read_set(source));
  const std::lock_guard guard(lock_);
  const auto found = sets_.find(source);
  if (found == sets_.end() || found->second->digest() == read->digest()) return false;
  found->second = std::move(read);
  generation_.fetch_add(1, std::memory_order_acq_rel);
  return true;
}

void KeyStore::keep_only(std::span<const KeySource> sources) {
  const std::lock_guard guard(lock_);
  std::erase_if(sets_, [&](const auto& entry) {
    return std::ranges::find(sources, entry.first) == sources.end();
  });
}

}  // namespace auth

#include "admin/config_edit.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/fd.h"

namespace admin {
namespace {

tl::unexpected<Error> because(int number, const std::string& doing) {
  const Fault fault = number == EACCES || number == EPERM || number == EROFS ? Fault::forbidden
                                                                             : Fault::unavailable;
  return failed(fault, doing + ": " + std::generic_category().message(number));
}

Result<> write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return because(errno, "writing");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// A file that is removed unless it got its name.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& beside) : path_(beside + ".XXXXXX") {
    descriptor_ = net::Fd(::mkostemp(path_.data(), O_CLOEXEC));
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_.is_open() && !is_renamed_) ::unlink(path_.c_str());
  }

  bool is_open() const { return descriptor_.is_open(); }
  int descriptor() const { return descriptor_.get(); }
  Result<> rename_to(const std::string& name) {
    if (::rename(path_.c_str(), name.c_str()) != 0) return because(errno, "renaming");
    is_renamed_ = true;
    return {};
  }

 private:
  std::string path_;
  net::Fd descriptor_;
  bool is_renamed_ = false;
};

// The name's change is durable only with the folder.
void sync_folder(const std::string& folder) {
  const net::Fd descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.is_open()) ::fsync(descriptor.get());
}

}  // namespace

Result<> replace_file(const std::string& path, std::string_view text) {
  std::error_code wrong;
  const std::filesystem::path real = std::filesystem::canonical(path, wrong);
  if (wrong) return because(wrong.value(), path);
  struct stat status{};
  if (::stat(real.c_str(), &status) != 0) return because(errno, path);
  TemporaryFile file(real.string());
  if (!file.is_open()) return because(errno, "making a file beside " + path);
  if (::fchmod(file.descriptor(), status.st_mode & 07777) != 0) return because(errno, "its mode");
  const bool is_ours = status.st_uid == ::geteuid() && status.st_gid == ::getegid();
  if (!is_ours && ::fchown(file.descriptor(), status.st_uid, status.st_gid) != 0) {
    return because(errno, "its owner");
  }
  TRY(write_all(file.descriptor(), text));
  if (::fsync(file.descriptor()) != 0) return because(errno, "writing");
  TRY(file.rename_to(real.string()));
  sync_folder(real.parent_path().string());
  return {};
}

}  // namespace admin

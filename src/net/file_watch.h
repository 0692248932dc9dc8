#pragma once
// Tells when a file may have changed: written in place, replaced by a rename, deleted and made
// again, or reached through a symbolic link or a folder that was swapped (mounted volumes do that).
// Whether its content differs is the caller's question. The file need not exist.

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "net/socket.h"

namespace net {

class FileWatch {
 public:
  // Watches from now on. Throws std::system_error if the system has no inotify instance left.
  // `quiet`: how long nothing must happen before a change is told (but not longer than ten times
  // that).
  FileWatch(Loop& loop, std::string path, Duration quiet = std::chrono::milliseconds(100));
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  const std::string& path() const { return path_; }
  // Returns after the next change; one that came since the last call, or since the construction,
  // counts. One task at a time.
  Task<> changed();

 private:
  // Watch descriptor: the names in that folder which matter; of a file, the empty name.
  using Names = std::map<int, std::set<std::string>>;

  class Steps;

  void rearm();
  bool take_step(Steps& steps, std::filesystem::path& here, int& links, Names& names) const;
  void add(const std::string& path, const std::string& name, std::uint32_t events,
           Names& names) const;
  bool take_events();
  bool is_relevant(int descriptor, std::uint32_t events, const std::string& name) const;

  std::string path_;
  Duration quiet_;
  Socket socket_;
  Names names_;
  bool has_changed_ = false;
};

}  // namespace net

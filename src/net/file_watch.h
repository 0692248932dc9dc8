#pragma once
// Tells when a file may have changed: written in place, replaced by a rename, deleted and made
// again, or reached through a symbolic link that was swapped (mounted volumes do that). Whether its
// content differs is the caller's question. The file need not exist.

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/result.h"
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
  ~FileWatch();

  const std::string& path() const { return path_; }
  // Returns after the next change; one that came since the last call, or since the construction,
  // counts.
  Task<> changed();

 private:
  void rearm();
  void watch_step(const std::string& folder, const std::string& name);
  bool take_events();

  std::string path_;
  Duration quiet_;
  Socket socket_;
  std::map<int, std::set<std::string>> names_;  // watch descriptor: the names in it that matter
  bool has_changed_ = false;
};

}  // namespace net

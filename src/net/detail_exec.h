#pragma once
// What the spawner prepares before it forks, so that the new process has only system calls to make.

#include <string>
#include <vector>

#include "net/spawner.h"

namespace net::detail {

class Program {
 public:
  explicit Program(const Command& command);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // In the forked process: becomes the program, with `standard` as descriptors 0-2. On failure
  // writes a Report to `error_fd` and ends. `parent` is the process that forked.
  [[noreturn]] void become(const int (&standard)[3], int error_fd, int parent) const;

 private:
  const Command& command_;
  std::vector<std::string> candidates_;  // paths to try in turn
  std::vector<char*> arguments_;
  std::vector<char*> environment_;
};

}  // namespace net::detail

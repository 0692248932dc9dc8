#pragma once
// How much memory the process may have and has. The limit is that of its cgroup (version 1 or 2) or
// of one above it, or the machine's memory, whichever is least.

#include <cstdint>
#include <string>

namespace app {

class Memory {
 public:
  // `limit`: what the configuration says; 0: look. `root` is "/", but for tests.
  explicit Memory(std::uint64_t limit, std::string root = "/");

  std::uint64_t limit() const { return limit_; }
  // What counts against the limit: of a cgroup, all of it that cannot be dropped at once, children
  // included; else this process's resident memory.
  std::uint64_t used() const;
  // More than 85 % of the limit.
  bool is_short() const { return used() > limit_ / 100 * 85; }

 private:
  void look_at_cgroups();
  void take_cgroup(const std::string& folder, bool is_v2);

  std::string root_;
  std::uint64_t limit_;
  std::string folder_;  // of the cgroup whose limit it is; empty: none
  bool is_v2_ = true;
};

}  // namespace app

#include "net/detail_port_holder.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>

namespace net::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view listening = "0A";

// The inodes of the sockets that listen on `port`. A line of /proc/net/tcp: number, local address,
// remote address, state, queues, timer, retransmits, user, timeout, inode, ...
void collect_inodes(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, state, skipped, inode;
    fields >> number >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) fields >> skipped;
    fields >> inode;
    const std::size_t colon = local.rfind(':');
    if (state != listening || colon == std::string::npos) continue;
    unsigned found = 0;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), found, 16);
    if (found == port) inodes.insert("socket:[" + inode + ']');
  }
}

bool holds_any(const fs::path& process, const std::set<std::string>& inodes) {
  std::error_code error;
  fs::directory_iterator descriptors(process / "fd", error);
  if (error) return false;
  for (; descriptors != fs::directory_iterator(); descriptors.increment(error)) {
    if (error) return false;
    std::error_code unreadable;
    const fs::path target = fs::read_symlink(descriptors->path(), unreadable);
    if (!unreadable && inodes.contains(target.string())) return true;
  }
  return false;
}

std::string name_of_process(const fs::path& process) {
  std::ifstream file(process / "comm");
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

std::string port_holder(std::uint16_t port) {
  std::set<std::string> inodes;
  collect_inodes("/proc/net/tcp", port, inodes);
  collect_inodes("/proc/net/tcp6", port, inodes);
  if (inodes.empty()) return {};
  std::error_code error;
  fs::directory_iterator processes("/proc", error);
  for (; !error && processes != fs::directory_iterator(); processes.increment(error)) {
    const std::string pid = processes->path().filename().string();
    if (!std::all_of(pid.begin(), pid.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; })) {
      continue;
    }
    if (holds_any(processes->path(), inodes)) {
      return name_of_process(processes->path()) + " (pid " + pid + ')';
    }
  }
  return {};
}

}  // namespace net::detail

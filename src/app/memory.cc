#include "app/memory.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>

#include <unistd.h>

namespace app {
namespace {

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The number after `name` at the start of a line; 0 if there is none. `name` may be empty.
std::uint64_t number_after(const std::string& text, const std::string& name) {
  std::size_t at = text.starts_with(name) ? 0 : text.find("\n" + name);
  if (at == std::string::npos) return 0;
  at = text.find_first_of("0123456789", at + name.size());
  if (at == std::string::npos) return 0;
  std::uint64_t number = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), number);
  return number;
}

}  // namespace

Memory::Memory(std::uint64_t limit, std::string root) : root_(std::move(root)), limit_(limit) {
  if (limit_ != 0) return;
  constexpr std::uint64_t kibibyte = 1024;
  limit_ = number_after(content(root_ + "proc/meminfo"), "MemTotal:") * kibibyte;
  if (limit_ == 0) limit_ = std::numeric_limits<std::uint64_t>::max();
  look_at_cgroups();
}

// Lines like "0::/a/b" (version 2) and "5:memory:/a/b" (version 1). Within a container the path may
// be the outer one, which is not there: its parents are tried, up to the root that is.
void Memory::look_at_cgroups() {
  std::ifstream lines(root_ + "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool is_v2 = controllers.empty();
    if (!is_v2 && controllers.find("memory") == controllers.npos) continue;
    std::string path = line.substr(second + 1);
    while (!path.empty() && path.back() == '/') path.pop_back();
    const std::string base = root_ + (is_v2 ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
    for (;;) {
      take_cgroup(base + path, is_v2);
      if (path.empty()) break;
      path.resize(path.rfind('/') == path.npos ? 0 : path.rfind('/'));
    }
  }
}

void Memory::take_cgroup(const std::string& folder, bool is_v2) {
  const std::string text = content(folder + (is_v2 ? "/memory.max" : "/memory.limit_in_bytes"));
  const std::uint64_t limit = number_after(text, "");  // "max" has none
  if (limit == 0 || limit >= limit_) return;
  limit_ = limit;
  folder_ = folder;
  is_v2_ = is_v2;
}

std::uint64_t Memory::used() const {
  if (folder_.empty()) {
    const std::string pages = content(root_ + "proc/self/statm");
    const std::size_t second = pages.find(' ');
    if (second == pages.npos) return 0;
    return number_after(pages.substr(second), "") *
           static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  const std::string file = is_v2_ ? "/memory.current" : "/memory.usage_in_bytes";
  const std::uint64_t all = number_after(content(folder_ + file), "");
  const std::string cached = is_v2_ ? "inactive_file " : "total_inactive_file ";
  const std::uint64_t spare = number_after(content(folder_ + "/memory.stat"), cached);
  return all > spare ? all - spare : 0;
}

}  // namespace app

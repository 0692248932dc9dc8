#include "process.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "wire.h"

namespace bench {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::filesystem::path folder_of(int pid) {
  return std::filesystem::path("/proc") / std::to_string(pid);
}

}  // namespace

std::vector<int> pids_of(std::string_view list) {
  std::vector<int> pids;
  while (!list.empty()) {
    const std::string_view word = list.substr(0, list.find(','));
    if (const auto pid = number_at(word)) pids.push_back(static_cast<int>(*pid));
    list.remove_prefix(std::min(word.size() + 1, list.size()));
  }
  return pids;
}

std::vector<int> tree_of(int pid) {
  std::vector<int> found{pid};
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::error_code error;
    const auto tasks = folder_of(found[i]) / "task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
      std::ifstream children(task.path() / "children");
      for (int child = 0; children >> child;) found.push_back(child);
    }
  }
  return found;
}

std::uint64_t cpu_nanoseconds(std::span<const int> pids) {
  std::uint64_t sum = 0;
  for (const int pid : pids) {
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator(folder_of(pid) / "task", error)) {
      sum += number_at(content_of(task.path() / "schedstat")).value_or(0);
    }
  }
  return sum;
}

std::uint64_t resident_kilobytes(std::span<const int> pids) {
  std::uint64_t sum = 0;
  for (const int pid : pids) {
    const std::string status = content_of(folder_of(pid) / "status");
    constexpr std::string_view key = "VmRSS:";
    const std::size_t at = status.find(key);
    if (at == std::string::npos) continue;
    const std::size_t digits = status.find_first_of("0123456789", at);
    sum += number_at(std::string_view(status).substr(digits)).value_or(0);
  }
  return sum;
}

}  // namespace bench

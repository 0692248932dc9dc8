#include <algorithm>
#include <array>

#include <unistd.h>

#include "base/text.h"
#include "upstream/detail_environment.h"

namespace upstream {
namespace {

constexpr std::array<std::string_view, 9> inherited = {"PATH", "HOME",    "LANG",  "TZ",  "TMPDIR",
                                                       "USER", "LOGNAME", "SHELL", "TERM"};

std::string_view name_of_entry(std::string_view entry) {
  return entry.substr(0, entry.find('='));
}

bool is_inherited(std::string_view name) {
  return name.starts_with("LC_") ||
         std::find(inherited.begin(), inherited.end(), name) != inherited.end();
}

std::string_view find_path(std::span<const std::string> environment) {
  for (const std::string_view entry : environment) {
    if (entry.starts_with("PATH=")) return entry.substr(5);
  }
  return {};
}

}  // namespace

std::vector<std::string> child_environment(const StdioSettings& settings,
                                           std::span<const std::string> own) {
  std::vector<std::string> environment;
  for (const std::string& entry : own) {
    const std::string name(name_of_entry(entry));
    const bool is_replaced = settings.environment.contains(name);
    if (!settings.clear_environment && is_inherited(name) && !is_replaced) {
      environment.push_back(entry);
    }
  }
  for (const auto& [name, value] : settings.environment) environment.push_back(name + '=' + value);
  return environment;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> own;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    own.emplace_back(*entry);
  }
  return own;
}

std::string find_program(const std::string& command, std::span<const std::string> child,
                         std::span<const std::string> own) {
  if (command.find('/') != std::string::npos || !find_path(child).empty()) return command;
  for (const std::string_view folder : base::split(find_path(own), ':')) {
    if (folder.empty()) continue;
    std::string file = std::string(folder) + '/' + command;
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return command;
}

}  // namespace upstream

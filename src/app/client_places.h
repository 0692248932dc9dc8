#pragma once
// Where the clients of MCP keep their servers, on Linux and macOS.

#include <string>
#include <vector>

#include "config/client_import.h"

namespace app {

// What the places depend on. Folders without a slash at the end.
struct Whereabouts {
  std::string home;
  std::string settings;  // $XDG_CONFIG_HOME, or ~/.config
  std::string folder;    // the project
  bool is_mac = false;

  static Whereabouts of_process();
};

// Files that may exist, those that count more first. None for Client::unknown.
std::vector<std::string> places_of(config::Client client, const Whereabouts& where);

}  // namespace app

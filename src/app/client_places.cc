#include "app/client_places.h"

#include <array>
#include <filesystem>
#include <system_error>

#include "app/configuration.h"

namespace app {

Whereabouts Whereabouts::of_process() {
  Whereabouts where;
  where.home = environment_variable("HOME").value_or("");
  where.settings = environment_variable("XDG_CONFIG_HOME").value_or("");
  if (where.settings.empty()) where.settings = where.home + "/.config";
  std::error_code error;
  where.folder = std::filesystem::current_path(error).string();
#ifdef __APPLE__
  where.is_mac = true;
#endif
  return where;
}

std::vector<std::string> places_of(config::Client client, const Whereabouts& where) {
  const std::string programs =
      where.is_mac ? where.home + "/Library/Application Support" : where.settings;
  switch (client) {
    case config::Client::unknown:
      return {};
    case config::Client::claude_desktop:
      return {programs + "/Claude/claude_desktop_config.json"};
    case config::Client::claude_code:
      return {where.folder + "/.mcp.json", where.home + "/.claude.json"};
    case config::Client::cursor:
      return {where.folder + "/.cursor/mcp.json", where.home + "/.cursor/mcp.json"};
    case config::Client::vscode:
      break;
  }
  std::vector<std::string> places = {where.folder + "/.vscode/mcp.json"};
  for (const char* variant : {"Code", "Code - Insiders", "VSCodium"}) {
    const std::string user = programs + "/" + variant + "/User/";
    places.push_back(user + "mcp.json");
    places.push_back(user + "settings.json");  // until 2025 the servers were there
  }
  return places;
}

}  // namespace app

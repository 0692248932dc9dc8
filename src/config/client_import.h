#pragma once
// The MCP servers of a client (Claude Desktop, Claude Code, VS Code, Cursor and those who copied
// their files) as a configuration of the gateway. Secrets are never taken over: they become
// variables of the gateway's environment, and no finding holds a value.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace config {

// Whose file it is. `unknown` reads all of their dialects.
enum class Client : std::uint8_t { unknown, claude_desktop, claude_code, vscode, cursor };
// "claude-desktop", "claude-code", "vscode", "cursor", and "auto" for unknown.
std::optional<Client> client_named(std::string_view name);
std::string_view name_of(Client client);

struct ClientFile {
  std::string name;  // as people call it
  std::string text;  // JSON, comments allowed
};

enum class Weight : std::uint8_t { info, warning, error };
std::string_view name_of(Weight weight);

// Something that was not taken over, or that somebody must look at.
struct Finding {
  Weight weight = Weight::info;
  std::string path;  // in the client's file, "mcpServers.github.env.TOKEN"; empty: about all of it
  std::string message;
  bool operator==(const Finding&) const = default;
};

struct Imported {
  std::string yaml;  // passes the gateway's own checks once its variables are set; empty: nothing
  std::vector<Finding> findings;
  std::vector<std::string> variables;  // that it needs
  std::size_t servers = 0;             // in `yaml` and not switched off
};

// Of servers with the same name the first counts. `folder` is the project whose own servers are
// wanted of a file that holds those of many.
Imported import_servers(std::span<const ClientFile> files, Client client,
                        std::string_view folder = "");

}  // namespace config

#pragma once
// A server that is a child process and speaks JSON-RPC in lines over its standard input and output.
// One child per session; it is started by the spawner without a shell and ended with its whole
// group.

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "upstream/upstream.h"

class Log;
namespace net {
class Spawner;
}

namespace upstream {

struct StdioSettings {
  std::string command;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  // added to, and stronger than, what is inherited
  bool clear_environment = false;  // inherit nothing; PATH is then used only to find the command
  std::string directory;           // working directory; empty: the gateway's

  std::chrono::milliseconds handshake = std::chrono::seconds(10);
  std::size_t line_bytes_max = 4 << 20;

  bool operator==(const StdioSettings&) const = default;
};

// `spawner` and the log's sink must outlive the target and every session of it.
std::unique_ptr<Target> make_stdio_target(mcp::TargetName name, StdioSettings settings,
                                          net::Spawner& spawner, const Log& log);

}  // namespace upstream

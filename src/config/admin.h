#pragma once
// Settings of the operator's door: where it is, who comes in, and whether edits may be written.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/schema.h"

namespace config {

struct AdminSettings {
  std::optional<std::string> token;
  std::vector<std::string> hosts;
  bool is_open = false;            // without a login wherever it listens
  bool records_arguments = false;  // of tool calls, while somebody follows the traffic
  bool operator==(const AdminSettings&) const = default;
};
void describe(schema::Object<AdminSettings>& o);

enum class StorageMode { file, read_only };
std::vector<std::string> spellings(StorageMode);

struct StorageSettings {
  StorageMode mode = StorageMode::file;
  bool operator==(const StorageSettings&) const = default;
};
void describe(schema::Object<StorageSettings>& o);

// Where the door is: agentgateway's words `ip:port`, `localhost:port` (both loopback addresses) and
// `off`.
class AdminPlace {
 public:
  // Fault::bad_request with what is wrong.
  static Result<AdminPlace> parse(std::string_view text);

  bool is_off = false;
  std::string host;  // "localhost" or an address, IPv6 without brackets
  std::uint16_t port = 0;
};

inline constexpr std::string_view default_admin_address = "localhost:15000";

}  // namespace config

#pragma once
// What a configuration comes to, as one tree whatever dialect it is written in: binds, listeners,
// routes, backends, targets, and their policies with every value that is in force and where it
// comes from. Secrets are redacted by the types of the settings.

#include <string>

#include "admin/running.h"
#include "admin/settings_view.h"
#include "config/file.h"
#include "json/write.h"
#include "runtime/snapshot.h"
#include "yaml/read.h"

namespace admin {

// What the tree is made from; all must live as long as write() runs.
class Model {
 public:
  // `text` is what `file` was read from and `snapshot` was built from; `running` knows the ports.
  Model(const yaml::Source& text, const config::File& file, const runtime::Snapshot& snapshot,
        const Running& running);

  void write(json::Writer& writer) const;

 private:
  struct Built;
  void write_counts(json::Writer& writer) const;
  void write_bind(json::Writer& writer, const config::Bind& bind, const Place& place) const;
  void write_listener(json::Writer& writer, const config::Listener& listener, std::size_t index,
                      const Built& built, const Place& place) const;
  void write_route(json::Writer& writer, const config::Route& route, const Built& built,
                   const Place& place) const;
  void write_shorthand(json::Writer& writer, const Place& place) const;
  static void write_backend(json::Writer& writer, const config::Backend& backend,
                            const Built& built, const Place& place);
  static void write_mcp_backend(json::Writer& writer, const config::McpBackend& backend,
                                const Built& built, const Place& place,
                                const policy::BackendPolicySettings& policies,
                                const Place& place_of_policies);

  const config::File& file_;
  const runtime::Snapshot& snapshot_;
  const Running& running_;
  std::string revision_;
  yaml::Node tree_;
};

// "http://localhost:3000/mcp": where clients reach the route. `listener` and `route` are null for
// the shorthand.
std::string endpoint_of(const config::Listener* listener, const config::Route* route, bool is_mcp,
                        std::uint16_t port);

// The route in a snapshot, with the port it is configured on.
struct FoundRoute {
  const runtime::Bind* bind = nullptr;
  const runtime::Listener* listener = nullptr;
  const runtime::Route* route = nullptr;  // null if there is none
};
FoundRoute find_route(const runtime::Snapshot& snapshot, std::string_view id);
// The first one that has an MCP backend.
FoundRoute first_mcp_route(const runtime::Snapshot& snapshot);

// The settings of a route in the file: the text of it, wherever it stands.
struct WrittenRoute {
  const config::Listener* listener = nullptr;  // null for the shorthand
  const config::Route* route = nullptr;        // the same
};
WrittenRoute written_route(const config::File& file, const FoundRoute& found);

}  // namespace admin

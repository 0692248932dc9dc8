#include "app/announce.h"

namespace app {
namespace {

std::string_view kind_of(const runtime::Route& route) {
  if (std::holds_alternative<runtime::McpBackend>(route.backend)) return "mcp";
  return std::holds_alternative<runtime::HostBackend>(route.backend) ? "http" : "none";
}

std::string target_of(const runtime::Route& route) {
  if (const auto* mcp = std::get_if<runtime::McpBackend>(&route.backend)) {
    return mcp->target->target->name().text();
  }
  const auto* host = std::get_if<runtime::HostBackend>(&route.backend);
  return host != nullptr ? host->endpoint.authority() : "";
}

}  // namespace

void announce(const Log& log, const runtime::Snapshot& snapshot,
              const std::map<std::uint16_t, std::uint16_t>& ports) {
  for (const runtime::Bind& bind : snapshot.binds) {
    const std::string url = "http://localhost:" + std::to_string(ports.at(bind.port));
    for (const runtime::Listener& listener : bind.listeners) {
      for (const runtime::Route& route : listener.routes) {
        const std::string_view kind = kind_of(route);
        log.info("serving", {{"url", url + (kind == "mcp" ? "/mcp" : "/")},
                             {"listener", listener.name},
                             {"route", route.name},
                             {"kind", kind},
                             {"backend", target_of(route)}});
      }
    }
  }
}

}  // namespace app

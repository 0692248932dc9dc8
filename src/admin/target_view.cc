#include "admin/target_view.h"

#include <algorithm>

namespace admin {
namespace {

void add(std::vector<ServedTarget>& targets, std::shared_ptr<const runtime::TargetEntry> entry,
         const std::string& route) {
  const auto found = std::find_if(targets.begin(), targets.end(), [&](const ServedTarget& target) {
    return target.entry == entry;
  });
  if (found == targets.end()) {
    targets.push_back({std::move(entry), {route}});
  } else if (found->routes.back() != route) {
    found->routes.push_back(route);
  }
}

void add_of(std::vector<ServedTarget>& targets, const runtime::Route& route) {
  const auto* mcp = std::get_if<runtime::McpBackend>(&route.backend);
  if (mcp == nullptr) return;
  for (const auto& part : mcp->target->parts) add(targets, part, route.key);
  if (mcp->target->parts.empty()) add(targets, mcp->target, route.key);
}

}  // namespace

std::string target_id(std::uint64_t number, std::string_view name) {
  return std::to_string(number) + "-" + std::string(name);
}

std::string id_of(const runtime::TargetEntry& entry) {
  return target_id(entry.number, entry.target->name().text());
}

std::vector<ServedTarget> served_targets(const runtime::Snapshot& snapshot) {
  std::vector<ServedTarget> targets;
  for (const runtime::Bind& bind : snapshot.binds) {
    for (const runtime::Listener& listener : bind.listeners) {
      for (const runtime::Route& route : listener.routes) add_of(targets, route);
    }
  }
  return targets;
}

void write_target(json::Writer& writer, const ServedTarget& target) {
  const runtime::TargetEntry& entry = *target.entry;
  const upstream::Vitals::Report report = entry.vitals->report();
  writer.begin_object();
  writer.name("id").string(id_of(entry));
  writer.name("name").string(entry.target->name().text());
  writer.name("transport").string(entry.transport);
  writer.name("state").string(name_of(report.state));
  writer.name("sessions").integer_unsigned(report.sessions);
  if (entry.children > 0) {
    writer.name("restarts").integer_unsigned(report.restarts);
    writer.name("pids").begin_array();
    for (const int pid : report.pids) writer.integer(pid);
    writer.end_array();
  }
  writer.name("lastError");
  if (report.last_error.empty()) {
    writer.null();
  } else {
    writer.string(report.last_error);
  }
  writer.name("routes").begin_array();
  for (const std::string& route : target.routes) writer.string(route);
  writer.end_array().end_object();
}

}  // namespace admin

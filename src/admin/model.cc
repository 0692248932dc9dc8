#include "admin/model.h"

#include <algorithm>

#include "admin/target_view.h"

namespace admin {

// Where in the snapshot the tree is.
struct Model::Built {
  std::uint16_t port = 0;  // the actual one
  const config::Listener* owner = nullptr;
  Place owner_policies;
  const runtime::Listener* listener = nullptr;
  const runtime::Route* route = nullptr;
};

namespace {

struct Counts {
  std::size_t listeners = 0;
  std::size_t routes = 0;
  std::size_t backends = 0;
  std::size_t targets = 0;
  std::size_t policies = 0;
};

template <class Settings>
std::size_t count_policies(const Settings& settings) {
  std::size_t count = 0;
  for (const auto& entry : schema::description<Settings>().entries) {
    if (entry.is_set && entry.is_set(settings)) ++count;
  }
  return count;
}

// Each policy of these, in the order in which they run.
template <class Settings>
void write_policies(json::Writer& writer, const Settings& settings, std::string_view from,
                    const Place& place) {
  const schema::Description<Settings>& known = schema::description<Settings>();
  for (std::size_t i = 0; i < known.entries.size(); ++i) {
    const schema::FieldInfo& field = known.info.fields[i];
    if (!field.is_supported || !known.entries[i].is_set(settings)) continue;
    const Place written = place.member(known.info, field.name);
    writer.begin_object();
    writer.name("kind").string(field.name).name("from").string(from);
    write_place(writer, written);
    json::Writer value;
    known.entries[i].write(settings, value, schema::Show::redacted);
    writer.name("value").raw(without_secret_addresses(value.take()));
    write_origins(writer, written.node, field.schema);
    writer.end_object();
  }
}

std::string_view kind_of(const runtime::Route* route) {
  if (route == nullptr) return "none";
  if (std::holds_alternative<runtime::McpBackend>(route->backend)) return "mcp";
  return std::holds_alternative<runtime::HostBackend>(route->backend) ? "http" : "none";
}

// The number that the target of that name has for as long as it is the same target.
std::uint64_t number_of(const runtime::Route* route, const std::string& name) {
  const auto* mcp = route != nullptr ? std::get_if<runtime::McpBackend>(&route->backend) : nullptr;
  if (mcp == nullptr) return 0;
  for (const auto& part : mcp->target->parts) {
    if (part->target->name().text() == name) return part->number;
  }
  return mcp->target->target->name().text() == name ? mcp->target->number : 0;
}

void write_target(json::Writer& writer, const config::Target& target, const runtime::Route* route,
                  const Place& place) {
  writer.begin_object();
  writer.name("id").string(target_id(number_of(route, target.name), target.name));
  writer.name("name").string(target.name);
  writer.name("transport").string(config::transport_of(target));
  write_place(writer, place);
  writer.name("settings").begin_object();
  write_settings(writer, target, place);
  writer.end_object().end_object();
}

// The first segment by which clients get there.
std::string path_of(const config::Route* route, bool is_mcp) {
  const std::string usual = is_mcp ? "/mcp" : "/";
  if (route == nullptr || route->matches.empty()) return usual;
  const config::PathMatch& path = route->matches.front()->path;
  if (path.exact) return *path.exact;
  if (path.path_prefix && *path.path_prefix != "/") return *path.path_prefix;
  return usual;
}

std::string host_of(const config::Listener* listener, const config::Route* route) {
  const auto is_name = [](const std::string& host) {
    return !host.empty() && host.find('*') == std::string::npos;
  };
  if (route != nullptr) {
    const auto named = std::find_if(route->hostnames.begin(), route->hostnames.end(), is_name);
    if (named != route->hostnames.end()) return *named;
  }
  if (listener != nullptr && listener->hostname && is_name(*listener->hostname)) {
    return *listener->hostname;
  }
  return "localhost";
}

}  // namespace

std::string endpoint_of(const config::Listener* listener, const config::Route* route, bool is_mcp,
                        std::uint16_t port) {
  return "http://" + host_of(listener, route) + ":" + std::to_string(port) + path_of(route, is_mcp);
}

Model::Model(const yaml::Source& text, const config::File& file, const runtime::Snapshot& snapshot,
             const Running& running)
    : file_(file), snapshot_(snapshot), running_(running), revision_(revision_of(text.text)) {
  schema::Problems ignored;  // it was read before
  if (auto tree = schema::read_node(text, running.environment, ignored)) tree_ = std::move(*tree);
}

void Model::write(json::Writer& writer) const {
  const schema::ObjectInfo& info = schema::object_info<config::File>();
  const Place root{&tree_, ""};
  const bool has_binds = !file_.binds.empty();
  writer.begin_object();
  writer.name("revision").string(revision_);
  writer.name("dialect").string(has_binds ? (file_.mcp ? "both" : "binds")
                                          : (file_.mcp ? "mcp" : "none"));
  write_counts(writer);
  writer.name("config").begin_object();
  write_settings(writer, file_.config, root.member(info, "config"));
  writer.end_object();
  writer.name("frontend").begin_object();
  write_settings(writer, file_.frontend, root.member(info, "frontendPolicies"));
  writer.end_object();
  writer.name("binds").begin_array();
  const Place binds = root.member(info, "binds");
  for (std::size_t i = 0; i < file_.binds.size(); ++i) {
    write_bind(writer, *file_.binds[i], binds.element(i));
  }
  if (file_.mcp) write_shorthand(writer, root.member(info, "mcp"));
  writer.end_array().end_object();
}

void Model::write_counts(json::Writer& writer) const {
  Counts counts;
  for (const auto& bind : file_.binds) {
    for (const auto& listener : bind->listeners) {
      ++counts.listeners;
      counts.policies += count_policies(listener->policies);
      for (const auto& route : listener->routes) {
        ++counts.routes;
        counts.policies += count_policies(route->policies);
        counts.backends += route->backends.size();
        for (const auto& backend : route->backends) {
          if (backend->mcp) counts.targets += backend->mcp->targets.size();
        }
      }
    }
  }
  if (file_.mcp) {
    ++counts.listeners;
    ++counts.routes;
    ++counts.backends;
    counts.targets += (*file_.mcp)->backend.targets.size();
    counts.policies += count_policies((*file_.mcp)->policies);
  }
  writer.name("counts").begin_object();
  writer.name("binds").integer_unsigned(file_.binds.size() + (file_.mcp ? 1 : 0));
  writer.name("listeners").integer_unsigned(counts.listeners);
  writer.name("routes").integer_unsigned(counts.routes);
  writer.name("backends").integer_unsigned(counts.backends);
  writer.name("targets").integer_unsigned(counts.targets);
  writer.name("policies").integer_unsigned(counts.policies);
  writer.end_object();
}

void Model::write_bind(json::Writer& writer, const config::Bind& bind, const Place& place) const {
  Built built;
  built.port = running_.actual_port(bind.port);
  const runtime::Bind* found = snapshot_.find_bind(bind.port);
  writer.begin_object();
  writer.name("port").integer_unsigned(bind.port);
  writer.name("boundPort").integer_unsigned(built.port);
  write_place(writer, place);
  writer.name("listeners").begin_array();
  const Place listeners = place.member(schema::object_info<config::Bind>(), "listeners");
  for (std::size_t i = 0; i < bind.listeners.size(); ++i) {
    built.listener = nullptr;
    built.owner = &*bind.listeners[i];
    for (const runtime::Listener& each : found->listeners) {
      if (each.index == i) built.listener = &each;
    }
    write_listener(writer, *bind.listeners[i], i, built, listeners.element(i));
  }
  writer.end_array().end_object();
}

void Model::write_listener(json::Writer& writer, const config::Listener& listener,
                           std::size_t index, const Built& built, const Place& place) const {
  const schema::ObjectInfo& info = schema::object_info<config::Listener>();
  writer.begin_object();
  writer.name("name").string(listener.name.value_or("listener" + std::to_string(index)));
  writer.name("isNamed").boolean(listener.name.has_value());
  writer.name("hostname");
  if (listener.hostname) {
    writer.string(*listener.hostname);
  } else {
    writer.null();
  }
  writer.name("protocol").string("HTTP");
  write_place(writer, place);
  writer.name("policies").begin_array();
  write_policies(writer, listener.policies, "listener", place.member(info, "policies"));
  writer.end_array();
  writer.name("routes").begin_array();
  const Place routes = place.member(info, "routes");
  for (std::size_t i = 0; i < listener.routes.size(); ++i) {
    Built below = built;
    below.owner_policies = place.member(info, "policies");
    if (built.listener != nullptr) below.route = &built.listener->routes.at(i);
    write_route(writer, *listener.routes[i], below, routes.element(i));
  }
  writer.end_array().end_object();
}

void Model::write_route(json::Writer& writer, const config::Route& route, const Built& built,
                        const Place& place) const {
  const schema::ObjectInfo& info = schema::object_info<config::Route>();
  const std::string_view kind = kind_of(built.route);
  writer.begin_object();
  writer.name("id").string(built.route->key).name("name").string(built.route->name);
  writer.name("isNamed").boolean(route.name.has_value());
  writer.name("kind").string(kind);
  writer.name("endpoint").string(endpoint_of(built.owner, &route, kind == "mcp", built.port));
  writer.name("hostnames").begin_array();
  for (const std::string& host : route.hostnames) writer.string(host);
  writer.end_array();
  writer.name("matches").begin_array();
  for (const auto& match : route.matches) writer.raw(schema::dump(*match, schema::Show::redacted));
  writer.end_array();
  write_place(writer, place);
  writer.name("policies").begin_array();
  write_policies(writer, built.owner->policies, "listener", built.owner_policies);
  write_policies(writer, route.policies, "route", place.member(info, "policies"));
  writer.end_array();
  writer.name("backends").begin_array();
  const Place backends = place.member(info, "backends");
  for (std::size_t i = 0; i < route.backends.size(); ++i) {
    write_backend(writer, *route.backends[i], built, backends.element(i));
  }
  writer.end_array().end_object();
}

void Model::write_shorthand(json::Writer& writer, const Place& place) const {
  const config::McpShorthand& settings = **file_.mcp;
  const runtime::Bind* bind = snapshot_.find_bind(settings.port);
  Built built;
  built.port = running_.actual_port(settings.port);
  built.listener = &bind->listeners.front();
  built.route = &built.listener->routes.front();
  writer.begin_object();
  writer.name("port").integer_unsigned(settings.port);
  writer.name("boundPort").integer_unsigned(built.port);
  write_place(writer, place);
  writer.name("listeners").begin_array().begin_object();
  writer.name("name").string("mcp").name("isNamed").boolean(false);
  writer.name("hostname").null().name("protocol").string("HTTP");
  write_place(writer, place);
  writer.name("policies").begin_array().end_array();
  writer.name("routes").begin_array().begin_object();
  writer.name("id").string(built.route->key).name("name").string("mcp");
  writer.name("isNamed").boolean(false).name("kind").string("mcp");
  writer.name("endpoint").string(endpoint_of(nullptr, nullptr, true, built.port));
  writer.name("hostnames").begin_array().end_array();
  writer.name("matches").begin_array().end_array();
  write_place(writer, place);
  writer.name("policies").begin_array();
  const schema::ObjectInfo& info = schema::object_info<config::McpShorthand>();
  write_policies(writer, settings.policies, "route", place.member(info, "policies"));
  writer.end_array();
  writer.name("backends").begin_array();
  write_mcp_backend(writer, settings.backend, built, place, {}, {});
  writer.end_array().end_object().end_array().end_object().end_array().end_object();
}

void Model::write_backend(json::Writer& writer, const config::Backend& backend, const Built& built,
                          const Place& place) {
  const schema::ObjectInfo& info = schema::object_info<config::Backend>();
  const Place policies = place.member(info, "policies");
  if (backend.mcp) {
    write_mcp_backend(writer, *backend.mcp, built, place.member(info, "mcp"), backend.policies,
                      policies);
    return;
  }
  writer.begin_object();
  writer.name("kind").string("http").name("name").null();
  writer.name("host").string(backend.host.value_or(""));
  write_place(writer, place);
  writer.name("policies").begin_array();
  write_policies(writer, backend.policies, "backend", policies);
  writer.end_array();
  writer.name("targets").begin_array().end_array();
  writer.end_object();
}

void Model::write_mcp_backend(json::Writer& writer, const config::McpBackend& backend,
                              const Built& built, const Place& place,
                              const policy::BackendPolicySettings& policies,
                              const Place& place_of_policies) {
  const schema::ObjectInfo& info = schema::object_info<config::McpBackend>();
  writer.begin_object();
  writer.name("kind").string("mcp").name("name").string(backend.name.value_or("mcp"));
  writer.name("host").null();
  write_place(writer, place);
  writer.name("policies").begin_array();
  write_policies(writer, policies, "backend", place_of_policies);
  writer.end_array();
  writer.name("targets").begin_array();
  const Place targets = place.member(info, "targets");
  for (std::size_t i = 0; i < backend.targets.size(); ++i) {
    write_target(writer, *backend.targets[i], built.route, targets.element(i));
  }
  writer.end_array().end_object();
}

FoundRoute find_route(const runtime::Snapshot& snapshot, std::string_view id) {
  for (const runtime::Bind& bind : snapshot.binds) {
    for (const runtime::Listener& listener : bind.listeners) {
      for (const runtime::Route& route : listener.routes) {
        if (route.key == id) return {&bind, &listener, &route};
      }
    }
  }
  return {};
}

FoundRoute first_mcp_route(const runtime::Snapshot& snapshot) {
  for (const runtime::Bind& bind : snapshot.binds) {
    for (const runtime::Listener& listener : bind.listeners) {
      for (const runtime::Route& route : listener.routes) {
        if (kind_of(&route) == "mcp") return {&bind, &listener, &route};
      }
    }
  }
  return {};
}

WrittenRoute written_route(const config::File& file, const FoundRoute& found) {
  for (const auto& bind : file.binds) {
    if (bind->port != found.bind->port) continue;
    const config::Listener& listener = *bind->listeners.at(found.listener->index);
    const auto index = static_cast<std::size_t>(found.route - found.listener->routes.data());
    return {&listener, &*listener.routes.at(index)};
  }
  return {};
}

}  // namespace admin

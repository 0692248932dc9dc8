#include "admin/recorded.h"

#include <algorithm>
#include <charconv>

namespace admin {
namespace {

std::size_t bytes_of(const gateway::Sighting& seen) {
  std::size_t bytes = 0;
  if (seen.caller.claims()) bytes += seen.caller.claims()->root().raw().size();
  if (seen.caller.api_key()) bytes += seen.caller.api_key()->metadata().raw().size();
  if (seen.arguments) bytes += seen.arguments->json.size();
  return bytes;
}

void add(json::Writer& writer, std::string_view name, std::string_view text) {
  if (!text.empty()) writer.name(name).string(text);
}

void write_source(json::Writer& writer, const std::string& source) {
  const std::size_t colon = source.rfind(':');
  if (colon == std::string::npos) return;
  writer.name("source").begin_object();
  writer.name("address").string(std::string_view(source).substr(0, colon));
  std::uint16_t port = 0;
  std::from_chars(source.data() + colon + 1, source.data() + source.size(), port);
  writer.name("port").integer_unsigned(port).end_object();
}

mcp::Subject::Kind kind_of(std::string_view kind) {
  if (kind == "tool") return mcp::Subject::Kind::tool;
  return kind == "prompt" ? mcp::Subject::Kind::prompt : mcp::Subject::Kind::resource;
}

// Clients of several targets say it with the target's name.
std::string own_name(const gateway::Sighting& seen, const runtime::Snapshot& snapshot) {
  for (const runtime::Bind& bind : snapshot.binds) {
    for (const runtime::Listener& listener : bind.listeners) {
      if (listener.name != seen.listener) continue;
      for (const runtime::Route& route : listener.routes) {
        const auto* backend = std::get_if<runtime::McpBackend>(&route.backend);
        if (route.name != seen.route || backend == nullptr || !backend->target->naming) continue;
        const auto place = backend->target->naming->resolve(kind_of(seen.kind), seen.name);
        if (place) return std::string(place->name.text());
      }
    }
  }
  return seen.name;
}

void write_mcp(json::Writer& writer, const gateway::Sighting& seen, std::string_view name) {
  writer.name("mcp").begin_object();
  add(writer, "methodName", seen.mcp_method);
  add(writer, "sessionId", seen.session);
  if (!seen.kind.empty()) {
    writer.name(seen.kind).begin_object().name("name").string(name);
    add(writer, "target", seen.target);
    if (seen.arguments) writer.name("arguments").raw(seen.arguments->json);
    writer.end_object();
  }
  writer.end_object();
}

}  // namespace

void Recorded::add(std::string id, gateway::Sighting sighting) {
  bytes_ += bytes_of(sighting);
  kept_.push_back({std::move(id), std::make_shared<gateway::Sighting>(std::move(sighting))});
  while (kept_.size() > kept_max || (bytes_ > kept_bytes_max && !kept_.empty())) {
    bytes_ -= bytes_of(*kept_.front().sighting);
    kept_.pop_front();
  }
}

std::shared_ptr<const gateway::Sighting> Recorded::find(std::string_view id) const {
  const auto found =
      std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.id == id; });
  return found == kept_.end() ? nullptr : found->sighting;
}

void Recorded::forget_arguments() {
  for (Kept& kept : kept_) {
    if (!kept.sighting->arguments) continue;
    bytes_ -= kept.sighting->arguments->json.size();
    kept.sighting->arguments.reset();
  }
}

void Recorded::clear() {
  kept_.clear();
  bytes_ = 0;
}

void write_data(json::Writer& writer, const gateway::Sighting& seen,
                const runtime::Snapshot& snapshot) {
  // Null for who has shown none, as rules find it.
  const auto& claims = seen.caller.claims();
  const auto& key = seen.caller.api_key();
  writer.begin_object().name("jwt").value(claims ? claims->root() : json::Value());
  writer.name("apiKey").value(key ? key->metadata() : json::Value());
  if (const auto& user = seen.caller.user()) {
    writer.name("basicAuth").begin_object().name("username").string(user->name()).end_object();
  }
  writer.name("request").begin_object();
  add(writer, "method", seen.http_method);
  add(writer, "path", seen.path);
  add(writer, "host", seen.host);
  writer.end_object();
  write_source(writer, seen.source);
  write_mcp(writer, seen, own_name(seen, snapshot));
  writer.end_object();
}

}  // namespace admin

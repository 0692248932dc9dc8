#include "gateway/session_state.h"

#include "json/write.h"

namespace gateway {

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

namespace {

// Icons, say, would be too much, and no server needs them.
void write_client(json::Writer& out, json::Value client) {
  out.begin_object();
  for (const char* name : {"name", "title", "version"}) {
    const auto said = client.find(name);
    if (said) out.name(name).value(*said);
  }
  out.end_object();
}

}  // namespace

std::optional<SessionState> SessionState::from(WallTime now, mcp::Revision revision,
                                               json::Value initialize_params,
                                               std::string_view server) {
  const auto version = initialize_params.find_string("protocolVersion");
  const auto capabilities = initialize_params.find("capabilities");
  const auto client = initialize_params.find("clientInfo");
  if (!version || !capabilities || !client) return std::nullopt;
  json::Writer out;
  out.begin_object().name("begun").integer(seconds_of(now));
  out.name("revision").string(mcp::text_of(revision));
  out.name("params").begin_object();
  out.name("protocolVersion").string(*version);
  out.name("capabilities").value(*capabilities);
  write_client(out.name("clientInfo"), *client);
  out.end_object();
  out.name("server").raw(server);
  return read(out.end_object().take());
}

std::optional<SessionState> SessionState::read(std::string text) {
  if (text.size() > bytes_max) return std::nullopt;
  auto document = json::Document::parse(std::move(text));
  if (!document) return std::nullopt;
  const json::Value root = document->root();
  const auto begun = root.find("begun");
  const auto seconds = begun ? begun->as_int() : std::nullopt;
  const auto revision = mcp::read_revision(root.find_string("revision").value_or(""));
  if (!seconds || !revision || !root.find("params") || !root.find("server")) return std::nullopt;
  return SessionState(std::move(*document), *seconds, *revision);
}

}  // namespace gateway

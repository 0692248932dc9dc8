#include "mcp/era.h"

#include <array>

#include "json/write.h"

namespace mcp {
namespace {

constexpr std::array<std::string_view, 5> texts = {"2024-11-05", "2025-03-26", "2025-06-18",
                                                   "2025-11-25", "2026-07-28"};
constexpr std::string_view meta_version = "io.modelcontextprotocol/protocolVersion";

bool names_revision(const Message& message) {
  const std::optional<json::Value> meta = message.params().find("_meta");
  return meta && meta->find(meta_version);
}

}  // namespace

std::string_view text_of(Revision revision) {
  return texts[static_cast<std::size_t>(revision)];
}

std::optional<Revision> read_revision(std::string_view text) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i] == text) return static_cast<Revision>(i);
  }
  return std::nullopt;
}

Era era_of(Revision revision) {
  return revision == Revision::v2026_07_28 ? Era::modern : Era::legacy;
}

std::string supported_revisions() {
  json::Writer out;
  out.begin_array();
  for (const std::string_view text : texts) out.string(text);
  return out.end_array().take();
}

Revision negotiate(std::string_view requested) {
  const std::optional<Revision> revision = read_revision(requested);
  return revision && era_of(*revision) == Era::legacy ? *revision : latest_legacy;
}

Era era_of_message(const Message& message, std::span<const std::string_view> version_headers,
                   bool names_session) {
  if (message.is_response()) return Era::legacy;
  if (names_revision(message)) return Era::modern;
  if (message.method() == "initialize" || names_session) return Era::legacy;
  for (const std::string_view header : version_headers) {
    const std::optional<Revision> revision = read_revision(header);
    if (revision && era_of(*revision) == Era::modern) return Era::modern;
  }
  return Era::legacy;
}

std::string VersionFault::data() const {
  json::Writer out;
  out.begin_object().name("supported").raw(supported_revisions());
  out.name("requested").string(requested_);
  return out.end_object().take();
}

tl::expected<Revision, VersionFault> revision_of_request(
    std::span<const std::string_view> version_headers, Revision of_session) {
  if (version_headers.empty()) return of_session;
  const std::string_view header = version_headers.front();
  if (version_headers.size() > 1) {
    return tl::unexpected(
        VersionFault("MCP-Protocol-Version was sent more than once", std::string(header)));
  }
  const std::optional<Revision> revision = read_revision(header);
  if (!revision || era_of(*revision) != Era::legacy) {
    return tl::unexpected(VersionFault("Unsupported protocol version", std::string(header)));
  }
  return of_session;
}

}  // namespace mcp

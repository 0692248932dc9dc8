#pragma once
// Revisions of the protocol, the era each belongs to, and how one is chosen. Legacy revisions open
// a session with initialize; the modern one has no sessions and says its revision in every request.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "mcp/message.h"

namespace mcp {

enum class Revision { v2024_11_05, v2025_03_26, v2025_06_18, v2025_11_25, v2026_07_28 };
enum class Era { legacy, modern };

inline constexpr Revision latest_legacy = Revision::v2025_11_25;
// What a client without the MCP-Protocol-Version header speaks (2025-06-18 and later, transports).
inline constexpr Revision assumed_without_header = Revision::v2025_03_26;

std::string_view text_of(Revision revision);
std::optional<Revision> read_revision(std::string_view text);
Era era_of(Revision revision);
// JSON array of the revisions that this gateway serves, for `supported` in -32022.
std::string supported_revisions();

// The revision a legacy session is opened with: the one asked for if it is a legacy revision that
// we know, else the latest legacy one (2025-11-25, lifecycle: the server answers with another it
// supports).
Revision negotiate(std::string_view requested);

// The era of a client's message: modern if params._meta names a protocolVersion, or if the header
// names a modern revision and no session is named; else legacy. `initialize` without such a _meta
// is legacy.
Era era_of_message(const Message& message, std::span<const std::string_view> version_headers,
                   bool names_session);

// The revision of a legacy request on an open session from its MCP-Protocol-Version headers. None:
// the session's. One that we know and that is legacy: the session's, too, since it was agreed on.
// Several, unknown or modern: -32022 (HTTP 400) with data {supported, requested}.
class VersionFault {
 public:
  VersionFault(std::string why, std::string requested)
      : why_(std::move(why)), requested_(std::move(requested)) {}
  const std::string& why() const { return why_; }
  // The error's `data` as JSON text.
  std::string data() const;

 private:
  std::string why_;
  std::string requested_;
};
tl::expected<Revision, VersionFault> revision_of_request(
    std::span<const std::string_view> version_headers, Revision of_session);

}  // namespace mcp

#pragma once
// A REST service as an MCP server: each operation of its OpenAPI document (3.0 or 3.1, in JSON) is
// a tool, and a call of the tool is a request to the service. The service itself knows nothing of
// MCP; only tools are offered.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/uri.h"
#include "upstream/streamable_http.h"

namespace upstream {

struct OpenApiSettings {
  HttpSettings http;                // its path and era are of no meaning here
  std::optional<std::string> path;  // before every operation's; nothing: what the document says
  std::string document;             // JSON text; empty: it is at `address`
  std::optional<Uri> address;
};

// Whether the text is a document of at least one operation that can be offered and, if it has to
// say the path before every operation's, says one. Says why not.
Result<> check_openapi(std::string_view text, bool needs_path);

// The log's sink must outlive the target and every session of it.
std::unique_ptr<Target> make_openapi_target(mcp::TargetName name, OpenApiSettings settings,
                                            const Log& log,
                                            std::shared_ptr<Vitals> vitals = nullptr);

}  // namespace upstream

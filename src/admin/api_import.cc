// The servers of an MCP client as a configuration, for those who paste its file.

#include "admin/api.h"
#include "admin/words.h"
#include "config/client_import.h"

namespace admin {

Task<http::Response> Api::import(Call& call) {
  const auto text = call.find_string("text");
  if (!text) co_return error_response(400, "bad_request", "`text` is missing");
  const auto client = config::client_named(call.find_string("from").value_or("auto"));
  if (!client) {
    co_return error_response(400, "bad_request",
                             "`from` is auto, claude-desktop, claude-code, vscode or cursor");
  }
  const config::ClientFile file{"mcp.json", std::string(*text)};
  const config::Imported imported = config::import_servers(std::span(&file, 1), *client);
  json::Writer writer;
  writer.begin_object().name("yaml").string(imported.yaml);
  writer.name("findings").begin_array();
  for (const config::Finding& finding : imported.findings) {
    writer.begin_object().name("severity").string(name_of(finding.weight));
    writer.name("path").string(finding.path);
    writer.name("message").string(finding.message).end_object();
  }
  writer.end_array().end_object();
  co_return json_response(200, writer);
}

}  // namespace admin

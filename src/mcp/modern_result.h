#pragma once
// Results of the stateless revision (2026-07-28), made of what a server of the session-based
// revisions answered. All are JSON texts of objects.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace mcp {

// The final result: with resultType, with the cache fields where the revision demands them (never
// for others than this caller), without what the revision has no place for. `server_info` is the
// server's own, JSON text; empty: none is said.
std::string complete_result(std::string_view method, json::Value result,
                            std::string_view server_info);

// The protocol's own name for that in `_meta`.
inline constexpr std::string_view meta_server = "io.modelcontextprotocol/serverInfo";

// What server/discover answers, from the server's answer to initialize. Capabilities of `hidden`
// are left out, and the tasks extension unless the server `has_tasks`.
std::string discover_result(json::Value initialized, std::span<const std::string_view> hidden,
                            bool has_tasks = false);

// A question of the server, as the client gets it.
struct InputRequest {
  std::string key;
  std::string method;
  std::string params;  // JSON text of an object
};
// The key that a server of this revision gave a question, which rides in the question's `_meta`
// from the server's side of the gateway to the client's. `params` are JSON text of an object.
std::string with_input_key(std::string_view params, std::string_view key);
// Nothing if there is none that could be one.
std::optional<std::string> input_key(json::Value params);

// The params of a question without that, and without what the revision has no place for.
std::string question_params(json::Value params);
// The questions of an error that says which addresses the user has to visit first (2025-11-25,
// elicitation); none if it says none.
std::vector<InputRequest> required_visits(json::Value error);
std::string input_required_result(std::span<const InputRequest> requests, std::string_view state,
                                  std::string_view server_info);

}  // namespace mcp

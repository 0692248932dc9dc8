#pragma once
// Questions to gateway::Explainer as the API and the command line ask them, and its answers as
// JSON.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/model.h"
#include "config/file.h"
#include "gateway/explain.h"
#include "json/value.h"
#include "json/write.h"
#include "upstream/site.h"

namespace admin {

// What is asked. The names of things without their targets, unless all are meant.
struct ExplainQuestion {
  std::optional<std::string> route;  // its id
  std::vector<gateway::Asker> askers;
  std::map<std::size_t, std::string> recorded;  // of an asker's place, the request it has made
  bool is_about_all = false;
  std::vector<std::string> tools;
  std::vector<std::string> prompts;
  std::vector<std::string> resources;
  std::optional<std::string> arguments;  // a JSON object
  bool has_details = false;
  std::optional<std::string> draft;  // the text of a configuration that does not run

  // Fault::bad_request with what is wrong.
  static Result<ExplainQuestion> read(json::Value body);
};

// What there is to be asked about, and the targets that did not say.
struct Things {
  std::vector<gateway::Thing> things;
  std::vector<std::pair<std::string, std::string>> errors;  // target and reason
};

// Asks the servers of the route.
Task<Things> list_things(std::shared_ptr<upstream::Site> site, const runtime::Route& route,
                         Deadline deadline);
// The things that the question names, at the targets of the route.
std::vector<gateway::Thing> named_things(const ExplainQuestion& question,
                                         const runtime::Route& route);
// What clients call it: with several targets, its own name and the target's.
std::string exposed_name(const runtime::Route& route, const gateway::Thing& thing);
// Those of the recorded call, if the one thing that is asked about is what that call was about and
// they are those that the rules saw: others would be a lie.
std::optional<std::string> recorded_arguments(const ExplainQuestion& question,
                                              const runtime::Route& route,
                                              const std::vector<gateway::Thing>& things);
// Without its things.
Result<gateway::Inquiry> inquiry_of(const ExplainQuestion& question, const FoundRoute& found,
                                    const config::File& file, std::uint16_t port);

// What an answer is written from; all must live as long as that takes.
struct Explained {
  std::string revision;  // or "draft"
  const config::File& file;
  const FoundRoute& found;
  const gateway::Inquiry& inquiry;
  const std::vector<gateway::AskerFinding>& findings;
  const std::vector<std::pair<std::string, std::string>>& target_errors;
};
void write_explanation(json::Writer& writer, const Explained& explained);

// "true", "false", "error".
std::string_view name_of(cel::Truth truth);
std::string_view name_of(policy::McpSubject::Kind kind);

}  // namespace admin

#include "admin/explanation.h"

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/text.h"
#include "base/uri.h"
#include "gateway/inventory.h"

namespace admin {
namespace {

constexpr std::size_t askers_max = 100;
constexpr std::size_t names_max = 1'000;

Result<std::vector<std::string>> read_names(json::Value from, std::string_view member) {
  std::vector<std::string> names;
  const auto list = from.find(member);
  if (!list) return names;
  if (!list->is_array() || list->size() > names_max) {
    return failed(Fault::bad_request, "`" + std::string(member) + "` is a list of at most 1000");
  }
  for (const json::Value name : list->elements()) {
    if (!name.is_string()) return failed(Fault::bad_request, "a name is a string");
    names.emplace_back(*name.as_string());
  }
  return names;
}

// Something else than a text must not be read as none: the answer would be about somebody else.
Result<std::optional<std::string>> read_text(json::Value from, std::string_view member) {
  const auto value = from.find(member);
  if (!value || value->is_null()) return std::optional<std::string>();
  const auto text = value->as_string();
  if (!text) return failed(Fault::bad_request, "`" + std::string(member) + "` is a string");
  return std::optional(std::string(*text));
}

Result<> check_members_of_asker(json::Value from) {
  constexpr std::array<std::string_view, 5> known = {"name", "token", "claims", "headers",
                                                     "traffic"};
  for (const json::Member& member : from.members()) {
    if (std::find(known.begin(), known.end(), member.name) == known.end()) {
      return failed(Fault::bad_request,
                    "an identity has no `" + base::printable(member.name, 64) + "`");
    }
  }
  return {};
}

Result<> read_headers(gateway::Asker& asker, json::Value from) {
  const auto headers = from.find("headers");
  if (!headers || headers->is_null()) return {};
  if (!headers->is_object()) return failed(Fault::bad_request, "`headers` are an object");
  for (const json::Member& header : headers->members()) {
    if (!header.value.is_string()) return failed(Fault::bad_request, "a header is a string");
    asker.headers.emplace_back(header.name, *header.value.as_string());
  }
  return {};
}

Result<gateway::Asker> read_asker(json::Value from) {
  gateway::Asker asker;
  const auto name = from.find_string("name");
  if (!name) return failed(Fault::bad_request, "an identity has a `name`");
  asker.name = std::string(*name);
  TRY(check_members_of_asker(from));
  TRY(asker.token, read_text(from, "token"));
  if (asker.token) asker.token = std::string(base::trim(*asker.token));
  if (const auto claims = from.find("claims"); claims && !claims->is_null()) {
    if (!claims->is_object()) return failed(Fault::bad_request, "`claims` are an object");
    asker.claims = std::string(claims->raw());
  }
  TRY(read_headers(asker, from));
  return asker;
}

Result<> read_askers(ExplainQuestion& question, json::Value body) {
  const auto identities = body.find("identities");
  if (!identities) return {};
  if (!identities->is_array()) return failed(Fault::bad_request, "`identities` are a list");
  if (identities->size() > askers_max) {
    return failed(Fault::bad_request, "at most 100 identities are asked about at once");
  }
  for (const json::Value identity : identities->elements()) {
    TRY(gateway::Asker asker, read_asker(identity));
    TRY(const std::optional<std::string> id, read_text(identity, "traffic"));
    if (id && (asker.token || asker.claims || !asker.headers.empty())) {
      return failed(Fault::bad_request, "of a recorded request the caller is known");
    }
    if (id) question.recorded[question.askers.size()] = *id;
    question.askers.push_back(std::move(asker));
  }
  return {};
}

Result<> read_resources(ExplainQuestion& question, json::Value body) {
  const auto wanted = body.find("resources");
  if (!wanted || wanted->as_string() == "all") {
    question.is_about_all = true;
    return {};
  }
  if (!wanted->is_object()) {
    return failed(Fault::bad_request, "`resources` is \"all\" or an object of lists");
  }
  TRY(question.tools, read_names(*wanted, "tools"));
  TRY(question.prompts, read_names(*wanted, "prompts"));
  TRY(question.resources, read_names(*wanted, "resources"));
  return {};
}

// The servers behind a route, each by itself.
std::vector<const runtime::TargetEntry*> targets_of(const runtime::Route& route) {
  std::vector<const runtime::TargetEntry*> targets;
  const auto* mcp = std::get_if<runtime::McpBackend>(&route.backend);
  if (mcp == nullptr) return targets;
  for (const auto& part : mcp->target->parts) targets.push_back(part.get());
  if (targets.empty()) targets.push_back(mcp->target.get());
  return targets;
}

mcp::Subject::Kind kind_of(policy::McpSubject::Kind kind) {
  switch (kind) {
    case policy::McpSubject::Kind::prompt:
      return mcp::Subject::Kind::prompt;
    case policy::McpSubject::Kind::resource:
      return mcp::Subject::Kind::resource;
    default:
      return mcp::Subject::Kind::tool;
  }
}

// A name as clients say it, or a server's own, which may be that of several.
void add_named(std::vector<gateway::Thing>& things, const runtime::Route& route,
               policy::McpSubject::Kind kind, const std::string& name) {
  const auto* backend = std::get_if<runtime::McpBackend>(&route.backend);
  if (backend != nullptr && backend->target->naming) {
    const auto place = backend->target->naming->resolve(kind_of(kind), name);
    if (place) {
      things.emplace_back(kind, std::string(place->name.text()),
                          std::string(backend->target->naming->target(place->target).text()));
      return;
    }
  }
  for (const runtime::TargetEntry* target : targets_of(route)) {
    things.emplace_back(kind, name, target->target->name().text());
  }
}

// A part of a token that nobody has verified, as JSON; nothing if it is none.
std::optional<std::string> decoded(std::string_view token, std::size_t part) {
  const auto parts = base::split(token, '.');
  if (parts.size() != 3) return std::nullopt;
  auto text = base::base64url_decode(parts[part]);
  if (!text) return std::nullopt;
  auto document = json::Document::parse(std::move(*text));
  if (!document || !document->root().is_object()) return std::nullopt;
  return std::string(document->root().raw());
}

void write_json_or_null(json::Writer& writer, const std::optional<std::string>& json) {
  if (json) {
    writer.raw(*json);
  } else {
    writer.null();
  }
}

void write_text_or_null(json::Writer& writer, const std::optional<std::string>& text) {
  if (text) {
    writer.string(*text);
  } else {
    writer.null();
  }
}

// The policies of the found route as they are written, and how the file calls the place.
struct RulePlace {
  const policy::RouteSettings* policies = nullptr;
  std::string path;
};

RulePlace place_of_rules(const config::File& file, const FoundRoute& found) {
  for (std::size_t i = 0; i < file.binds.size(); ++i) {
    if (file.binds[i]->port != found.bind->port) continue;
    const auto route = static_cast<std::size_t>(found.route - found.listener->routes.data());
    const config::Listener& listener = *file.binds[i]->listeners.at(found.listener->index);
    return {&listener.routes.at(route)->policies, "binds[" + std::to_string(i) + "].listeners[" +
                                                      std::to_string(found.listener->index) +
                                                      "].routes[" + std::to_string(route) + "]"};
  }
  if (file.mcp) return {&(*file.mcp)->policies, "mcp"};
  return {};
}

void write_rules(json::Writer& writer, const Explained& explained) {
  writer.name("rules").begin_array();
  const RulePlace place = place_of_rules(explained.file, explained.found);
  if (place.policies != nullptr && place.policies->mcp_authorization) {
    const auto& rules = (*place.policies->mcp_authorization)->rules;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const schema::Located<std::string>& expression = rules[i].expression();
      writer.begin_object().name("index").integer_unsigned(i);
      writer.name("mode").string(cel::name_of(rules[i].mode()));
      writer.name("expression").string(*expression);
      writer.name("path").string(place.path + ".policies.mcpAuthorization.rules[" +
                                 std::to_string(i) + "]");
      writer.name("line").integer_unsigned(expression.place.at().line);
      writer.name("column").integer_unsigned(expression.place.at().column);
      writer.end_object();
    }
  }
  writer.end_array();
}

void write_identity(json::Writer& writer, const gateway::Asker& asker,
                    const gateway::AskerFinding& finding) {
  writer.begin_object().name("name").string(asker.name);
  writer.name("kind").string(asker.seen              ? "recorded"
                             : asker.claims          ? "claims"
                             : asker.token           ? "token"
                             : asker.headers.empty() ? "anonymous"
                                                     : "headers");
  writer.name("accepted").boolean(finding.is_accepted).name("status");
  if (finding.is_accepted) {
    writer.null();
  } else {
    writer.integer(finding.status);
  }
  writer.name("reason");
  write_text_or_null(writer, finding.reason.empty() ? std::nullopt : std::optional(finding.reason));
  writer.name("subject");
  write_text_or_null(writer, finding.subject);
  writer.name("issuer");
  write_text_or_null(writer, finding.issuer.empty() ? std::nullopt : std::optional(finding.issuer));
  std::optional<std::string> claims;
  if (!finding.claims.empty()) claims = finding.claims;
  if (!claims && asker.token) claims = decoded(*asker.token, 1);
  writer.name("claims");
  write_json_or_null(writer, claims);
  writer.name("header");
  write_json_or_null(writer, asker.token ? decoded(*asker.token, 0) : std::nullopt);
  writer.end_object();
}

void write_steps(json::Writer& writer, const std::vector<cel::Step>& steps,
                 std::string_view source) {
  writer.name("steps").begin_array();
  for (const cel::Step& step : steps) {
    writer.begin_object().name("begin").integer_unsigned(step.begin);
    writer.name("end").integer_unsigned(step.end).name("depth").integer_unsigned(step.depth);
    writer.name("text").string(source.substr(step.begin, step.end - step.begin));
    writer.name("result").string(step.result).name("isError").boolean(step.is_error);
    writer.name("isEvaluated").boolean(step.is_evaluated).end_object();
  }
  writer.end_array();
}

void write_nearest(json::Writer& writer, const gateway::CellFinding& cell) {
  writer.name("nearest");
  if (!cell.nearest_rule) {
    writer.null();
    return;
  }
  writer.begin_object().name("rule").integer_unsigned(*cell.nearest_rule);
  writer.name("missing").begin_array();
  for (const gateway::Lack& lack : cell.lacks) {
    writer.begin_object().name("what").string(lack.what).name("wants").string(lack.wants);
    writer.name("has");
    write_text_or_null(writer, lack.has);
    writer.end_object();
  }
  writer.end_array().end_object();
}

void write_details(json::Writer& writer, const gateway::CellFinding& cell,
                   const cel::RuleSet* rules) {
  writer.name("rules").begin_array();
  for (const gateway::RuleFinding& rule : cell.rules) {
    writer.begin_object().name("index").integer_unsigned(rule.rule);
    writer.name("outcome").string(name_of(rule.outcome));
    writer.name("message").string(rule.message);
    write_steps(writer, rule.steps, rules->rule(rule.rule).source);
    writer.end_object();
  }
  writer.end_array();
  write_nearest(writer, cell);
}

void write_cell(json::Writer& writer, const gateway::CellFinding& cell, bool has_details,
                const cel::RuleSet* rules) {
  writer.begin_object().name("decision").string(cell.is_allowed() ? "allow" : "deny");
  writer.name("reason").string(cell.is_refused ? "refused" : cel::name_of(cell.decision.reason));
  writer.name("rule");
  if (cell.is_refused || cell.decision.rule == cel::Decision::no_rule) {
    writer.null();
  } else {
    writer.integer_unsigned(cell.decision.rule);
  }
  writer.name("isUndecided").boolean(cell.decision.is_undecided);
  writer.name("outcomes").begin_array();
  for (const cel::Truth outcome : cell.outcomes) writer.string(name_of(outcome));
  writer.end_array();
  if (has_details) write_details(writer, cell, rules);
  writer.end_object();
}

}  // namespace

std::string_view name_of(cel::Truth truth) {
  if (truth == cel::Truth::yes) return "true";
  return truth == cel::Truth::no ? "false" : "error";
}

std::string_view name_of(policy::McpSubject::Kind kind) {
  switch (kind) {
    case policy::McpSubject::Kind::prompt:
      return "prompt";
    case policy::McpSubject::Kind::resource:
      return "resource";
    default:
      return "tool";
  }
}

Result<ExplainQuestion> ExplainQuestion::read(json::Value body) {
  ExplainQuestion question;
  TRY(question.route, read_text(body, "route"));
  TRY(read_askers(question, body));
  TRY(read_resources(question, body));
  if (const auto arguments = body.find("arguments"); arguments && !arguments->is_null()) {
    if (!arguments->is_object()) return failed(Fault::bad_request, "`arguments` are an object");
    question.arguments = std::string(arguments->raw());
  }
  const auto details = body.find("details");
  question.has_details = details && details->as_bool().value_or(false);
  TRY(question.draft, read_text(body, "config"));
  return question;
}

Task<Things> list_things(std::shared_ptr<upstream::Site> site, const runtime::Route& route,
                         Deadline deadline) {
  Things things;
  for (const runtime::TargetEntry* entry : targets_of(route)) {
    auto found = co_await gateway::take_inventory(site, *entry->target, deadline);
    if (found) {
      things.things.insert(things.things.end(), found->begin(), found->end());
    } else {
      things.errors.emplace_back(entry->target->name().text(), found.error().why());
    }
  }
  co_return things;
}

std::string exposed_name(const runtime::Route& route, const gateway::Thing& thing) {
  const auto* backend = std::get_if<runtime::McpBackend>(&route.backend);
  if (backend == nullptr || !backend->target->naming) return thing.name;
  const mcp::Naming& naming = *backend->target->naming;
  for (std::size_t i = 0; i < naming.size(); ++i) {
    if (naming.target(i).text() == thing.target) {
      return naming.exposed(kind_of(thing.kind), i, thing.name);
    }
  }
  return thing.name;
}

std::vector<gateway::Thing> named_things(const ExplainQuestion& question,
                                         const runtime::Route& route) {
  using Kind = policy::McpSubject::Kind;
  std::vector<gateway::Thing> things;
  for (const auto& name : question.tools) add_named(things, route, Kind::tool, name);
  for (const auto& name : question.prompts) add_named(things, route, Kind::prompt, name);
  for (const auto& name : question.resources) add_named(things, route, Kind::resource, name);
  return things;
}

std::optional<std::string> recorded_arguments(const ExplainQuestion& question,
                                              const runtime::Route& route,
                                              const std::vector<gateway::Thing>& things) {
  // One call's, of one thing: they say nothing about others.
  if (question.askers.size() != 1 || things.size() != 1) return std::nullopt;
  const auto& seen = question.askers.front().seen;
  if (!seen || !seen->arguments || !seen->arguments->is_whole()) return std::nullopt;
  const gateway::Thing& thing = things.front();
  const bool is_that = name_of(thing.kind) == seen->kind && thing.target == seen->target &&
                       exposed_name(route, thing) == seen->name;
  return is_that ? std::optional(seen->arguments->json) : std::nullopt;
}

Result<gateway::Inquiry> inquiry_of(const ExplainQuestion& question, const FoundRoute& found,
                                    const config::File& file, std::uint16_t port) {
  gateway::Inquiry inquiry;
  inquiry.bind = found.bind;
  inquiry.listener = found.listener;
  inquiry.route = found.route;
  const WrittenRoute written = written_route(file, found);
  TRY(const Uri uri, Uri::parse(endpoint_of(written.listener, written.route, true, port)));
  inquiry.authority = uri.authority().text();
  inquiry.path = uri.target();
  inquiry.askers = question.askers;
  inquiry.has_details = question.has_details;
  if (question.arguments) {
    TRY(json::Document arguments, json::Document::parse(*question.arguments));
    if (!arguments.root().is_object()) {
      return failed(Fault::bad_request, "arguments are a JSON object");
    }
    inquiry.arguments.emplace(std::move(arguments));
  }
  return inquiry;
}

void write_explanation(json::Writer& writer, const Explained& explained) {
  const gateway::Inquiry& inquiry = explained.inquiry;
  const auto* mcp = std::get_if<runtime::McpBackend>(&inquiry.route->backend);
  const cel::RuleSet* rules = mcp != nullptr ? mcp->rules.rules() : nullptr;
  writer.begin_object().name("revision").string(explained.revision);
  writer.name("route").begin_object().name("id").string(inquiry.route->key);
  writer.name("name").string(inquiry.route->name);
  writer.name("listener").string(inquiry.listener->name);
  writer.name("port").integer_unsigned(inquiry.bind->port).end_object();
  write_rules(writer, explained);
  writer.name("subjects").begin_array();
  for (const gateway::Thing& thing : inquiry.things) {
    writer.begin_object().name("kind").string(name_of(thing.kind));
    writer.name("name").string(thing.name).name("target").string(thing.target);
    writer.name("exposedName").string(exposed_name(*inquiry.route, thing));
    writer.name("description").string(thing.description).end_object();
  }
  writer.end_array().name("targetErrors").begin_array();
  for (const auto& [target, message] : explained.target_errors) {
    writer.begin_object().name("target").string(target).name("message").string(message);
    writer.end_object();
  }
  writer.end_array().name("identities").begin_array();
  for (std::size_t i = 0; i < inquiry.askers.size(); ++i) {
    write_identity(writer, inquiry.askers[i], explained.findings.at(i));
  }
  writer.end_array().name("cells").begin_array();
  for (const gateway::AskerFinding& finding : explained.findings) {
    writer.begin_array();
    for (const gateway::CellFinding& cell : finding.cells) {
      write_cell(writer, cell, inquiry.has_details, rules);
    }
    writer.end_array();
  }
  writer.end_array().end_object();
}

}  // namespace admin

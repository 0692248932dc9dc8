// Who may use what: POST /api/v1/authz/explain.

#include <algorithm>

#include "admin/api.h"
#include "admin/words.h"

namespace admin {
namespace {

constexpr auto listed_within = std::chrono::seconds(30);
// A page that asks about one identity after the other starts no server for each.
constexpr auto listed_for = std::chrono::seconds(15);

}  // namespace

// Puts the requests in place of their ids. Whether they are all known.
bool Api::take_recorded(ExplainQuestion& question) const {
  for (const auto& [place, id] : question.recorded) {
    gateway::Asker& asker = question.askers.at(place);
    asker.seen = feed_.recorded().find(id);
    if (!asker.seen) return false;
  }
  return true;
}

Task<http::Response> Api::explain(Call& call) {
  auto question = ExplainQuestion::read(call.body->root());
  if (!question) co_return error_response(400, "bad_request", question.error().why());
  if (!take_recorded(*question)) {
    co_return error_response(404, "not_recorded", "this request is not kept any more");
  }
  const Running& running = stage_.running;
  if (!question->draft) {
    const config::File file = running.file();  // a reload meanwhile does not change this answer
    co_return co_await explain_in(*question, file, running.snapshot(), running.revision().id);
  }
  const Draft draft = read_draft(*question->draft);
  if (!draft.snapshot) {
    json::Writer writer;
    writer.begin_object().name("error").begin_object();
    writer.name("code").string("invalid_config");
    writer.name("message").string("the draft is not valid").end_object();
    writer.name("problems");
    write_problems(writer, draft.problems, draft.text);
    writer.end_object();
    co_return json_response(422, writer);
  }
  co_return co_await explain_in(*question, draft.file, draft.snapshot, "draft");
}

Task<http::Response> Api::explain_in(const ExplainQuestion& question, const config::File& file,
                                     std::shared_ptr<const runtime::Snapshot> snapshot,
                                     std::string revision) {
  const FoundRoute found =
      question.route ? find_route(*snapshot, *question.route) : first_mcp_route(*snapshot);
  if (found.route == nullptr) {
    co_return question.route ? error_response(404, "not_found", "there is no such route")
                             : error_response(409, "no_mcp_route", "no route has an MCP backend");
  }
  const std::uint16_t port = stage_.running.actual_port(found.bind->port);
  auto inquiry = inquiry_of(question, found, file, port);
  if (!inquiry) co_return error_response(400, "bad_request", inquiry.error().why());
  Things things = co_await things_of(question, found);
  if (!question.arguments) {
    const auto recorded = recorded_arguments(question, *found.route, things.things);
    if (recorded) inquiry->arguments.emplace(json::Document::parse(*recorded).value());
  }
  inquiry->things = std::move(things.things);
  const auto findings = co_await explainer_.explain(*inquiry);
  json::Writer writer;
  write_explanation(writer,
                    Explained{std::move(revision), file, found, *inquiry, findings, things.errors});
  co_return json_response(200, writer);
}

// A draft must start nothing: its servers are asked only if they are those that run.
bool Api::may_ask_targets(const runtime::Route& route) const {
  const auto* mcp = std::get_if<runtime::McpBackend>(&route.backend);
  if (mcp == nullptr) return false;
  const Running& running = stage_.running;
  std::set<std::uint64_t> known = running.snapshot()->targets();
  for (const runtime::Bind& bind : running.snapshot()->binds) {
    for (const runtime::Listener& listener : bind.listeners) {
      for (const runtime::Route& each : listener.routes) {
        const auto* backend = std::get_if<runtime::McpBackend>(&each.backend);
        if (backend == nullptr) continue;
        for (const auto& part : backend->target->parts) known.insert(part->number);
      }
    }
  }
  if (mcp->target->parts.empty()) return known.contains(mcp->target->number);
  return std::all_of(mcp->target->parts.begin(), mcp->target->parts.end(),
                     [&](const auto& part) { return known.contains(part->number); });
}

Task<Things> Api::things_of(const ExplainQuestion& question, const FoundRoute& found) {
  Things things;
  if (!question.is_about_all) {
    things.things = named_things(question, *found.route);
    co_return things;
  }
  const auto* mcp = std::get_if<runtime::McpBackend>(&found.route->backend);
  if (mcp == nullptr) co_return things;
  const Instant now = stage_.loop.now();
  std::erase_if(listed_, [&](const auto& entry) { return now - entry.second.at > listed_for; });
  const std::uint64_t number = mcp->target->number;
  if (const auto known = listed_.find(number); known != listed_.end()) {
    co_return known->second.things;
  }
  if (!may_ask_targets(*found.route)) {
    things.errors.emplace_back(mcp->name,
                               "the draft's servers do not run: name what is to be asked about");
    co_return things;
  }
  const Deadline deadline = Deadline::in(now, listed_within);
  things = co_await list_things(site_, *found.route, deadline);
  if (things.errors.empty()) listed_[number] = Listed{stage_.loop.now(), things};
  co_return things;
}

}  // namespace admin

// What happens while the gateway serves: the stream of events, and how targets fare.

#include "admin/api.h"
#include "admin/target_view.h"
#include "admin/words.h"
#include "base/uri.h"

namespace admin {
namespace {

http::Response no_target() {
  return error_response(404, "not_found", "there is no such target");
}

}  // namespace

Task<http::Response> Api::tell_events(Call& call) {
  const std::string_view query = call.request.query();
  Topics topics = Topics::all();
  if (const auto wanted = query_value(query, "topics"); wanted && !wanted->empty()) {
    const auto parsed = Topics::parse(*wanted);
    if (!parsed) {
      co_return error_response(400, "bad_request",
                               "topics are config, targets, traffic and metrics");
    }
    topics = *parsed;
  }
  const auto header = call.request.headers.find("last-event-id");
  const std::string last = header ? std::string(*header) : query_value(query, "since").value_or("");
  auto response = feed_.follow(topics, last);
  if (!response) {
    co_return error_response(503, "unavailable",
                             "there are as many followers of events as there may be");
  }
  co_return std::move(*response);
}

// What is known of one request beside its event: no part of the stream, which many may read.
Task<http::Response> Api::tell_recorded(Call& call) {
  const std::shared_ptr<const gateway::Sighting> seen = feed_.recorded().find(call.names.front());
  if (!seen) co_return error_response(404, "not_recorded", "this request is not kept any more");
  json::Writer writer;
  writer.begin_object().name("id").string(call.names.front()).name("arguments");
  if (seen->arguments) {
    writer.begin_object().name("value").raw(seen->arguments->json);
    writer.name("isCut").boolean(seen->arguments->is_cut);
    writer.name("isRedacted").boolean(seen->arguments->is_redacted).end_object();
  } else {
    writer.null();
  }
  writer.name("data");
  write_data(writer, *seen, *stage_.running.snapshot());
  writer.end_object();
  co_return json_response(200, writer);
}

std::optional<ServedTarget> Api::find_target(const Call& call) const {
  for (ServedTarget& target : served_targets(*stage_.running.snapshot())) {
    if (id_of(*target.entry) == call.names.front()) return std::move(target);
  }
  return std::nullopt;
}

Task<http::Response> Api::tell_targets(Call&) {
  json::Writer writer;
  writer.begin_object().name("targets").begin_array();
  for (const ServedTarget& target : served_targets(*stage_.running.snapshot())) {
    write_target(writer, target);
  }
  writer.end_array().end_object();
  co_return json_response(200, writer);
}

Task<http::Response> Api::tell_target(Call& call) {
  const auto target = find_target(call);
  if (!target) co_return no_target();
  json::Writer writer;
  write_target(writer, *target);
  co_return json_response(200, writer);
}

Task<http::Response> Api::tell_stderr(Call& call) {
  const auto target = find_target(call);
  if (!target) co_return no_target();
  const upstream::Vitals::Tail tail = target->entry->vitals->tail();
  json::Writer writer;
  writer.begin_object().name("lines").begin_array();
  for (const upstream::Vitals::Line& line : tail.lines) {
    writer.begin_object().name("time").string(time_text(line.time));
    writer.name("pid").integer(line.pid).name("text").string(line.text).end_object();
  }
  writer.end_array();
  writer.name("dropped").integer_unsigned(tail.dropped).end_object();
  co_return json_response(200, writer);
}

Task<http::Response> Api::restart_target(Call& call) {
  const auto target = find_target(call);
  if (!target) co_return no_target();
  if (!target->entry->target->restart()) {
    co_return error_response(409, "not_restartable", "the target has no process of the gateway's");
  }
  json::Writer writer;
  writer.begin_object().end_object();
  co_return json_response(202, writer);
}

}  // namespace admin

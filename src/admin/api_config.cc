// Edits of the configuration: PUT and validate, and the revisions that ran.

#include <algorithm>
#include <fstream>
#include <iterator>

#include "admin/api.h"
#include "admin/config_edit.h"
#include "admin/model.h"
#include "admin/words.h"
#include "runtime/build.h"

namespace admin {
namespace {

// What the file holds at this moment, which nobody may have read yet.
std::optional<std::string> text_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// The tag of an If-Match field; `*` is none that we know.
std::string_view tag_in(std::string_view field) {
  const bool is_quoted = field.size() >= 2 && field.front() == '"' && field.back() == '"';
  return is_quoted ? field.substr(1, field.size() - 2) : field;
}

}  // namespace

Api::Draft Api::read_draft(std::string text) const {
  stage_.stores.targets.forget_unused();  // those of earlier drafts
  Draft draft;
  draft.text = yaml::Source{stage_.running.path.value_or("configuration"), std::move(text)};
  auto reading = schema::read_text<config::File>(draft.text, stage_.running.environment);
  runtime::Built built;
  if (!schema::has_errors(reading.problems)) built = runtime::build(reading.value, stage_.stores);
  schema::hide_lines(built.problems, reading.secret_lines);
  draft.problems = std::move(reading.problems);
  draft.problems.insert(draft.problems.end(), built.problems.begin(), built.problems.end());
  schema::sort(draft.problems);
  draft.file = std::move(reading.value);
  draft.snapshot = std::move(built.snapshot);
  return draft;
}

Task<http::Response> Api::validate_config(Call& call) {
  const auto text = call.find_string("text");
  if (!text) co_return error_response(400, "bad_request", "`text` is missing");
  const Draft draft = read_draft(std::string(*text));
  json::Writer writer;
  writer.begin_object().name("valid").boolean(draft.snapshot != nullptr);
  writer.name("problems");
  write_problems(writer, draft.problems, draft.text);
  writer.name("model");
  if (draft.snapshot) {
    Model(draft.text, draft.file, *draft.snapshot, stage_.running).write(writer);
  } else {
    writer.null();
  }
  writer.end_object();
  co_return json_response(200, writer);
}

Task<http::Response> Api::put_config(Call& call) {
  const auto text = call.find_string("text");
  if (!text) co_return error_response(400, "bad_request", "`text` is missing");
  co_return save(call.request, std::string(*text));
}

http::Response Api::save(const http::Request& request, std::string text) {
  if (!writing_.is_allowed) return error_response(403, "read_only", writing_.why_not);
  const auto match = request.headers.find("if-match");
  if (!match) {
    return error_response(428, "precondition_required",
                          "If-Match says which text is to be replaced");
  }
  const std::string& path = *stage_.running.path;
  const std::string now = text_of_file(path).value_or("");
  if (tag_in(*match) != revision_of(now)) {
    json::Writer writer;
    writer.begin_object().name("error").begin_object().name("code").string("precondition");
    writer.name("message").string("the file has changed meanwhile").end_object();
    writer.name("etag").string(revision_of(now)).name("text").string(now).end_object();
    return json_response(412, writer);
  }
  const Draft draft = read_draft(std::move(text));
  json::Writer writer;
  if (!draft.snapshot) {
    writer.begin_object().name("error").begin_object().name("code").string("invalid_config");
    writer.name("message").string("the configuration is not valid").end_object();
    writer.name("problems");
    write_problems(writer, draft.problems, draft.text);
    writer.end_object();
    return json_response(422, writer);
  }
  if (const Result<> written = replace_file(path, draft.text.text); !written) {
    return error_response(503, "unavailable", written.error().why());
  }
  stage_.log.info("configuration written",
                  {{"file", path}, {"revision", revision_of(draft.text.text)}});
  writer.begin_object().name("etag").string(revision_of(draft.text.text)).name("warnings");
  write_problems(writer, draft.problems, draft.text);
  writer.end_object();
  return json_response(200, writer);
}

Task<http::Response> Api::tell_history(Call&) {
  const std::deque<Revision>& history = stage_.running.history();
  json::Writer writer;
  writer.begin_object().name("revisions").begin_array();
  for (auto revision = history.rbegin(); revision != history.rend(); ++revision) {
    writer.begin_object().name("revision").string(revision->id);
    writer.name("since").string(time_text(revision->since));
    writer.name("bytes").integer_unsigned(revision->text.size());
    writer.name("isRunning").boolean(revision == history.rbegin()).end_object();
  }
  writer.end_array().end_object();
  co_return json_response(200, writer);
}

const Revision* Api::find_revision(std::string_view id) const {
  const std::deque<Revision>& history = stage_.running.history();
  const auto found = std::find_if(history.begin(), history.end(),
                                  [&](const Revision& revision) { return revision.id == id; });
  return found == history.end() ? nullptr : &*found;
}

Task<http::Response> Api::tell_revision(Call& call) {
  const Revision* revision = find_revision(call.names.front());
  if (revision == nullptr) co_return error_response(404, "not_found", "no such revision");
  json::Writer writer;
  writer.begin_object().name("revision").string(revision->id);
  writer.name("since").string(time_text(revision->since));
  writer.name("text").string(revision->text).end_object();
  co_return json_response(200, writer);
}

Task<http::Response> Api::restore_revision(Call& call) {
  const Revision* revision = find_revision(call.names.front());
  if (revision == nullptr) co_return error_response(404, "not_found", "no such revision");
  co_return save(call.request, revision->text);
}

}  // namespace admin

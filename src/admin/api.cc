#include "admin/api.h"

#include <unistd.h>

#include "admin/model.h"
#include "admin/settings_view.h"
#include "admin/words.h"
#include "base/text.h"
#include "base/uri.h"
#include "http/dialler.h"
#include "runtime/attributes.h"

namespace admin {
namespace {

constexpr std::size_t body_bytes_max = std::size_t{4} * 1024 * 1024;
constexpr auto body_within = std::chrono::seconds(30);
constexpr std::size_t segments_max = 16;
// What this build can do; the web interface leaves the rest out.
constexpr std::string_view capabilities[] = {"config.write", "config.history", "explain",
                                             "cel",          "playground",     "import",
                                             "events",       "targets"};

// Whether the path is that of the row, in which `*` stands for one segment.
bool is_match(const std::vector<std::string_view>& pattern,
              const std::vector<std::string_view>& path) {
  if (pattern.size() != path.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != "*" && pattern[i] != path[i]) return false;
  }
  return true;
}

}  // namespace

// A call: `*` in the path is a name.
struct Api::Row {
  std::string_view method;
  std::string_view path;
  Handler handler;
  bool has_json = false;  // its body is a JSON object
};

const Api::Row Api::rows[] = {
    {"POST", "/api/v1/login", &Api::log_in, true},
    {"POST", "/api/v1/logout", &Api::log_out},
    {"GET", "/api/v1/runtime", &Api::tell_runtime},
    {"GET", "/api/v1/config", &Api::tell_config},
    {"PUT", "/api/v1/config", &Api::put_config, true},
    {"POST", "/api/v1/config/validate", &Api::validate_config, true},
    {"GET", "/api/v1/config/history", &Api::tell_history},
    {"GET", "/api/v1/config/history/*", &Api::tell_revision},
    {"POST", "/api/v1/config/history/*/restore", &Api::restore_revision},
    {"GET", "/api/v1/model", &Api::tell_model},
    {"POST", "/api/v1/cel/eval", &Api::evaluate, true},
    {"GET", "/api/v1/schema/config", &Api::tell_config_schema},
    {"GET", "/api/v1/schema/cel", &Api::tell_rule_schema},
    {"GET", "/api/v1/events", &Api::tell_events},
    {"GET", "/api/v1/traffic/*", &Api::tell_recorded},
    {"GET", "/api/v1/targets", &Api::tell_targets},
    {"GET", "/api/v1/targets/*", &Api::tell_target},
    {"GET", "/api/v1/targets/*/stderr", &Api::tell_stderr},
    {"POST", "/api/v1/targets/*/restart", &Api::restart_target},
    {"GET", "/config_dump", &Api::dump_config},
    {"POST", "/api/v1/authz/explain", &Api::explain, true},
    {"POST", "/api/v1/import", &Api::import, true},
    {"POST", "/api/v1/playground/*", &Api::relay},
    {"GET", "/api/v1/playground/*", &Api::relay},
    {"DELETE", "/api/v1/playground/*", &Api::relay},
};

Api::Api(Stage& stage, const Guard& guard, Writing writing, std::string url)
    : stage_(stage),
      guard_(guard),
      writing_(std::move(writing)),
      url_(std::move(url)),
      relay_(stage.loop, stage.running),
      site_(std::make_shared<upstream::Site>(
          stage.loop, std::make_unique<http::Dialler>(stage.loop, stage.shared.tls))),
      explainer_(stage.loop, site_->pool(), stage.clock, stage.shared.passwords),
      feed_(stage.loop, stage.clock, stage.running, stage.shared) {}

Api::~Api() = default;

Task<http::Response> Api::answer(http::Request& request) {
  const std::vector<std::string_view> path = base::split(request.path(), '/');
  bool is_known = false;
  const Row* found = nullptr;
  std::vector<std::string_view> pattern;
  for (const Row& row : rows) {
    pattern = base::split(row.path, '/');
    if (path.size() > segments_max || !is_match(pattern, path)) continue;
    is_known = true;
    const bool is_head = request.method == "HEAD" && row.method == "GET";
    if (row.method == request.method || is_head) {
      found = &row;
      break;
    }
  }
  if (found == nullptr) {
    co_return is_known ? error_response(405, "method_not_allowed", "not with this method")
                       : error_response(404, "not_found", "there is no such call");
  }
  Call call(request);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == "*") call.names.push_back(percent_decode(path[i]).value_or(""));
  }
  co_return co_await dispatch(*found, call);
}

Task<http::Response> Api::dispatch(const Row& row, Call& call) {
  if (row.has_json) {
    const Deadline deadline = Deadline::in(stage_.loop.now(), body_within);
    auto text = co_await call.request.body.read_all(body_bytes_max, deadline);
    if (!text) {
      const bool is_large = text.error().fault() == Fault::too_large;
      co_return error_response(is_large ? 413 : 400, is_large ? "too_large" : "bad_request",
                               text.error().why());
    }
    auto document = json::Document::parse(std::move(*text));
    if (!document) co_return error_response(400, "bad_request", document.error().why());
    if (!document->root().is_object()) {
      co_return error_response(400, "bad_request", "the body is no JSON object");
    }
    call.body.emplace(std::move(*document));
  }
  co_return co_await (this->*row.handler)(call);
}

Task<http::Response> Api::log_in(Call& call) {
  const auto token = call.find_string("token");
  if (!token || !guard_.is_login(*token)) {
    co_return error_response(401, "wrong_token", "that is not the admin token");
  }
  http::Response response(204);
  response.headers.add("set-cookie", std::string(login_cookie) + "=" + guard_.cookie() +
                                         "; Path=/; HttpOnly; SameSite=Strict");
  co_return response;
}

Task<http::Response> Api::log_out(Call&) {
  http::Response response(204);
  response.headers.add(
      "set-cookie", std::string(login_cookie) + "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
  co_return response;
}

void Api::write_running(json::Writer& writer) const {
  writer.name("running").begin_object();
  writer.name("revision").string(stage_.running.revision().id);
  writer.name("since").string(time_text(stage_.running.revision().since));
  writer.end_object();
}

void Api::write_writing(json::Writer& writer) const {
  writer.name("readOnly").begin_object();
  writer.name("is").boolean(!writing_.is_allowed).name("why");
  if (writing_.is_allowed) {
    writer.null();
  } else {
    writer.string(writing_.why_not);
  }
  writer.end_object();
}

Task<http::Response> Api::tell_runtime(Call&) {
  const Running& running = stage_.running;
  json::Writer writer;
  writer.begin_object();
  writer.name("version").string(stage_.build.version);
  writer.name("build").begin_object();
  writer.name("compiler").string(stage_.build.compiler);
  writer.name("type").string(stage_.build.type).end_object();
  writer.name("pid").integer(getpid());
  writer.name("startedAt").string(time_text(running.started));
  const auto up =
      std::chrono::duration_cast<std::chrono::seconds>(stage_.clock.wall() - running.started);
  writer.name("uptimeSeconds").integer(up.count());
  writer.name("workers").integer_unsigned(running.workers);
  writer.name("config").begin_object().name("source").string(running.source).name("path");
  if (running.path) {
    writer.string(*running.path);
  } else {
    writer.null();
  }
  writer.end_object();
  write_running(writer);
  writer.name("file").begin_object().name("state").string(name_of(running.state())).end_object();
  write_writing(writer);
  writer.name("admin").begin_object().name("url").string(url_);
  writer.name("loginRequired").boolean(guard_.needs_login()).end_object();
  writer.name("listeners").begin_array();
  for (const runtime::Bind& bind : running.snapshot()->binds) {
    writer.begin_object().name("port").integer_unsigned(bind.port);
    writer.name("boundPort").integer_unsigned(running.actual_port(bind.port)).end_object();
  }
  writer.end_array();
  writer.name("sessions").begin_object();
  writer.name("open").integer_unsigned(stage_.shared.sessions.size()).end_object();
  writer.name("recordsArguments").boolean(feed_.records_arguments());
  writer.name("demoTokens").begin_array();
  for (const DemoToken& token : accepted_tokens(stage_.build.demo_tokens, running.file(),
                                                stage_.stores.keys, stage_.clock.wall())) {
    writer.begin_object().name("name").string(token.name);
    writer.name("token").string(token.token);
    writer.name("about").string(token.about).end_object();
  }
  writer.end_array();
  writer.name("capabilities").begin_array();
  for (const std::string_view each : capabilities) writer.string(each);
  writer.end_array();
  writer.end_object();
  co_return json_response(200, writer);
}

Task<http::Response> Api::tell_config(Call&) {
  const Running& running = stage_.running;
  const bool is_missing = running.state() == FileState::missing;
  const std::string text = is_missing ? "" : running.judged().text;
  const std::string etag = revision_of(text);
  json::Writer writer;
  writer.begin_object().name("text").string(text).name("etag").string(etag);
  write_running(writer);
  writer.name("file").begin_object().name("state").string(name_of(running.state()));
  writer.name("errors");
  if (is_missing) {
    writer.begin_array();
    write_problem(writer,
                  schema::Problem{schema::Severity::error, {}, "", running.why_missing(), "", true},
                  running.judged());
    writer.end_array();
  } else {
    write_problems(writer, running.problems(), running.judged(), schema::Severity::error);
  }
  writer.end_object();
  writer.name("warnings");
  write_problems(writer, running.problems(), running.judged(), schema::Severity::warning);
  write_writing(writer);
  writer.end_object();
  http::Response response = json_response(200, writer);
  response.headers.add("etag", "\"" + etag + "\"");
  co_return response;
}

Task<http::Response> Api::tell_model(Call&) {
  const Running& running = stage_.running;
  json::Writer writer;
  Model(running.text(), running.file(), *running.snapshot(), running).write(writer);
  co_return json_response(200, writer);
}

Task<http::Response> Api::tell_config_schema(Call&) {
  co_return http::Response(200, "application/json",
                           schema::json_schema<config::File>("agentgateway configuration"));
}

Task<http::Response> Api::tell_rule_schema(Call&) {
  json::Writer writer;
  writer.begin_object().name("variables").begin_array();
  for (const cel::Attribute& attribute : runtime::attribute_table()) {
    writer.begin_object().name("path").string(attribute.path);
    writer.name("type").string(attribute.type);
    writer.name("doc").string(attribute.doc).end_object();
  }
  writer.end_array().end_object();
  co_return json_response(200, writer);
}

Task<http::Response> Api::relay(Call& call) {
  std::string id = call.names.front();
  co_return co_await relay_.pass(call.request, std::move(id));
}

// agentgateway's name for what is in force; the shape is ours.
Task<http::Response> Api::dump_config(Call&) {
  const Running& running = stage_.running;
  json::Writer writer;
  writer.begin_object().name("version").string(stage_.build.version);
  write_running(writer);
  writer.name("config").raw(
      without_secret_addresses(schema::dump(running.file(), schema::Show::redacted)));
  writer.end_object();
  co_return json_response(200, writer);
}

}  // namespace admin

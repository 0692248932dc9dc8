#include "admin/words.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace admin {

std::string time_text(WallTime time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(since - seconds);
  const std::time_t whole = seconds.count();
  std::tm parts{};
  gmtime_r(&whole, &parts);
  std::array<char, 32> date{};
  const std::size_t size = std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 8> milliseconds{};
  std::snprintf(milliseconds.data(), milliseconds.size(), ".%03dZ", static_cast<int>(rest.count()));
  return std::string(date.data(), size) + milliseconds.data();
}

http::Response json_response(int status, json::Writer& writer) {
  http::Response response(status, "application/json", writer.take());
  response.headers.add("cache-control", "no-store");
  return response;
}

http::Response error_response(int status, std::string_view code, std::string message) {
  json::Writer writer;
  writer.begin_object().name("error").begin_object();
  writer.name("code").string(code).name("message").string(message);
  writer.end_object().end_object();
  return json_response(status, writer);
}

http::Response error_response(const Refusal& refusal) {
  return error_response(refusal.status, refusal.code, refusal.message);
}

void write_problem(json::Writer& writer, const schema::Problem& problem,
                   const yaml::Source& source) {
  writer.begin_object();
  writer.name("severity").string(problem.severity == schema::Severity::error ? "error" : "warning");
  writer.name("path").string(problem.path);
  writer.name("line").integer_unsigned(problem.at.line);
  writer.name("column").integer_unsigned(problem.at.column);
  writer.name("message").string(problem.message);
  writer.name("suggestion").string(problem.suggestion);
  if (!problem.is_secret && problem.at.line > 0) {
    writer.name("source").string(source.line(problem.at.line));
  }
  writer.end_object();
}

void write_problems(json::Writer& writer, const schema::Problems& problems,
                    const yaml::Source& source) {
  writer.begin_array();
  for (const schema::Problem& problem : problems) write_problem(writer, problem, source);
  writer.end_array();
}

void write_problems(json::Writer& writer, const schema::Problems& problems,
                    const yaml::Source& source, schema::Severity severity) {
  writer.begin_array();
  for (const schema::Problem& problem : problems) {
    if (problem.severity == severity) write_problem(writer, problem, source);
  }
  writer.end_array();
}

}  // namespace admin

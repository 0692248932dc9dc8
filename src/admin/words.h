#pragma once
// How the API says things: times, problems, errors, whole answers.

#include <string>
#include <string_view>

#include "admin/guard.h"
#include "admin/running.h"
#include "base/clock.h"
#include "http/message.h"
#include "json/write.h"
#include "schema/problem.h"

namespace admin {

// RFC 3339, UTC, milliseconds.
std::string time_text(WallTime time);

http::Response json_response(int status, json::Writer& writer);
http::Response error_response(const Refusal& refusal);
http::Response error_response(int status, std::string_view code, std::string message);

// One problem as an object; the line of `source` with it, unless it holds a secret.
void write_problem(json::Writer& writer, const schema::Problem& problem,
                   const yaml::Source& source);
// Those of that severity, or all, as an array.
void write_problems(json::Writer& writer, const schema::Problems& problems,
                    const yaml::Source& source);
void write_problems(json::Writer& writer, const schema::Problems& problems,
                    const yaml::Source& source, schema::Severity severity);

}  // namespace admin

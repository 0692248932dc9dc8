// Rules tried out: POST /api/v1/cel/eval.

#include "admin/api.h"
#include "admin/words.h"
#include "cel/convert.h"
#include "cel/data_variables.h"
#include "cel/explain.h"
#include "cel/program.h"
#include "runtime/attributes.h"

namespace admin {
namespace {

void write_cel_problems(json::Writer& writer, const std::vector<cel::Problem>& problems) {
  writer.name("problems").begin_array();
  for (const cel::Problem& problem : problems) {
    writer.begin_object().name("severity");
    writer.string(problem.severity == cel::Severity::error ? "error" : "warning");
    writer.name("begin").integer_unsigned(problem.offset);
    writer.name("end").integer_unsigned(problem.offset + problem.length);
    writer.name("message").string(problem.text);
    writer.name("suggestion").string(problem.hint).end_object();
  }
  writer.end_array();
}

void write_result(json::Writer& writer, const cel::Program& program, cel::Context& context) {
  const cel::Explanation explanation = cel::explain(program, context);
  const cel::Value result = program.evaluate(context);
  cel::Arena arena;
  const Result<std::string> json =
      result.is_error() ? Result<std::string>("null") : cel::to_json(result, arena);
  writer.name("result").raw(json ? *json : "null");
  writer.name("text").string(explanation.result).name("error");
  if (result.is_error()) {
    writer.string(cel::error_text(result));
  } else {
    writer.null();
  }
  writer.name("steps").begin_array();
  const std::string_view source = program.source();
  for (const cel::Step& step : explanation.steps) {
    writer.begin_object().name("begin").integer_unsigned(step.begin);
    writer.name("end").integer_unsigned(step.end).name("depth").integer_unsigned(step.depth);
    writer.name("text").string(source.substr(step.begin, step.end - step.begin));
    writer.name("result").string(step.result).name("isError").boolean(step.is_error);
    writer.name("isEvaluated").boolean(step.is_evaluated).end_object();
  }
  writer.end_array();
}

}  // namespace

Task<http::Response> Api::evaluate(Call& call) {
  constexpr std::size_t expression_bytes_max = 16'384;
  const auto expression = call.find_string("expression");
  if (!expression || expression->size() > expression_bytes_max) {
    co_return error_response(400, "bad_request", "`expression` is a text of at most 16 KiB");
  }
  const auto data = call.find("data");
  const cel::DataVariables variables(data.value_or(json::Value()));
  cel::Environment environment(variables.table());
  cel::CompileOptions options;
  options.phase = cel::Phase::log;
  options.is_rule = false;
  options.is_checked = false;
  const cel::Compiled compiled = cel::compile(*expression, environment, options);
  std::vector<cel::Problem> problems = compiled.problems;
  const auto as_rule = call.find("asRule");
  if (as_rule && as_rule->as_bool().value_or(false)) {
    const cel::Environment of_rules(runtime::attribute_table());
    problems = cel::check(*expression, of_rules);
  }
  json::Writer writer;
  writer.begin_object().name("ok").boolean(compiled.ok());
  write_cel_problems(writer, problems);
  if (compiled.ok()) {
    cel::Context context(environment, variables);
    write_result(writer, *compiled.program, context);
  } else {
    writer.name("result").null().name("text").string("").name("error").null();
    writer.name("steps").begin_array().end_array();
  }
  writer.end_object();
  co_return json_response(200, writer);
}

}  // namespace admin

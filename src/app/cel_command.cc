#include "app/cel_command.h"

#include <ostream>

#include "cel/convert.h"
#include "cel/data_variables.h"
#include "cel/explain.h"
#include "cel/program.h"
#include "json/value.h"
#include "runtime/attributes.h"

namespace app {
namespace {

void print(const std::vector<cel::Problem>& problems, const std::string& source,
           std::ostream& err) {
  for (const cel::Problem& problem : problems) err << cel::render(problem, source) << '\n';
}

void print_value(const cel::Value& value, std::ostream& out) {
  cel::Arena arena;
  const Result<std::string> json = cel::to_json(value, arena);
  out << (json ? *json : cel::to_text(value, arena)) << '\n';
}

}  // namespace

int run_cel_eval(const Options& options, std::ostream& out, std::ostream& err) {
  const Result<json::Document> data = json::Document::parse(options.data.value_or("{}"));
  if (!data || !data->root().is_object()) {
    err << "--data must be a JSON object" << (data ? "" : ": " + data.error().why()) << '\n';
    return exit_invalid;
  }
  const cel::DataVariables variables(data->root());
  cel::Environment environment(variables.table());
  cel::CompileOptions compiling;
  compiling.is_rule = false;
  const cel::Compiled compiled = cel::compile(options.expression, environment, compiling);
  print(compiled.problems, options.expression, err);
  if (!compiled.ok()) return exit_invalid;
  cel::Context context(environment, variables);
  if (options.explain) {
    out << cel::render(cel::explain(*compiled.program, context), options.expression);
  }
  const cel::Value result = compiled.program->evaluate(context);
  if (result.is_error()) {
    err << "error: " << cel::error_text(result) << '\n';
    return exit_failed;
  }
  print_value(result, out);
  return exit_fine;
}

int run_cel_check(const Options& options, std::ostream& out, std::ostream& err) {
  const cel::Environment environment(runtime::attribute_table());
  const std::vector<cel::Problem> problems = cel::check(options.expression, environment);
  print(problems, options.expression, err);
  if (cel::has_error(problems)) return exit_invalid;
  out << "The rule is valid.\n";
  return exit_fine;
}

}  // namespace app

// Any expression under its budget: evaluation ends, without sanitizer reports, and the boolean
// outcome agrees with the value.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cel/detail_example_request.h"
#include "cel/detail_random_expression.h"
#include "cel/explain.h"
#include "cel/program.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(bytes), size);
  cel::Environment environment(cel::example_attributes());
  cel::CompileOptions options;
  options.is_checked = false;
  const cel::Compiled compiled = cel::compile(source, environment, options);
  if (!compiled.ok()) return 0;
  for (const std::string_view json : cel::random_requests) {
    const cel::ExampleRequest request{std::string(json)};
    cel::Budget budget;
    budget.rule_fuel = 10'000;
    cel::Context context(environment, request, budget);
    const cel::Truth truth = compiled.program->test(context);
    if (context.evaluation().is_aborted()) continue;
    const cel::Value value = compiled.program->evaluate(context);
    if (source.find("random") != std::string_view::npos ||
        source.find("uuid") != std::string_view::npos) {
      continue;
    }
    if ((truth == cel::Truth::yes) != value.is_true()) std::abort();
    if ((truth == cel::Truth::no) != value.is_false()) std::abort();
    if (size < 200) cel::explain(*compiled.program, context);
  }
  return 0;
}

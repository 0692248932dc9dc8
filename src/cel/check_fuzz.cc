// The checker and the compiler against any bytes: whatever is accepted is a bool or dynamic rule
// whose estimate is within the budget.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cel/detail_example_request.h"
#include "cel/program.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(bytes), size);
  cel::Environment environment(cel::example_attributes());
  cel::CompileOptions options;
  options.is_deny_rule = true;
  const cel::Compiled compiled = cel::compile(source, environment, options);
  for (const cel::Problem& problem : compiled.problems) {
    if (cel::render(problem, source).empty()) std::abort();
  }
  if (!compiled.ok()) return 0;
  if (compiled.type != "bool" && compiled.type != "dyn") std::abort();
  if (compiled.program->cost() > options.fuel_max) std::abort();
  return 0;
}

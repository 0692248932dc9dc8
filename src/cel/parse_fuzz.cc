// Any text through the parser and, if it is an expression, through the reference interpreter under
// a small budget. What must not happen: a crash, a result after the budget is gone.

#include <cstdlib>

#include "cel/convert.h"
#include "cel/reference.h"

namespace {

constexpr cel::Attribute attributes[] = {{.path = "x"}, {.path = "a.b"}};

class Source final : public cel::AttributeSource {
 public:
  cel::Value get(cel::AttributeIndex index, cel::Arena&) const override {
    return index == 0 ? cel::Value::of_string("text") : cel::Value::of_int(1);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const cel::Parsed parsed = cel::parse(text);
  for (const cel::Problem& problem : parsed.problems) {
    if (cel::render(problem, parsed.ast.source).empty()) std::abort();
  }
  if (!parsed.ok()) return 0;
  cel::Evaluation evaluation(10'000);
  const Source source;
  const cel::Value value = cel::evaluate_reference(parsed.ast, {attributes, source}, evaluation);
  if (evaluation.is_aborted() && !value.is_abort()) std::abort();
  if (value.is_error()) {
    if (cel::error_text(value).empty()) std::abort();
  } else {
    cel::to_text(value, evaluation.arena());
  }
  return 0;
}

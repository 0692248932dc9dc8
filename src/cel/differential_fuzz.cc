// The compiled engine against the reference interpreter: the bytes choose an expression and the
// requests are those of the tests; rule sets against naive evaluation.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include "cel/detail_example_request.h"
#include "cel/detail_oracle.h"
#include "cel/detail_random_expression.h"

namespace {

void fail(const std::string& why) {
  std::ignore = std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

void compare_rules(cel::Choices& choices, const cel::ExampleRequest& request) {
  constexpr cel::RuleMode modes[] = {cel::RuleMode::allow, cel::RuleMode::deny,
                                     cel::RuleMode::require};
  std::vector<cel::Rule> rules;
  std::vector<cel::Truth> outcomes;
  for (std::uint32_t count = choices.below(4); count > 0; --count) {
    cel::Rule rule{modes[choices.below(3)], cel::RandomExpression(choices).truth(2), ""};
    if (!cel::parse(rule.source).ok()) continue;
    const cel::ReferenceOutcome outcome =
        cel::reference_outcome(rule.source, cel::example_attributes(), request);
    if (outcome.is_exhausted) return;
    outcomes.push_back(outcome.truth);
    rules.push_back(std::move(rule));
  }
  cel::Environment environment(cel::example_attributes());
  cel::RuleSetOptions options;
  options.compile.is_checked = false;
  const cel::CompiledRules compiled = cel::compile_rules(rules, environment, options);
  if (!compiled.ok()) return;
  cel::Context context(environment, request);
  const cel::Decision decision = compiled.rules->decide(context);
  if (decision.reason == cel::Reason::budget_exhausted) return;
  if (decision != cel::combined(rules, outcomes, true)) fail("rule set differs");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  cel::Choices choices(std::span(bytes, size));
  const std::string_view json = choices.one_of(cel::random_requests);
  const cel::ExampleRequest request{std::string(json)};
  const std::string source = cel::RandomExpression(choices).rule();
  cel::Environment environment(cel::example_attributes());
  cel::CompileOptions options;
  options.is_checked = false;
  const cel::Compiled compiled = cel::compile(source, environment, options);
  if (compiled.ok()) {
    const std::string found = cel::difference(*compiled.program, environment, request);
    if (!found.empty()) fail(found);
  }
  compare_rules(choices, request);
  return 0;
}

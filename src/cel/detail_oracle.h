#pragma once
// For tests and fuzz targets: does a compiled program say what the reference interpreter says of
// the expression as written? Which error it is does not count.

#include <string>

#include "cel/convert.h"
#include "cel/program.h"
#include "cel/reference.h"
#include "cel/rule_set.h"

namespace cel {

// What the reference makes of an expression; an exhausted budget counts for nothing.
struct ReferenceOutcome {
  Truth truth = Truth::error;
  std::string text;  // of the value; empty for an error
  bool is_exhausted = false;
};

inline ReferenceOutcome reference_outcome(std::string_view source, AttributeTable table,
                                          const AttributeSource& request) {
  ReferenceOutcome outcome;
  const Parsed parsed = parse(source);
  if (!parsed.ok()) return outcome;
  Evaluation evaluation;
  const Value value = evaluate_reference(parsed.ast, {table, request}, evaluation);
  outcome.is_exhausted = evaluation.is_aborted();
  if (value.is(Kind::boolean)) outcome.truth = value.is_true() ? Truth::yes : Truth::no;
  if (!value.is_error()) outcome.text = to_text(value, evaluation.arena(), 4096);
  return outcome;
}

// Empty if they agree.
inline std::string difference(const Program& program, const Environment& environment,
                              const AttributeSource& request) {
  const ReferenceOutcome expected =
      reference_outcome(program.source(), environment.attributes(), request);
  if (expected.is_exhausted) return "";
  Context context(environment, request);
  const Truth truth = program.test(context);
  if (context.evaluation().is_aborted()) return "";
  if (truth != expected.truth) {
    return "test() gives " + std::to_string(static_cast<int>(truth)) + " instead of " +
           std::to_string(static_cast<int>(expected.truth)) + " for " +
           std::string(program.source());
  }
  const Value value = program.evaluate(context);
  if (context.evaluation().is_aborted()) return "";
  const std::string text =
      value.is_error() ? "" : to_text(value, context.evaluation().arena(), 4096);
  if (text == expected.text) return "";
  return "evaluate() gives '" + text + "' instead of '" + expected.text + "' for " +
         std::string(program.source());
}

// The combination of outcomes, in the order of the rules: deny, require, allow, default.
inline Decision combined(std::span<const Rule> rules, std::span<const Truth> outcomes,
                         bool deny_on_error) {
  if (rules.empty()) return {true, false, Reason::allowed_no_rules, Decision::no_rule};
  const auto count = static_cast<std::uint32_t>(rules.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    if (rules[i].mode != RuleMode::deny) continue;
    if (outcomes[i] == Truth::yes) return {false, false, Reason::denied_by_rule, i};
    if (outcomes[i] == Truth::error && deny_on_error) {
      return {false, false, Reason::denied_error, i};
    }
  }
  bool has_allow = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    has_allow = has_allow || rules[i].mode == RuleMode::allow;
    if (rules[i].mode == RuleMode::require && outcomes[i] != Truth::yes) {
      return {false, false, Reason::denied_require, i};
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    if (rules[i].mode == RuleMode::allow && outcomes[i] == Truth::yes) {
      return {true, false, Reason::allowed_by_rule, i};
    }
  }
  if (!has_allow) return {true, false, Reason::allowed_default, Decision::no_rule};
  return {false, false, Reason::denied_no_allow_matched, Decision::no_rule};
}

}  // namespace cel

#pragma once
// Authorization rules that decide together, with agentgateway's order: any deny that holds denies;
// every require must hold; any allow that holds allows; otherwise it is allowed only if there is no
// allow rule at all. No rules at all allow. Rules of several levels (gateway, route, backend) are
// pooled: put them into one set.
//
// The surprising thing: a deny rule that *fails* (a claim is missing) denies. agentgateway lets
// such a request pass; `deny_on_error = false` restores that. A failing allow or require does not
// hold.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/context.h"
#include "cel/problem.h"
#include "cel/program.h"

namespace cel {

enum class RuleMode : std::uint8_t { allow, deny, require };
std::string_view name_of(RuleMode mode);

struct Rule {
  RuleMode mode = RuleMode::allow;
  std::string source;
  std::string origin;  // for messages and logs: "routes[0].policies.mcpAuthorization.rules[2]"
};

enum class Reason : std::uint8_t {
  allowed_by_rule,
  allowed_no_rules,
  allowed_default,  // only deny and require rules, and none objects
  denied_by_rule,
  denied_require,  // a require rule did not hold
  denied_no_allow_matched,
  denied_error,      // a deny rule failed
  budget_exhausted,  // denied, whatever the rules say
};
std::string_view name_of(Reason reason);

struct Decision {
  static constexpr std::uint32_t no_rule = 0xffffffff;

  bool is_allowed = false;
  // Only while lists are filtered: it depends on what only a call knows. is_allowed is then true,
  // since some call may be allowed; the call decides.
  bool is_undecided = false;
  Reason reason = Reason::denied_no_allow_matched;
  std::uint32_t rule = no_rule;  // index of the rule that decided

  bool operator==(const Decision&) const = default;
};

struct RuleSetOptions {
  CompileOptions compile;  // phase, checking; `is_rule` and `is_deny_rule` are set by the set
  bool deny_on_error = true;
  bool is_indexed = true;  // off: each rule alone, in order; for comparing
};

struct RuleProblem {
  std::uint32_t rule = 0;
  Problem problem;
};

struct RuleIndex;  // guards and shared atoms; internal

class RuleSet {
 public:
  // A set without rules allows everything.
  RuleSet();
  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;
  ~RuleSet();

  // What the rules say about the request (or the item of a list, with context.set_phase(list)).
  // Allocates nothing, except the first time in a Context if there are many shared atoms.
  Decision decide(Context& context) const;
  // The outcome of each rule alone, in the order of the rules: for logs and explanations.
  std::vector<Truth> outcomes(Context& context) const;

  std::size_t size() const;
  const Rule& rule(std::uint32_t index) const;
  const Program& program(std::uint32_t index) const;
  const RuleIndex& index() const { return *index_; }

 private:
  friend struct RuleSetBuilder;
  std::unique_ptr<RuleIndex> index_;
};

struct CompiledRules {
  std::optional<RuleSet> rules;  // present if no problem is an error
  std::vector<RuleProblem> problems;

  bool ok() const { return rules.has_value(); }
};

CompiledRules compile_rules(std::span<const Rule> rules, Environment& environment,
                            const RuleSetOptions& options = RuleSetOptions());

}  // namespace cel

#include "cel/rule_set.h"

#include <array>
#include <utility>

#include "cel/detail_operations.h"
#include "cel/detail_rule_index.h"

namespace cel {
namespace {

constexpr std::uint8_t yes_bit = static_cast<std::uint8_t>(Truth::yes);
constexpr std::uint8_t error_bit = static_cast<std::uint8_t>(Truth::error);

// One decision while it is made: rules are shown to it in the order deny, require, allow.
class Judge {
 public:
  Judge(const RuleIndex& index, Context& context) : index_(index), context_(context) {}

  Decision decide() {
    if (index_.rules.empty()) return {true, false, Reason::allowed_no_rules, Decision::no_rule};
    context_.begin();
    if (judge_denies() || judge_requires() || judge_allows()) return decision_;
    if (possible_allow_ != Decision::no_rule) {
      return {true, true, Reason::allowed_by_rule, possible_allow_};
    }
    if (index_.allow.all.empty()) {
      return {true, is_undecided_, Reason::allowed_default, Decision::no_rule};
    }
    return {false, false, Reason::denied_no_allow_matched, Decision::no_rule};
  }

  // The outcomes a rule can have: one, unless it waits for what only a call knows.
  std::uint8_t outcomes(std::uint32_t rule) {
    const Code& code = index_.programs[rule].code();
    Evaluation& evaluation = context_.evaluation();
    const std::uint64_t held_back = evaluation.hold_back(context_.budget().rule_fuel);
    std::uint8_t found = error_bit;
    if (evaluation.spend(code.straight_cost)) {
      found = context_.phase() <= Phase::list
                  ? possible_outcomes(code.root(), context_)
                  : static_cast<std::uint8_t>(code.root().test(code.root(), context_));
    }
    evaluation.give_back(held_back);
    return found;
  }

 private:
  bool end(bool is_allowed, Reason reason, std::uint32_t rule) {
    decision_ = {is_allowed, is_allowed && is_undecided_, reason, rule};
    return true;
  }
  bool is_exhausted(std::uint32_t rule) {
    return context_.evaluation().is_aborted() && end(false, Reason::budget_exhausted, rule);
  }

  bool judge_denies() {
    return visit(index_.deny, true, [this](std::uint32_t rule) { return judge_deny(rule); });
  }
  bool judge_deny(std::uint32_t rule) {
    const std::uint8_t found = outcomes(rule);
    if (is_exhausted(rule)) return true;
    const std::uint8_t denying = index_.deny_on_error ? yes_bit | error_bit : yes_bit;
    if ((found & denying) == 0) return false;
    if ((found & ~denying) == 0) {
      const Reason reason = found == error_bit ? Reason::denied_error : Reason::denied_by_rule;
      return end(false, reason, rule);
    }
    is_undecided_ = true;
    return false;
  }

  bool judge_requires() {
    for (const std::uint32_t rule : index_.require) {
      const std::uint8_t found = outcomes(rule);
      if (is_exhausted(rule)) return true;
      if ((found & yes_bit) == 0) return end(false, Reason::denied_require, rule);
      if (found != yes_bit) is_undecided_ = true;
    }
    return false;
  }

  bool judge_allows() {
    return visit(index_.allow, false, [this](std::uint32_t rule) { return judge_allow(rule); });
  }
  bool judge_allow(std::uint32_t rule) {
    const std::uint8_t found = outcomes(rule);
    if (is_exhausted(rule)) return true;
    if (found == yes_bit) return end(true, Reason::allowed_by_rule, rule);
    if ((found & yes_bit) != 0 && possible_allow_ == Decision::no_rule) possible_allow_ = rule;
    return false;
  }

  struct Lane {
    const std::uint32_t* at = nullptr;
    const std::uint32_t* end = nullptr;
  };
  static Lane lane_of(const RuleNumbers& rules) {
    return {rules.data(), rules.data() + rules.size()};
  }

  // Shows the rules that can matter, in their order, until one ends the decision. A guard that
  // fails keeps its rules only if `errors_matter`.
  template <class Show>
  bool visit(const Side& side, bool errors_matter, Show show) {
    if (!index_.is_indexed) return visit_all(side.all, show);
    std::array<Lane, Side::tables_max + 1> lanes;
    std::size_t count = 0;
    if (!side.unguarded.empty()) lanes[count++] = lane_of(side.unguarded);
    for (const GuardTable& table : side.tables) {
      const Value& value = context_.get(table.slot);
      if (value.is_error()) {
        if (errors_matter) lanes[count++] = lane_of(table.all);
      } else if (value.is(Kind::string)) {
        const auto found = table.by_text.find(value.text());
        if (found != table.by_text.end()) lanes[count++] = lane_of(found->second);
      }
    }
    return walk(lanes, count, show);
  }

  template <class Show>
  static bool visit_all(const RuleNumbers& rules, Show show) {
    for (const std::uint32_t rule : rules) {
      if (show(rule)) return true;
    }
    return false;
  }

  // Merges ascending lanes.
  template <class Lanes, class Show>
  static bool walk(Lanes& lanes, std::size_t count, Show show) {
    while (count > 0) {
      std::size_t lowest = 0;
      for (std::size_t i = 1; i < count; ++i) {
        if (*lanes[i].at < *lanes[lowest].at) lowest = i;
      }
      if (show(*lanes[lowest].at)) return true;
      if (++lanes[lowest].at == lanes[lowest].end) lanes[lowest] = lanes[--count];
    }
    return false;
  }

  const RuleIndex& index_;
  Context& context_;
  bool is_undecided_ = false;
  std::uint32_t possible_allow_ = Decision::no_rule;
  Decision decision_;
};

}  // namespace

std::string_view name_of(RuleMode mode) {
  switch (mode) {
    case RuleMode::allow:
      return "allow";
    case RuleMode::deny:
      return "deny";
    case RuleMode::require:
      return "require";
  }
  return "";
}

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::allowed_by_rule:
      return "allowed_by_rule";
    case Reason::allowed_no_rules:
      return "allowed_no_rules";
    case Reason::allowed_default:
      return "allowed_default";
    case Reason::denied_by_rule:
      return "denied_by_rule";
    case Reason::denied_require:
      return "denied_require";
    case Reason::denied_no_allow_matched:
      return "denied_no_allow_matched";
    case Reason::denied_error:
      return "denied_error";
    case Reason::budget_exhausted:
      return "budget_exhausted";
  }
  return "";
}

RuleSet::RuleSet() : index_(std::make_unique<RuleIndex>()) {}
RuleSet::RuleSet(RuleSet&&) noexcept = default;
RuleSet& RuleSet::operator=(RuleSet&&) noexcept = default;
RuleSet::~RuleSet() = default;

Decision RuleSet::decide(Context& context) const {
  return Judge(*index_, context).decide();
}

std::vector<Truth> RuleSet::outcomes(Context& context) const {
  std::vector<Truth> found;
  for (const Program& program : index_->programs) found.push_back(program.test(context));
  return found;
}

std::size_t RuleSet::size() const {
  return index_->rules.size();
}
const Rule& RuleSet::rule(std::uint32_t index) const {
  return index_->rules[index];
}
const Program& RuleSet::program(std::uint32_t index) const {
  return index_->programs[index];
}

struct RuleSetBuilder {
  static CompiledRules build(std::span<const Rule> rules, Environment& environment,
                             const RuleSetOptions& options) {
    CompiledRules compiled;
    RuleSet set;
    RuleIndex& index = *set.index_;
    index.deny_on_error = options.deny_on_error;
    index.is_indexed = options.is_indexed;
    std::vector<Code*> codes;
    bool has_failed = false;
    for (const Rule& rule : rules) {
      CompileOptions of_rule = options.compile;
      of_rule.is_rule = true;
      of_rule.is_deny_rule = rule.mode == RuleMode::deny;
      Compiled one = compile(rule.source, environment, of_rule);
      const auto number = static_cast<std::uint32_t>(&rule - rules.data());
      for (Problem& problem : one.problems) {
        compiled.problems.push_back({number, std::move(problem)});
      }
      if (!one.ok()) {
        has_failed = true;
        continue;
      }
      codes.push_back(one.program->code_.get());
      index.rules.push_back(rule);
      index.programs.push_back(std::move(*one.program));
    }
    if (has_failed) return compiled;
    if (options.is_indexed) share_atoms(codes, environment);
    build_index(index);
    compiled.rules = std::move(set);
    return compiled;
  }
};

CompiledRules compile_rules(std::span<const Rule> rules, Environment& environment,
                            const RuleSetOptions& options) {
  return RuleSetBuilder::build(rules, environment, options);
}

}  // namespace cel

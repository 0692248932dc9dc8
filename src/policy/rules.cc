#include "policy/rules.h"

namespace policy {

void describe(schema::Object<RuleSettings>& o) {
  o.doc("A rule: a CEL expression that must be a boolean. A bare string is an `allow` rule.");
  o.field("allow", &RuleSettings::allow, "Allows if it holds.").format("CEL");
  o.field("deny", &RuleSettings::deny, "Denies if it holds, whatever else holds; also if it fails.")
      .format("CEL");
  o.field("require", &RuleSettings::require, "Denies unless it holds.").format("CEL");
  o.exactly_one_of({"allow", "deny", "require"});
  o.scalar_form(&RuleSettings::allow, "The same as `allow`.").format("CEL");
}

void describe(schema::Object<RulesSettings>& o) {
  o.doc(
      "Any deny that holds denies; every require must hold; any allow that holds allows; otherwise "
      "it "
      "is allowed only if there is no allow rule.");
  o.field("rules", &RulesSettings::rules, "The rules.").required();
}

cel::RuleMode RuleSettings::mode() const {
  return allow ? cel::RuleMode::allow : deny ? cel::RuleMode::deny : cel::RuleMode::require;
}

const schema::Located<std::string>& RuleSettings::expression() const {
  return allow ? *allow : deny ? *deny : *require;
}

std::shared_ptr<const cel::RuleSet> compile_rules(const RulesSettings& settings, cel::Phase phase,
                                                  BuildContext& context) {
  std::vector<cel::Rule> rules;
  rules.reserve(settings.rules.size());
  for (const RuleSettings& rule : settings.rules) {
    rules.push_back(cel::Rule{rule.mode(), rule.expression().value,
                              context.path() + ".rules[" + std::to_string(rules.size()) + "]"});
  }
  cel::RuleSetOptions options;
  options.compile.phase = phase;
  options.deny_on_error = context.denies_on_error();
  cel::CompiledRules compiled = cel::compile_rules(rules, context.environment(), options);
  for (const cel::RuleProblem& found : compiled.problems) {
    context.say(found.problem, settings.rules.at(found.rule).expression(),
                "rules[" + std::to_string(found.rule) + "]");
  }
  if (!compiled.ok()) return nullptr;
  return std::make_shared<const cel::RuleSet>(std::move(*compiled.rules));
}

}  // namespace policy

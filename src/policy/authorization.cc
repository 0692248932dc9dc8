#include "policy/authorization.h"

namespace policy {
namespace {

class Authorization final : public Policy {
 public:
  Authorization(std::shared_ptr<const cel::RuleSet> rules, const cel::Environment& environment)
      : rules_(std::move(rules)), environment_(environment) {}

  Verdict decide(Exchange& exchange) const override {
    cel::Context& context = exchange.rules(environment_);
    context.set_phase(cel::Phase::request_head);
    const cel::Decision decision = rules_->decide(context);
    record_decision(exchange, *rules_, decision);
    if (decision.is_allowed) return pass;
    exchange.record.reason = Reason::authorization;
    http::Response response(403, "text/plain; charset=utf-8", "authorization failed");
    return response;
  }

 private:
  std::shared_ptr<const cel::RuleSet> rules_;
  const cel::Environment& environment_;
};

}  // namespace

void record_decision(Exchange& exchange, const cel::RuleSet& rules, const cel::Decision& decision) {
  exchange.record.authz_decision = decision.is_allowed ? "allow" : "deny";
  exchange.record.authz_reason = cel::name_of(decision.reason);
  std::string_view& rule = exchange.record.authz_rule;
  if (decision.rule == cel::Decision::no_rule) {
    rule = exchange.record.authz_reason;
    return;
  }
  rule = rules.rule(decision.rule).source;
  exchange.record.authz_origin = rules.rule(decision.rule).origin;
  // That a rule failed is the operator's to repair, so it must not look like a denial by it.
  const bool has_failed = decision.reason == cel::Reason::denied_error ||
                          decision.reason == cel::Reason::budget_exhausted;
  if (has_failed) exchange.record.error = std::string(cel::name_of(decision.reason));
}

std::unique_ptr<const Policy> make_authorization(const RulesSettings& settings,
                                                 BuildContext& context) {
  auto rules = compile_rules(settings, cel::Phase::request_head, context);
  if (!rules) return nullptr;
  return std::make_unique<Authorization>(std::move(rules), context.environment());
}

}  // namespace policy

#include "policy/mcp_authorization.h"

#include <algorithm>

#include "policy/authorization.h"

namespace policy {

cel::Context& McpAuthorization::prepare(Exchange& exchange, const McpSubject& subject,
                                        cel::Phase phase) const {
  exchange.mcp = subject;
  cel::Context& context = exchange.rules(*environment_);
  context.set_phase(phase);
  context.next_item();
  return context;
}

cel::Decision McpAuthorization::decide(Exchange& exchange, const McpSubject& subject,
                                       cel::Phase phase) const {
  return rules_->decide(prepare(exchange, subject, phase));
}

std::vector<cel::Truth> McpAuthorization::outcomes(Exchange& exchange, const McpSubject& subject,
                                                   cel::Phase phase) const {
  return rules_->outcomes(prepare(exchange, subject, phase));
}

cel::Explanation McpAuthorization::explain(Exchange& exchange, const McpSubject& subject,
                                           cel::Phase phase, std::uint32_t rule) const {
  return cel::explain(rules_->program(rule), prepare(exchange, subject, phase));
}

bool McpAuthorization::allows_use(Exchange& exchange, const McpSubject& subject) const {
  if (rules_ == nullptr) return true;
  const cel::Decision decision = decide(exchange, subject, cel::Phase::call);
  record_decision(exchange, *rules_, decision);
  return decision.is_allowed;
}

bool McpAuthorization::allows_sight(Exchange& exchange, const McpSubject& subject) const {
  if (rules_ == nullptr) return true;
  return decide(exchange, subject, cel::Phase::list).is_allowed;
}

bool McpAuthorization::allows_sight(Exchange& exchange, const McpSubject& subject,
                                    std::uint64_t& fuel) const {
  if (rules_ == nullptr) return true;
  if (fuel == 0) return false;
  const bool is_allowed = decide(exchange, subject, cel::Phase::list).is_allowed;
  cel::Context& context = exchange.rules(*environment_);
  const std::uint64_t left = context.evaluation().fuel();
  const std::uint64_t spent =
      context.budget().decision_fuel - std::min(left, context.budget().decision_fuel);
  fuel -= std::min(fuel, spent);
  return is_allowed && fuel > 0;
}

McpAuthorization make_mcp_authorization(const RulesSettings& settings, BuildContext& context) {
  auto rules = compile_rules(settings, cel::Phase::call, context);
  if (!rules) return McpAuthorization();
  return McpAuthorization(std::move(rules), context.environment());
}

}  // namespace policy

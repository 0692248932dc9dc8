#include "policy/mcp_authorization.h"

#include "policy/authorization.h"

namespace policy {

cel::Decision McpAuthorization::decide(Exchange& exchange, const McpSubject& subject,
                                       cel::Phase phase) const {
  exchange.mcp = subject;
  cel::Context& context = exchange.rules(*environment_);
  context.set_phase(phase);
  context.next_item();
  return rules_->decide(context);
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

McpAuthorization make_mcp_authorization(const RulesSettings& settings, BuildContext& context) {
  auto rules = compile_rules(settings, cel::Phase::call, context);
  if (!rules) return McpAuthorization();
  return McpAuthorization(std::move(rules), context.environment());
}

}  // namespace policy

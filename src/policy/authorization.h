#pragma once
// HTTP rules: who may use the route at all. Asked after authentication, before anything is read of
// the body.

#include <memory>

#include "policy/policy.h"
#include "policy/rules.h"

namespace policy {

std::unique_ptr<const Policy> make_authorization(const RulesSettings& settings,
                                                 BuildContext& context);

// Writes the decision into the exchange's record.
void record_decision(Exchange& exchange, const cel::RuleSet& rules, const cel::Decision& decision);

}  // namespace policy

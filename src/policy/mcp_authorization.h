#pragma once
// MCP rules: which tools, prompts and resources a caller sees and may use. They are not in the
// chain: each method asks for each thing it is about to show or use.

#include <cstdint>
#include <memory>

#include "cel/explain.h"
#include "policy/exchange.h"
#include "policy/rules.h"

namespace policy {

class McpAuthorization {
 public:
  // Without rules everything is allowed.
  McpAuthorization() = default;
  // `environment` must outlive this.
  McpAuthorization(std::shared_ptr<const cel::RuleSet> rules, const cel::Environment& environment)
      : rules_(std::move(rules)), environment_(&environment) {}

  bool has_rules() const { return rules_ != nullptr && rules_->size() > 0; }

  // May this caller use the subject, here and now? The decision goes into the record.
  bool allows_use(Exchange& exchange, const McpSubject& subject) const;
  // May this caller see the subject in a list? A rule that depends on a call's arguments is
  // undecided here, and what is undecided is shown: the call decides.
  bool allows_sight(Exchange& exchange, const McpSubject& subject) const;
  // The same for an item of a list. What it costs is taken from `fuel`, which is for the whole
  // list; once there is none, nothing is seen any more and `fuel` stays 0.
  bool allows_sight(Exchange& exchange, const McpSubject& subject, std::uint64_t& fuel) const;

  // For explanations. What is asked above goes through the first of these; nothing is recorded
  // here.
  cel::Decision decide(Exchange& exchange, const McpSubject& subject, cel::Phase phase) const;
  // Each rule alone, in the order of the rules.
  std::vector<cel::Truth> outcomes(Exchange& exchange, const McpSubject& subject,
                                   cel::Phase phase) const;
  // One of them with its subexpressions.
  cel::Explanation explain(Exchange& exchange, const McpSubject& subject, cel::Phase phase,
                           std::uint32_t rule) const;
  // Null if there are none.
  const cel::RuleSet* rules() const { return rules_.get(); }

 private:
  cel::Context& prepare(Exchange& exchange, const McpSubject& subject, cel::Phase phase) const;

  std::shared_ptr<const cel::RuleSet> rules_;
  const cel::Environment* environment_ = nullptr;
};

McpAuthorization make_mcp_authorization(const RulesSettings& settings, BuildContext& context);

}  // namespace policy

#pragma once
// Rules as settings: a list whose items are an expression (which allows) or one of {allow}, {deny},
// {require} with an expression. Shared by `authorization` and `mcpAuthorization`.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cel/rule_set.h"
#include "policy/build.h"
#include "schema/schema.h"

namespace policy {

// Exactly one of the three.
struct RuleSettings {
  std::optional<schema::Located<std::string>> allow;
  std::optional<schema::Located<std::string>> deny;
  std::optional<schema::Located<std::string>> require;
  bool operator==(const RuleSettings&) const = default;

  cel::RuleMode mode() const;
  const schema::Located<std::string>& expression() const;
};
void describe(schema::Object<RuleSettings>& o);

struct RulesSettings {
  std::vector<RuleSettings> rules;
  bool operator==(const RulesSettings&) const = default;
};
void describe(schema::Object<RulesSettings>& o);

// Compiles the rules into one set. Errors and warnings go to the context at the place in the file
// that they are about; null if there was an error.
std::shared_ptr<const cel::RuleSet> compile_rules(const RulesSettings& settings, cel::Phase phase,
                                                  BuildContext& context);

}  // namespace policy

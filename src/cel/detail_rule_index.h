#pragma once
// How a rule set finds the rules that can matter. A *guard* of a rule is a condition `attribute is
// one of these texts` without which the rule cannot hold, found in its top-level conjunction. The
// rules of a side (deny or allow) stand in a table from text to rules for each guarding attribute;
// those without a guard are always looked at.
//
// Soundness: a guard that is false makes its rule false, since && absorbs errors. A guard that
// fails (there is no tool in a request for a prompt) leaves the rule false or failing: the same for
// allow, but a failing deny denies, so denies are then evaluated.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cel/rule_set.h"

namespace cel {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

using RuleNumbers = std::vector<std::uint32_t>;  // ascending

struct GuardTable {
  std::uint32_t slot = 0;
  std::unordered_map<std::string, RuleNumbers, TextHash, std::equal_to<>> by_text;
  RuleNumbers all;
};

// The deny rules or the allow rules.
struct Side {
  static constexpr std::size_t tables_max = 7;

  std::vector<GuardTable> tables;
  RuleNumbers unguarded;
  RuleNumbers all;
};

struct RuleIndex {
  std::vector<Rule> rules;
  std::vector<Program> programs;
  bool deny_on_error = true;
  bool is_indexed = true;
  Side deny;
  Side allow;
  RuleNumbers require;
};

struct Guard {
  std::uint32_t slot = 0;
  std::vector<std::string_view> texts;
};

// All guards of a compiled rule; the texts lie in its constants.
std::vector<Guard> guards_of(const Code& code);
// Sorts the rules into the tables of both sides.
void build_index(RuleIndex& index);
// Terms that stand in several rules get one shared answer.
void share_atoms(std::vector<Code*>& codes, Environment& environment);

}  // namespace cel

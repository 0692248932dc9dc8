#include <algorithm>
#include <map>
#include <set>

#include "cel/detail_operations.h"
#include "cel/detail_rule_index.h"

namespace cel {
namespace {

void add_guards(const Op& op, std::vector<Guard>& guards);

// Of `a || b`: the attributes that every branch is guarded by, with all their texts.
void add_guards_of_or(const Op& op, std::vector<Guard>& guards) {
  std::vector<Guard> common;
  const Op* child = op.first();
  for (std::uint32_t i = 0; i < op.count; ++i, child = child->next()) {
    std::vector<Guard> branch;
    add_guards(*child, branch);
    if (i == 0) {
      common = std::move(branch);
      continue;
    }
    for (Guard& guard : common) {
      const auto same = std::find_if(branch.begin(), branch.end(),
                                     [&](const Guard& other) { return other.slot == guard.slot; });
      if (same == branch.end()) {
        guard.texts.clear();
      } else if (!guard.texts.empty()) {
        guard.texts.insert(guard.texts.end(), same->texts.begin(), same->texts.end());
      }
    }
    std::erase_if(common, [](const Guard& guard) { return guard.texts.empty(); });
  }
  guards.insert(guards.end(), common.begin(), common.end());
}

void add_guards(const Op& op, std::vector<Guard>& guards) {
  if (op.kind == OpKind::logical_and) {
    const Op* child = op.first();
    for (std::uint32_t i = 0; i < op.count; ++i, child = child->next()) add_guards(*child, guards);
  } else if (op.kind == OpKind::logical_or) {
    add_guards_of_or(op, guards);
  } else if (op.is_late) {
    return;  // unknown while lists are filtered
  } else if (op.kind == OpKind::slot_equals) {
    guards.push_back(Guard{op.number, {op.constant.text()}});
  } else if (op.kind == OpKind::slot_in) {
    const auto& list = static_cast<const ArrayList&>(op.constant.as_list());
    Guard guard{op.number, {}};
    for (std::size_t i = 0; i < list.size(); ++i) guard.texts.push_back(list.data()[i].text());
    if (!guard.texts.empty()) guards.push_back(std::move(guard));
  }
}

// How many different texts each attribute is compared with: the more, the better it tells rules
// apart.
using Selectivity = std::map<std::uint32_t, std::set<std::string_view>>;

Selectivity selectivity_of(const std::vector<std::vector<Guard>>& guards) {
  Selectivity found;
  for (const std::vector<Guard>& of_rule : guards) {
    for (const Guard& guard : of_rule) {
      found[guard.slot].insert(guard.texts.begin(), guard.texts.end());
    }
  }
  while (found.size() > Side::tables_max) {
    found.erase(std::min_element(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return a.second.size() < b.second.size();
    }));
  }
  return found;
}

const Guard* best_guard(const std::vector<Guard>& guards, const Selectivity& selectivity) {
  const Guard* best = nullptr;
  std::size_t best_size = 0;
  for (const Guard& guard : guards) {
    const auto found = selectivity.find(guard.slot);
    if (found == selectivity.end() || found->second.size() <= best_size) continue;
    best = &guard;
    best_size = found->second.size();
  }
  return best;
}

void add_to_side(Side& side, std::uint32_t rule, const Guard* guard) {
  side.all.push_back(rule);
  if (guard == nullptr) {
    side.unguarded.push_back(rule);
    return;
  }
  auto table = std::find_if(side.tables.begin(), side.tables.end(),
                            [&](const GuardTable& it) { return it.slot == guard->slot; });
  if (table == side.tables.end()) {
    side.tables.emplace_back();
    table = side.tables.end() - 1;
    table->slot = guard->slot;
  }
  table->all.push_back(rule);
  for (const std::string_view text : guard->texts) {
    RuleNumbers& numbers = table->by_text[std::string(text)];
    if (numbers.empty() || numbers.back() != rule) numbers.push_back(rule);
  }
}

// Records that are one attribute, one constant and nothing else.
bool can_be_shared(const Op& op) {
  static constexpr TestFunction shared[] = {
      test_equals_string<true>,    test_differs_string<true>,  test_equals_constant<true>,
      test_differs_constant<true>, test_in_strings<true>,      test_holds_string<true>,
      test_starts_with<true>,      test_ends_with<true>,       test_contains<true>,
      test_matches<true>,          test_matches_literal<true>, test_has_slot};
  return std::find(std::begin(shared), std::end(shared), op.test) != std::end(shared);
}

// Equal keys mean the same test of the same attribute with the same constant; empty if the constant
// has no simple key.
std::string key_of(const Op& op) {
  const auto bytes = [](const auto& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  std::string key = bytes(op.test) + bytes(op.number) + bytes(op.anchors);
  const Value& constant = op.constant;
  key += static_cast<char>(constant.kind());
  switch (constant.kind()) {
    case Kind::null:
      return key;
    case Kind::boolean:
      return key + (constant.is_true() ? '1' : '0');
    case Kind::integer:
      return key + bytes(constant.as_int());
    case Kind::uinteger:
      return key + bytes(constant.as_uint());
    case Kind::string:
      return key + std::string(constant.text());
    case Kind::list:
      break;
    default:
      return "";
  }
  if (op.test != test_in_strings<true>) return "";
  const auto& list = static_cast<const ArrayList&>(constant.as_list());
  for (std::size_t i = 0; i < list.size(); ++i) {
    key += bytes(list.data()[i].text().size()) + std::string(list.data()[i].text());
  }
  return key;
}

}  // namespace

std::vector<Guard> guards_of(const Code& code) {
  std::vector<Guard> guards;
  add_guards(code.root(), guards);
  return guards;
}

void build_index(RuleIndex& index) {
  std::vector<std::vector<Guard>> guards;
  guards.reserve(index.programs.size());
  for (const Program& program : index.programs) guards.push_back(guards_of(program.code()));
  const Selectivity selectivity = selectivity_of(guards);
  for (std::uint32_t i = 0; i < index.rules.size(); ++i) {
    const Guard* guard = best_guard(guards[i], selectivity);
    switch (index.rules[i].mode) {
      case RuleMode::deny:
        add_to_side(index.deny, i, guard);
        break;
      case RuleMode::allow:
        add_to_side(index.allow, i, guard);
        break;
      case RuleMode::require:
        index.require.push_back(i);
        break;
    }
  }
}

void share_atoms(std::vector<Code*>& codes, Environment& environment) {
  std::map<std::string, std::vector<Op*>> uses;
  for (Code* code : codes) {
    for (Op& op : code->ops) {
      if (!can_be_shared(op)) continue;
      std::string key = key_of(op);
      if (!key.empty()) uses[std::move(key)].push_back(&op);
    }
  }
  for (const auto& [key, ops] : uses) {
    if (ops.size() < 2) continue;
    const std::uint32_t atom = environment.atom(key);
    for (Op* op : ops) {
      op->alone = op->test;
      op->test = test_atom;
      op->atom = atom;
      op->is_item_atom = environment.slots()[op->number].phase >= Phase::list;
    }
  }
}

}  // namespace cel

// Does the oracle see anything? A dozen and more bugs are planted into compiled programs and rule
// sets, as a wrong optimizer would make them, and each must be found.

#include <memory>

#include <gtest/gtest.h>

#include "cel/detail_example_request.h"
#include "cel/detail_operations.h"
#include "cel/detail_oracle.h"
#include "cel/detail_random_expression.h"
#include "cel/detail_rule_index.h"

namespace cel {
namespace {

Truth error_is_no(Truth truth) {
  return truth == Truth::error ? Truth::no : truth;
}

Truth equals_with_error_as_false(const Op& op, Context& context) {
  return error_is_no(test_equals_string<true>(op, context));
}
Truth has_with_error_as_false(const Op& op, Context& context) {
  return error_is_no(test_has_slot(op, context));
}
Truth and_without_absorption(const Op& op, Context& context) {
  const Op* child = op.first();
  for (std::uint32_t i = 0; i < op.count; ++i, child = child->next()) {
    const Truth truth = child->test(*child, context);
    if (truth != Truth::yes) return truth;
  }
  return Truth::yes;
}
Truth or_with_error_as_false(const Op& op, Context& context) {
  return error_is_no(test_or(op, context));
}
Truth not_of_error_is_true(const Op& op, Context& context) {
  return test_not(op, context) == Truth::no ? Truth::no : Truth::yes;
}
Truth in_first_string_only(const Op& op, Context& context) {
  const Value value = context.get(op.number);
  if (value.is_error()) return context.fail(value);
  const auto& list = static_cast<const ArrayList&>(op.constant.as_list());
  return truth_of(value.is(Kind::string) && list.size() > 0 &&
                  value.text() == list.data()[0].text());
}
Truth starts_with_anywhere(const Op& op, Context& context) {
  return test_contains<true>(op, context);
}
Truth exists_without_absorption(const Op& op, Context& context) {
  const Truth truth = test_exists(op, context);
  return truth == Truth::yes ? test_exists_one(op, context) : truth;
}
Truth equals_only_same_kind(const Op& op, Context& context) {
  const Value value = context.get(op.number);
  if (!value.is_error() && value.kind() != op.constant.kind()) return Truth::no;
  return test_equals_constant<true>(op, context);
}
Truth holds_with_error_as_false(const Op& op, Context& context) {
  return error_is_no(test_holds_string<true>(op, context));
}
Truth conditional_with_error_as_false(const Op& op, Context& context) {
  const Op* then = op.first()->next();
  const Op* taken = op.first()->test(*op.first(), context) == Truth::yes ? then : then->next();
  return taken->test(*taken, context);
}
Value first_of_repeated(const Op& op, Context& context) {
  const Value value = context.get(op.number);
  if (!value.is(Kind::list) || value.as_list().size() == 0) return value;
  return value.as_list().at(0, context.evaluation().arena());
}
Value default_for_any_error(const Op& op, Context& context) {
  const Value value = value_default(op, context);
  return value.is_error() ? op.first()->next()->value(*op.first()->next(), context) : value;
}

struct Bug {
  const char* name;
  TestFunction test;        // this function ...
  TestFunction wrong_test;  // ... becomes this one
  ValueFunction value = nullptr;
  ValueFunction wrong_value = nullptr;
};

const Bug bugs[] = {
    {"a fused comparison takes an error for false", test_equals_string<true>,
     equals_with_error_as_false},
    {"a fused has() takes an error for false", test_has_slot, has_with_error_as_false},
    {"&& stops at the first error", test_and, and_without_absorption},
    {"|| takes an error for false", test_or, or_with_error_as_false},
    {"! of an error is true", test_not, not_of_error_is_true},
    {"a set of constants is only its first", test_in_strings<true>, in_first_string_only},
    {"startsWith finds the text anywhere", test_starts_with<true>, starts_with_anywhere},
    {"exists stops at a second match", test_exists, exists_without_absorption},
    {"numbers of other kinds are unequal", test_equals_constant<true>, equals_only_same_kind},
    {"`in` of a text is false", test_holds_string<true>, holds_with_error_as_false},
    {"?: takes an error for false", test_conditional, conditional_with_error_as_false},
    {"only the first of repeated headers is seen", nullptr, nullptr, value_slot, first_of_repeated},
    {"default() hides every error", nullptr, nullptr, value_default, default_for_any_error},
};

// Programs belong to their tests here, so they may be spoilt.
Code& spoil(const Program& program) {
  return const_cast<Code&>(program.code());
}

std::size_t plant(const Program& program, const Bug& bug) {
  std::size_t planted = 0;
  for (Op& op : spoil(program).ops) {
    if (bug.test != nullptr && op.test == bug.test) {
      op.test = bug.wrong_test;
      ++planted;
    }
    if (bug.value != nullptr && op.value == bug.value) {
      op.value = bug.wrong_value;
      ++planted;
    }
  }
  return planted;
}

std::size_t drop_anchors(const Program& program) {
  std::size_t planted = 0;
  for (Op& op : spoil(program).ops) {
    if (op.test != test_matches_literal<true> || op.anchors == 0) continue;
    op.anchors = 0;
    ++planted;
  }
  return planted;
}

// `error && X` folded to an error, although X may be false.
std::size_t fold_failing_and(const Program& program) {
  std::size_t planted = 0;
  for (Op& op : spoil(program).ops) {
    if (op.kind != OpKind::logical_and) continue;
    const Op* child = op.first();
    for (std::uint32_t i = 0; i < op.count; ++i, child = child->next()) {
      if (child->kind != OpKind::constant || child->constant.is(Kind::boolean)) continue;
      op.constant = child->constant;
      op.test = test_constant;
      ++planted;
    }
  }
  return planted;
}

// Does any of some thousand random expressions show the bug?
template <class Plant>
bool finds(Plant plant_bug) {
  std::vector<std::unique_ptr<ExampleRequest>> requests;
  for (const std::string_view json : random_requests) {
    requests.push_back(std::make_unique<ExampleRequest>(std::string(json)));
  }
  CompileOptions options;
  options.is_checked = false;
  Choices choices(3);
  for (int i = 0; i < 8'000; ++i) {
    Environment environment(example_attributes());
    const Compiled compiled = compile(RandomExpression(choices).rule(), environment, options);
    if (!compiled.ok() || plant_bug(*compiled.program) == 0) continue;
    for (const auto& request : requests) {
      if (!difference(*compiled.program, environment, *request).empty()) return true;
    }
  }
  return false;
}

TEST(PlantedBug, in_a_program_is_found) {
  for (const Bug& bug : bugs) {
    EXPECT_TRUE(finds([&](const Program& program) { return plant(program, bug); })) << bug.name;
  }
  EXPECT_TRUE(finds(drop_anchors));
  EXPECT_TRUE(finds(fold_failing_and));
}

TEST(PlantedBug, is_not_seen_where_there_is_none) {
  EXPECT_FALSE(finds([](const Program&) { return 1; }));
}

// --- bugs of rule sets ---

const std::vector<Rule>& guarded_rules() {
  static const std::vector<Rule> rules = {
      {RuleMode::deny, "mcp.tool.name == \"rm\" && has(jwt.sub)", ""},
      {RuleMode::allow, "mcp.tool.name == \"echo\" && jwt.sub == \"alice\"", ""},
      {RuleMode::allow, "mcp.tool.name == \"add\" && jwt.sub == \"alice\"", ""},
      {RuleMode::allow, "mcp.tool.name.startsWith(\"x\")", ""},
      {RuleMode::allow, "mcp.tool.target == \"a\" && mcp.tool.name.startsWith(\"x\")", ""}};
  return rules;
}

// One request after another in one Context, as a list is filtered.
template <class Spoil>
bool set_finds(Spoil spoil_set) {
  Environment environment(example_attributes());
  CompiledRules compiled = compile_rules(guarded_rules(), environment);
  EXPECT_TRUE(compiled.ok());
  spoil_set(const_cast<RuleIndex&>(compiled.rules->index()));
  for (const char* rest : {R"("mcp": {"tool": {"name": "echo", "target": "b"}}})",
                           R"("mcp": {"prompt": {"name": "echo"}}})"}) {
    ExampleRequest request(std::string(R"({"jwt": {"sub": "alice"}, )") + rest);
    Context context(environment, request);
    for (const char* tool : {"", "x1", "echo", "add", "rm", "x1", "none"}) {
      request.tool_name = tool;
      context.next_item();
      std::vector<Truth> outcomes;
      for (const Rule& rule : guarded_rules()) {
        outcomes.push_back(reference_outcome(rule.source, example_attributes(), request).truth);
      }
      if (compiled.rules->decide(context) != combined(guarded_rules(), outcomes, true)) return true;
    }
  }
  return false;
}

TEST(PlantedBug, in_a_rule_set_is_found) {
  EXPECT_FALSE(set_finds([](RuleIndex&) {}));
  EXPECT_TRUE(set_finds([](RuleIndex& index) {
    for (GuardTable& table : index.allow.tables) table.by_text.erase("add");
  })) << "a guarded rule is lost";
  EXPECT_TRUE(set_finds([](RuleIndex& index) { index.allow.unguarded.clear(); }))
      << "rules without a guard are lost";
  EXPECT_TRUE(set_finds([](RuleIndex& index) {
    for (GuardTable& table : index.deny.tables) ++table.slot;
  })) << "the guard is that of another attribute";
  EXPECT_TRUE(set_finds([](RuleIndex& index) { index.deny.tables.clear(); }))
      << "deny rules whose guard fails are skipped";
  EXPECT_TRUE(set_finds([](RuleIndex& index) {
    for (const Program& program : index.programs) {
      for (Op& op : spoil(program).ops) op.is_item_atom = false;
    }
  })) << "shared atoms outlive their item";
  EXPECT_TRUE(set_finds([](RuleIndex& index) { std::swap(index.allow, index.deny); }))
      << "allow and deny are mixed up";
}

}  // namespace
}  // namespace cel

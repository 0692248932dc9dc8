#include "cel/program.h"

#include <algorithm>
#include <atomic>
#include <tuple>
#include <utility>

#include "cel/checker.h"
#include "cel/detail_code.h"
#include "cel/detail_emitter.h"
#include "cel/detail_operations.h"

namespace cel {

struct Compiler {
  static Program make(std::unique_ptr<Code> code) { return Program(std::move(code)); }
};

namespace {

constexpr std::size_t problems_max = 10;

ParseOptions parse_options(const CompileOptions& options) {
  ParseOptions parsing;
  parsing.allows_block = options.allows_block;
  return parsing;
}

// In the order of the source, errors before warnings at one place; at most ten.
void tidy(std::vector<Problem>& problems) {
  std::sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.offset, a.severity, a.text) < std::tie(b.offset, b.severity, b.text);
  });
  const bool has_errors = has_error(problems);
  if (problems.size() <= problems_max) return;
  if (has_errors) {
    std::erase_if(problems, [](const Problem& it) { return it.severity == Severity::warning; });
  }
  if (problems.size() > problems_max) problems.resize(problems_max);
}

// A rule that is decided at load is hardly what was meant.
void warn_of_constant(const Code& code, std::vector<Problem>& problems) {
  const Op& root = code.root();
  if (root.kind != OpKind::constant || !root.constant.is(Kind::boolean)) return;
  Problem problem;
  problem.severity = Severity::warning;
  problem.offset = code.ast.nodes[code.ast.root].begin;
  problem.length = code.ast.nodes[code.ast.root].end - problem.offset;
  problem.text = root.constant.is_true() ? "this rule is always true" : "this rule is always false";
  problems.push_back(std::move(problem));
}

template <class Result, class Run>
Result within_budget(const Code& code, Context& context, Run run) {
  context.begin();
  Evaluation& evaluation = context.evaluation();
  const std::uint64_t held_back = evaluation.hold_back(context.budget().rule_fuel);
  const Result result = run(evaluation.spend(code.straight_cost));
  evaluation.give_back(held_back);
  return result;
}

}  // namespace

std::unique_ptr<Patterns> Patterns::make(std::string_view text, std::string& why) {
  auto patterns = std::make_unique<Patterns>();
  for (std::size_t i = 0; i < copies; ++i) {
    auto pattern = Pattern::make(text);
    if (!pattern) {
      why = pattern.error().why();
      return nullptr;
    }
    patterns->copies_.push_back(std::move(*pattern));
  }
  return patterns;
}

const Pattern& Patterns::mine() const {
  static std::atomic<std::size_t> next_thread{0};
  thread_local const std::size_t thread = next_thread.fetch_add(1, std::memory_order_relaxed);
  return copies_[thread % copies];
}

Program::Program(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

Truth Program::test(Context& context) const {
  return within_budget<Truth>(*code_, context, [&](bool has_fuel) {
    if (!has_fuel) return context.fail(context.evaluation().out_of_fuel());
    return code_->root().test(code_->root(), context);
  });
}

Value Program::evaluate(Context& context) const {
  return within_budget<Value>(*code_, context, [&](bool has_fuel) {
    if (!has_fuel) return context.evaluation().out_of_fuel();
    const Value value = code_->root().value(code_->root(), context);
    return context.evaluation().is_aborted() && !value.is_abort()
               ? context.evaluation().out_of_fuel()
               : value;
  });
}

std::string_view Program::source() const {
  return code_->source;
}
bool Program::needs_later_than(Phase phase) const {
  return code_->latest > phase;
}
std::string_view Program::type() const {
  return code_->type;
}
std::uint64_t Program::cost() const {
  return code_->cost;
}

Compiled compile(std::string_view source, Environment& environment, const CompileOptions& options) {
  Compiled compiled;
  Parsed parsed = parse(source, parse_options(options));
  compiled.problems = std::move(parsed.problems);
  if (has_error(compiled.problems)) {
    tidy(compiled.problems);
    return compiled;
  }
  auto code = std::make_unique<Code>();
  code->source = source;
  code->ast = std::move(parsed.ast);
  if (options.is_checked) {
    Checked checked = check_tree(code->ast, environment, options);
    compiled.problems.insert(compiled.problems.end(), checked.problems.begin(),
                             checked.problems.end());
    compiled.type = checked.type;
    code->type = checked.type;
    code->cost = checked.cost;
  }
  if (!has_error(compiled.problems)) {
    Emitter emitter(*code, environment, options);
    emitter.run();
    compiled.problems.insert(compiled.problems.end(), emitter.problems().begin(),
                             emitter.problems().end());
    if (options.is_rule) warn_of_constant(*code, compiled.problems);
  }
  tidy(compiled.problems);
  if (!has_error(compiled.problems)) compiled.program = Compiler::make(std::move(code));
  return compiled;
}

std::vector<Problem> check(std::string_view source, const Environment& environment,
                           const CompileOptions& options) {
  // Slots are added to an environment of its own: the caller's stays as it is.
  Environment scratch(environment.attributes());
  scratch.set_container(environment.container());
  for (const auto& [name, signature] : environment.declared_functions()) {
    scratch.declare_function(name, signature);
  }
  return compile(source, scratch, options).problems;
}

}  // namespace cel

#pragma once
// A compiled expression: checked, folded, and laid out as records in a row with one function
// pointer each. Evaluating a boolean one allocates nothing on the heap and is safe from any number
// of threads, each with its own Context.
//
//   Environment environment(attributes);
//   Compiled compiled = compile("jwt.sub == 'a'", environment);   // problems, or a program
//   Context context(environment, source);                          // per request
//   Truth holds = compiled.program->test(context);

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/context.h"
#include "cel/environment.h"
#include "cel/problem.h"
#include "cel/value.h"

namespace cel {

struct CompileOptions {
  Phase phase = Phase::call;  // when it will be evaluated: later attributes are errors
  bool is_checked = true;     // without, wrong names and types fail when they are evaluated
  bool is_rule = true;        // a rule must be a bool, and is warned about as a rule
  bool is_deny_rule = false;  // warn if a missing claim makes it fail
  bool allows_block = false;  // cel.block and cel.index, for conformance tests
  bool allows_dynamic_patterns = true;    // matches() with a pattern that is not a constant
  bool is_optimized = true;               // off: straight translation, for comparing
  std::uint64_t fuel_max = default_fuel;  // a static estimate above it is an error
};

struct Code;  // the records; internal

class Program {
 public:
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  // The three-state outcome of a boolean expression, under the context's rule budget.
  Truth test(Context& context) const;
  // The result, or a Value of kind error. It lives until the context is used again.
  Value evaluate(Context& context) const;

  std::string_view source() const;
  // Does it read an attribute that exists only after `phase`? Then it is undecided at that time.
  bool needs_later_than(Phase phase) const;
  // The deduced type as text: "list(int)". "dyn" if it was not checked.
  std::string_view type() const;
  // The checker's estimate of the fuel it may need at worst.
  std::uint64_t cost() const;

  const Code& code() const { return *code_; }

 private:
  friend struct Compiler;
  friend struct RuleSetBuilder;
  explicit Program(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

struct Compiled {
  std::optional<Program> program;  // present if no problem is an error
  std::vector<Problem> problems;   // errors and warnings, in the order of the source
  std::string type;                // the deduced type, also if there is no program

  bool ok() const { return program.has_value(); }
};

// Parses, checks, folds and compiles. Reports all problems (up to ten), not the first.
Compiled compile(std::string_view source, Environment& environment,
                 const CompileOptions& options = CompileOptions());
// Parse and check only; adds no slots.
std::vector<Problem> check(std::string_view source, const Environment& environment,
                           const CompileOptions& options = CompileOptions());

}  // namespace cel

// The conformance tests of the language's specification, on the reference interpreter and on the
// compiled engine. The README of the corpus describes the shape of its files.

#include <cmath>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "base/base64.h"
#include "cel/convert.h"
#include "cel/function.h"
#include "cel/program.h"
#include "cel/reference.h"
#include "json/value.h"

namespace cel {
namespace {

// Where the specification's tests ask for what this engine does not do, and why.
const std::map<std::string, std::string> exceptions{};

// How many applicable cases there are; fewer mean that the corpus was read wrongly.
constexpr std::size_t applicable_cases = 1488;
constexpr std::size_t check_only_cases = 11;

std::filesystem::path corpus() {
  const char* shared = std::getenv("SHARED_DIR");
  return std::filesystem::path(shared != nullptr ? shared : "../shared") / "cel-conformance";
}

std::string text_of(json::Value value, std::string_view name) {
  return std::string(value.find_string(name).value_or(""));
}

std::int64_t int_of(json::Value value, std::string_view name) {
  const auto found = value.find(name);
  if (!found) return 0;
  if (const auto number = found->as_int()) return *number;
  return std::strtoll(std::string(found->as_string().value_or("0")).c_str(), nullptr, 10);
}

double double_of(json::Value value) {
  const auto text = value.as_string();
  if (!text) return value.as_double().value_or(0);
  if (*text == "NaN") return std::nan("");
  return *text == "Infinity" ? HUGE_VAL : -HUGE_VAL;
}

constexpr std::int64_t nanos_per_second = 1'000'000'000;

// VALUE of the corpus as a value.
Value read_value(json::Value encoded, Evaluation& memory) {
  const json::Member member = *encoded.members().begin();
  const json::Value content = member.value;
  const std::string text(content.as_string().value_or(""));
  if (member.name == "null_value") return Value::null();
  if (member.name == "bool_value") return Value::of_bool(*content.as_bool());
  if (member.name == "int64_value") {
    return Value::of_int(std::strtoll(text.c_str(), nullptr, 10));
  }
  if (member.name == "uint64_value") {
    return Value::of_uint(std::strtoull(text.c_str(), nullptr, 10));
  }
  if (member.name == "double_value") return Value::of_double(double_of(content));
  if (member.name == "string_value") return memory.string(text);
  if (member.name == "bytes_value") return memory.bytes(base::base64_decode(text).value());
  if (member.name == "type_value") return Value::of_type(memory.string(text).as_string());
  if (member.name == "json_value") return from_json(content, memory.arena());
  if (member.name == "duration_value") {
    return Value::of_duration(int_of(content, "seconds") * nanos_per_second +
                              int_of(content, "nanos"));
  }
  if (member.name == "timestamp_value") {
    return Value::of_timestamp(int_of(content, "seconds"),
                               static_cast<std::uint32_t>(int_of(content, "nanos")));
  }
  if (member.name == "list_value") {
    const json::Value elements = content.find("values").value_or(json::Value());
    Value* values = memory.arena().make_values(elements.size());
    std::size_t count = 0;
    for (const json::Value element : elements.elements()) {
      values[count++] = read_value(element, memory);
    }
    return memory.list(values, count);
  }
  if (member.name == "map_value") {
    const json::Value list = content.find("entries").value_or(json::Value());
    auto* entries =
        static_cast<Entry*>(memory.arena().allocate(list.size() * sizeof(Entry), alignof(Entry)));
    std::size_t count = 0;
    for (const json::Value entry : list.elements()) {
      entries[count++] = {read_value(*entry.find("key"), memory),
                          read_value(*entry.find("value"), memory)};
    }
    return memory.map(entries, count);
  }
  return Value::error(ErrorCode::bad_argument, "a value that has no counterpart");
}

// Equal with the same types all the way down; a NaN equals a NaN.
bool same(const Value& left, const Value& right, Evaluation& memory);

bool same_lists(const List& left, const List& right, Evaluation& memory) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!same(left.at(i, memory.arena()), right.at(i, memory.arena()), memory)) return false;
  }
  return true;
}

bool same_maps(const Map& left, const Map& right, Evaluation& memory) {
  if (left.size() != right.size()) return false;
  Cursor left_cursor;
  Entry left_entry;
  while (left.next(left_cursor, memory.arena(), left_entry)) {
    Cursor right_cursor;
    Entry right_entry;
    bool is_found = false;
    while (!is_found && right.next(right_cursor, memory.arena(), right_entry)) {
      is_found = same(left_entry.key, right_entry.key, memory) &&
                 same(left_entry.value, right_entry.value, memory);
    }
    if (!is_found) return false;
  }
  return true;
}

bool same(const Value& left, const Value& right, Evaluation& memory) {
  if (left.kind() != right.kind()) return false;
  if (left.is(Kind::list)) return same_lists(left.as_list(), right.as_list(), memory);
  if (left.is(Kind::map)) return same_maps(left.as_map(), right.as_map(), memory);
  if (left.is(Kind::real) && std::isnan(left.as_double())) return std::isnan(right.as_double());
  return equal(left, right, memory);
}

// The variables of a case: those that are declared or bound.
class Variables final : public AttributeSource {
 public:
  Variables(json::Value test, Evaluation& memory) {
    const json::Value declared = test.find("type_env").value_or(json::Value());
    for (const json::Value declaration : declared.elements()) {
      const auto type = declaration.find_string("variable");
      if (type) add(text_of(declaration, "name"), std::string(*type));
    }
    const json::Value bound = test.find("bindings").value_or(json::Value());
    for (const json::Member binding : bound.members()) {
      add(std::string(binding.name), "dyn");
      values_[std::string(binding.name)] = read_value(binding.value, memory);
    }
  }

  AttributeTable table() const { return table_; }
  Value get(AttributeIndex index, Arena&) const override {
    const auto found = values_.find(std::string(table_[index].path));
    return found != values_.end() ? found->second : Value::error(ErrorCode::no_such_key);
  }

 private:
  void add(const std::string& name, const std::string& type) {
    if (find_attribute(table_, name)) return;
    Attribute attribute;
    attribute.path = texts_.emplace_back(name);
    attribute.type = texts_.emplace_back(type);
    table_.push_back(attribute);
  }

  std::deque<std::string> texts_;
  std::vector<Attribute> table_;
  std::map<std::string, Value> values_;
};

// What an engine made of a case.
struct Outcome {
  bool is_error = false;
  std::string problem;  // of an error, for messages
  Value value;
  std::string type;  // if the engine has a checker and the case is checked
};

using Engine = Outcome (*)(json::Value test, const Variables& variables, Evaluation& memory);

std::string problems_text(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) text += problem.text + "; ";
  return text;
}

ParseOptions parse_options() {
  ParseOptions options;
  options.allows_block = true;
  return options;
}

Outcome run_reference(json::Value test, const Variables& variables, Evaluation& memory) {
  const std::string container = text_of(test, "container");
  // Kept as long as the values that point into it.
  const auto parsed = std::make_shared<Parsed>(parse(text_of(test, "expr"), parse_options()));
  EXPECT_TRUE(memory.arena().own(parsed, 1));
  Outcome outcome;
  if (!parsed->ok()) {
    outcome.is_error = true;
    outcome.problem = problems_text(parsed->problems);
    return outcome;
  }
  outcome.value =
      evaluate_reference(parsed->ast, {variables.table(), variables, container}, memory);
  outcome.is_error = outcome.value.is_error();
  if (outcome.is_error) outcome.problem = error_text(outcome.value);
  return outcome;
}

// What a compiled case needs as long as its value is looked at.
struct Compilation {
  explicit Compilation(const Variables& variables) : environment(variables.table()) {}
  Environment environment;
  Compiled compiled;
  std::optional<Context> context;
};

// "(T, U) -> V" or "T.(U) -> V", as the library's table writes it.
std::string signature_text(json::Value function) {
  std::vector<std::string> parameters;
  for (const json::Value parameter : function.find("params")->elements()) {
    parameters.emplace_back(*parameter.as_string());
  }
  std::string text;
  std::size_t first = 0;
  if (function.find("member")->as_bool().value_or(false)) text = parameters[first++] + '.';
  text += '(';
  for (std::size_t i = first; i < parameters.size(); ++i) {
    text += (i > first ? ", " : "") + parameters[i];
  }
  return text + ") -> " + text_of(function, "result");
}

void declare_functions(json::Value test, Environment& environment) {
  const json::Value declared = test.find("type_env").value_or(json::Value());
  for (const json::Value declaration : declared.elements()) {
    const json::Value overloads = declaration.find("function").value_or(json::Value());
    for (const json::Value function : overloads.elements()) {
      environment.declare_function(text_of(declaration, "name"), signature_text(function));
    }
  }
}

bool is_set(json::Value test, std::string_view flag) {
  const auto found = test.find(flag);
  return found && found->as_bool().value_or(false);
}

Outcome run_compiled(json::Value test, const Variables& variables, Evaluation& memory) {
  const auto kept = std::make_shared<Compilation>(variables);
  EXPECT_TRUE(memory.arena().own(kept, 1));
  kept->environment.set_container(text_of(test, "container"));
  declare_functions(test, kept->environment);
  CompileOptions options;
  options.phase = Phase::log;
  options.is_checked = !is_set(test, "disable_check");
  options.is_rule = false;
  options.allows_block = true;
  kept->compiled = compile(text_of(test, "expr"), kept->environment, options);
  Outcome outcome;
  if (options.is_checked) outcome.type = kept->compiled.type;
  if (!kept->compiled.ok()) {
    outcome.is_error = true;
    outcome.problem = problems_text(kept->compiled.problems);
    return outcome;
  }
  if (is_set(test, "check_only")) return outcome;
  kept->context.emplace(kept->environment, variables);
  outcome.value = kept->compiled.program->evaluate(*kept->context);
  outcome.is_error = outcome.value.is_error();
  if (outcome.is_error) outcome.problem = error_text(outcome.value);
  return outcome;
}

struct Count {
  std::size_t passed = 0;
  std::size_t applicable = 0;
};

class Report {
 public:
  void add(const std::string& group, bool has_passed) {
    ++counts_[group].applicable;
    counts_[group].passed += has_passed ? 1 : 0;
  }
  void print(std::string_view title) const {
    std::cout << title << '\n';
    for (const auto& [group, count] : counts_) {
      std::cout << "  " << group << ": " << count.passed << " / " << count.applicable << '\n';
    }
  }
  Count total() const {
    Count total;
    for (const auto& [group, count] : counts_) {
      total.passed += count.passed;
      total.applicable += count.applicable;
    }
    return total;
  }

 private:
  std::map<std::string, Count> counts_;
};

// Empty if the case passes, otherwise what is wrong.
std::string judge(json::Value test, Engine engine) {
  Evaluation memory(default_fuel, std::size_t{16} << 20U);
  const Variables variables(test, memory);
  const Outcome outcome = engine(test, variables, memory);
  const json::Value expected = *test.find("expect");
  if (expected.find("error")) return outcome.is_error ? "" : "no error";
  const auto type = expected.find_string("type");
  if (type && !outcome.type.empty() && outcome.type != *type) {
    return "type " + outcome.type + " instead of " + std::string(*type);
  }
  if (outcome.is_error) return outcome.problem;
  const auto value = expected.find("value");
  if (!value) return outcome.type.empty() ? "no type" : "";
  const Value wanted = read_value(*value, memory);
  if (same(outcome.value, wanted, memory)) return "";
  return to_text(outcome.value, memory.arena()) + " instead of " + to_text(wanted, memory.arena());
}

// Which cases an engine can run at all.
enum class Scope { all, without_checker };

void run_file(const json::Document& document, Engine engine, Scope scope, Report& report) {
  const std::string file = text_of(document.root(), "file");
  for (const json::Value section : document.root().find("sections")->elements()) {
    for (const json::Value test : section.find("tests")->elements()) {
      if (!is_set(test, "applicable")) continue;
      if (scope == Scope::without_checker && is_set(test, "check_only")) continue;
      const std::string id = text_of(test, "id");
      if (exceptions.contains(id)) continue;
      const std::string problem = judge(test, engine);
      EXPECT_EQ(problem, "") << id << ": " << text_of(test, "expr");
      report.add(file, problem.empty());
    }
  }
}

void run_corpus(Engine engine, Scope scope, std::string_view title) {
  if (!std::filesystem::exists(corpus())) {
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true") FAIL() << "the corpus is missing";
    GTEST_SKIP() << "the corpus is not here";
  }
  Report report;
  for (const auto& entry : std::filesystem::directory_iterator(corpus())) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream stream(entry.path());
    std::stringstream text;
    text << stream.rdbuf();
    const auto document = json::Document::parse(text.str());
    ASSERT_TRUE(document.has_value()) << entry.path();
    run_file(*document, engine, scope, report);
  }
  report.print(title);
  const std::size_t left_out = scope == Scope::all ? 0 : check_only_cases;
  EXPECT_EQ(report.total().applicable + exceptions.size() + left_out, applicable_cases);
  EXPECT_EQ(report.total().passed, report.total().applicable);
}

TEST(ConformanceCorpus, the_reference_interpreter_passes_every_applicable_case) {
  run_corpus(run_reference, Scope::without_checker, "reference interpreter");
}

TEST(ConformanceCorpus, the_compiled_engine_passes_every_applicable_case) {
  run_corpus(run_compiled, Scope::all, "compiled engine");
}

}  // namespace
}  // namespace cel

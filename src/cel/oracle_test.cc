// The compiled engine against independent judges: small models in full, and random expressions.

#include <array>
#include <cstdlib>
#include <map>

#include <gtest/gtest.h>

#include "cel/detail_example_request.h"
#include "cel/detail_oracle.h"
#include "cel/detail_random_expression.h"

namespace cel {
namespace {

// --- every small boolean expression over four atoms ---

constexpr std::array<Truth, 3> truths = {Truth::no, Truth::yes, Truth::error};

struct Skeleton {
  enum class Kind { atom, negation, conjunction, disjunction, conditional };
  Kind kind = Kind::atom;
  std::vector<Skeleton> parts;
  std::size_t leaves = 1;
};

// The model: what CEL says, in three values.
Truth model(const Skeleton& skeleton, const Truth*& atoms) {
  if (skeleton.kind == Skeleton::Kind::atom) return *atoms++;
  std::vector<Truth> parts;
  for (const Skeleton& part : skeleton.parts) parts.push_back(model(part, atoms));
  const auto has = [&](Truth wanted) {
    return std::find(parts.begin(), parts.end(), wanted) != parts.end();
  };
  switch (skeleton.kind) {
    case Skeleton::Kind::negation:
      if (parts[0] == Truth::error) return Truth::error;
      return parts[0] == Truth::yes ? Truth::no : Truth::yes;
    case Skeleton::Kind::conjunction:
      return has(Truth::no) ? Truth::no : has(Truth::error) ? Truth::error : Truth::yes;
    case Skeleton::Kind::disjunction:
      return has(Truth::yes) ? Truth::yes : has(Truth::error) ? Truth::error : Truth::no;
    default:
      if (parts[0] == Truth::error) return Truth::error;
      return parts[0] == Truth::yes ? parts[1] : parts[2];
  }
}

std::string text_of(const Skeleton& skeleton, const std::string*& atoms) {
  if (skeleton.kind == Skeleton::Kind::atom) return *atoms++;
  std::vector<std::string> parts;
  for (const Skeleton& part : skeleton.parts) parts.push_back(text_of(part, atoms));
  switch (skeleton.kind) {
    case Skeleton::Kind::negation:
      return "!(" + parts[0] + ")";
    case Skeleton::Kind::conjunction:
      return "(" + parts[0] + " && " + parts[1] + ")";
    case Skeleton::Kind::disjunction:
      return "(" + parts[0] + " || " + parts[1] + ")";
    default:
      return "(" + parts[0] + " ? " + parts[1] + " : " + parts[2] + ")";
  }
}

void add_with_negation(std::vector<Skeleton>& all, Skeleton skeleton) {
  Skeleton negated;
  negated.kind = Skeleton::Kind::negation;
  negated.leaves = skeleton.leaves;
  negated.parts = {skeleton};
  all.push_back(std::move(skeleton));
  all.push_back(std::move(negated));
}

void add_joined(std::vector<Skeleton>& all, std::vector<Skeleton> parts) {
  Skeleton joined;
  joined.leaves = 0;
  for (const Skeleton& part : parts) joined.leaves += part.leaves;
  const bool is_conditional = parts.size() == 3;
  joined.parts = std::move(parts);
  joined.kind = is_conditional ? Skeleton::Kind::conditional : Skeleton::Kind::conjunction;
  add_with_negation(all, joined);
  if (is_conditional) return;
  joined.kind = Skeleton::Kind::disjunction;
  add_with_negation(all, joined);
}

// All skeletons with that many leaves.
const std::vector<Skeleton>& skeletons(std::size_t leaves) {
  static std::map<std::size_t, std::vector<Skeleton>> made;
  const auto [found, is_new] = made.try_emplace(leaves);
  std::vector<Skeleton>& all = found->second;
  if (!is_new) return all;
  if (leaves == 1) add_with_negation(all, Skeleton());
  for (std::size_t first = 1; first < leaves; ++first) {
    for (const Skeleton& left : skeletons(first)) {
      for (const Skeleton& right : skeletons(leaves - first)) add_joined(all, {left, right});
    }
    for (std::size_t second = 1; first + second < leaves; ++second) {
      for (const Skeleton& a : skeletons(first)) {
        for (const Skeleton& b : skeletons(second)) {
          for (const Skeleton& c : skeletons(leaves - first - second)) add_joined(all, {a, b, c});
        }
      }
    }
  }
  return all;
}

// A request in which jwt.a .. jwt.d make `jwt.x == "t"` true, false or fail.
std::string request_of(std::span<const Truth> atoms) {
  std::string claims;
  const char name[] = {'a', 'b', 'c', 'd'};
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (atoms[i] == Truth::error) continue;
    if (!claims.empty()) claims += ", ";
    claims += std::string("\"") + name[i] + "\": \"" + (atoms[i] == Truth::yes ? "t" : "f") + "\"";
  }
  return R"({"jwt": {)" + claims + "}}";
}

// Requests of all assignments to `count` atoms.
struct Assignment {
  std::vector<Truth> atoms;
  std::unique_ptr<ExampleRequest> request;
};

std::vector<Assignment> assignments(std::size_t count) {
  std::vector<Assignment> all;
  std::size_t total = 1;
  for (std::size_t i = 0; i < count; ++i) total *= truths.size();
  for (std::size_t number = 0; number < total; ++number) {
    Assignment assignment;
    std::size_t rest = number;
    for (std::size_t i = 0; i < count; ++i, rest /= truths.size()) {
      assignment.atoms.push_back(truths[rest % truths.size()]);
    }
    assignment.request = std::make_unique<ExampleRequest>(request_of(assignment.atoms));
    all.push_back(std::move(assignment));
  }
  return all;
}

CompileOptions unchecked() {
  CompileOptions options;
  options.is_checked = false;
  return options;
}

TEST(Oracle, every_expression_of_four_atoms_is_what_the_model_says) {
  const std::string atoms[] = {"jwt.a == \"t\"", "jwt.b == \"t\"", "jwt.c == \"t\"",
                               "jwt.d == \"t\""};
  std::size_t count = 0;
  std::size_t wrong = 0;
  for (std::size_t leaves = 1; leaves <= 4; ++leaves) {
    const std::vector<Assignment> all = assignments(leaves);
    for (const Skeleton& skeleton : skeletons(leaves)) {
      const std::string* texts = atoms;
      const std::string source = text_of(skeleton, texts);
      Environment environment(example_attributes());
      const Compiled compiled = compile(source, environment, unchecked());
      ASSERT_TRUE(compiled.ok()) << source;
      for (const Assignment& assignment : all) {
        const Truth* values = assignment.atoms.data();
        const Truth expected = model(skeleton, values);
        Context context(environment, *assignment.request);
        if (compiled.program->test(context) != expected && ++wrong < 10) {
          ADD_FAILURE() << source;
        }
        ++count;
      }
    }
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(count, 400'000U);
}

// Each leaf an atom or a constant: what folding leaves must mean the same.
TEST(Oracle, every_expression_with_constants_is_what_the_model_says) {
  const std::string forms[] = {"", "true", "false", "(1 / 0 == 1)"};
  const std::string names[] = {"jwt.a == \"t\"", "jwt.b == \"t\"", "jwt.c == \"t\""};
  const std::vector<Assignment> all = assignments(3);
  std::size_t count = 0;
  for (const Skeleton& skeleton : skeletons(3)) {
    for (std::size_t number = 0; number < 64; ++number) {
      const std::size_t form[] = {number % 4, number / 4 % 4, number / 16};
      std::string atoms[3];
      for (std::size_t i = 0; i < 3; ++i) atoms[i] = form[i] == 0 ? names[i] : forms[form[i]];
      const std::string* texts = atoms;
      const std::string source = text_of(skeleton, texts);
      Environment environment(example_attributes());
      const Compiled compiled = compile(source, environment, unchecked());
      ASSERT_TRUE(compiled.ok()) << source;
      for (const Assignment& assignment : all) {
        Truth known[3];
        for (std::size_t i = 0; i < 3; ++i) {
          const Truth constants[] = {assignment.atoms[i], Truth::yes, Truth::no, Truth::error};
          known[i] = constants[form[i]];
        }
        const Truth* values = known;
        Context context(environment, *assignment.request);
        ASSERT_EQ(compiled.program->test(context), model(skeleton, values)) << source;
        ++count;
      }
    }
  }
  EXPECT_GT(count, 400'000U);
}

// --- random expressions ---

std::uint64_t seed_of_run() {
  const char* seed = std::getenv("CEL_SEED");
  return seed != nullptr ? std::strtoull(seed, nullptr, 10) : 1;
}

TEST(Oracle, random_expressions_mean_what_the_reference_says) {
  std::vector<std::unique_ptr<ExampleRequest>> requests;
  for (const std::string_view json : random_requests) {
    requests.push_back(std::make_unique<ExampleRequest>(std::string(json)));
  }
  Choices choices(seed_of_run());
  std::map<Truth, std::size_t> outcomes;
  int wrong = 0;
  for (int i = 0; i < 8'000 && wrong < 10; ++i) {
    const std::string source = RandomExpression(choices).rule();
    Environment environment(example_attributes());
    const Compiled compiled = compile(source, environment, unchecked());
    if (!compiled.ok()) continue;
    for (const auto& request : requests) {
      const std::string found = difference(*compiled.program, environment, *request);
      if (!found.empty()) {
        ++wrong;
        ADD_FAILURE() << found;
      }
      ++outcomes[reference_outcome(source, example_attributes(), *request).truth];
    }
  }
  // All three outcomes are common, or the test proves little.
  EXPECT_GT(outcomes[Truth::yes], 2'000U);
  EXPECT_GT(outcomes[Truth::no], 2'000U);
  EXPECT_GT(outcomes[Truth::error], 2'000U);
}

// A checked program is the same program.
TEST(Oracle, expressions_that_the_checker_accepts_mean_what_the_reference_says) {
  Choices choices(seed_of_run() + 1000);
  std::size_t accepted = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::string source = RandomExpression(choices).rule();
    Environment environment(example_attributes());
    const Compiled compiled = compile(source, environment);
    if (!compiled.ok()) continue;
    ++accepted;
    for (const std::string_view json : random_requests) {
      const ExampleRequest request{std::string(json)};
      EXPECT_EQ(difference(*compiled.program, environment, request), "");
    }
  }
  EXPECT_GT(accepted, 50U);
}

}  // namespace
}  // namespace cel

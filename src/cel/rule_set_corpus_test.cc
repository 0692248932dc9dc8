// The shared corpus of decisions: how rules combine, and what single rules mean.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cel/detail_example_request.h"
#include "cel/rule_set.h"
#include "json/write.h"

namespace cel {
namespace {

std::filesystem::path corpus() {
  const char* shared = std::getenv("SHARED_DIR");
  return std::filesystem::path(shared != nullptr ? shared : "../shared") / "corpora" /
         "authz-decisions";
}

// Lines of a file of the corpus; empty and skipped where the corpus is not there.
std::vector<std::string> lines_of(const std::string& file) {
  std::vector<std::string> lines;
  std::ifstream in(corpus() / file);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

bool is_ci() {
  const char* ci = std::getenv("CI");
  return ci != nullptr && std::string(ci) == "true";
}

#define NEED_CORPUS()                                           \
  if (!std::filesystem::exists(corpus())) {                     \
    if (is_ci()) FAIL() << "the corpus is not at " << corpus(); \
    GTEST_SKIP() << "the corpus is not at " << corpus();        \
  }

Rule rule_of(json::Value value) {
  if (value.is_string()) return {RuleMode::allow, std::string(*value.as_string()), ""};
  for (const RuleMode mode : {RuleMode::allow, RuleMode::deny, RuleMode::require}) {
    const auto source = value.find_string(name_of(mode));
    if (source) return {mode, std::string(*source), ""};
  }
  ADD_FAILURE() << "not a rule: " << value.raw();
  return {};
}

// Rules are compiled unchecked where the checker refuses them: their meaning at run time counts.
bool is_allowed(const std::vector<Rule>& rules, const std::string& request, bool deny_on_error) {
  bool answers[2] = {};
  for (const bool is_indexed : {false, true}) {
    Environment environment(example_attributes());
    RuleSetOptions options;
    options.deny_on_error = deny_on_error;
    options.is_indexed = is_indexed;
    options.compile.is_checked = false;
    const CompiledRules compiled = compile_rules(rules, environment, options);
    EXPECT_TRUE(compiled.ok());
    if (!compiled.ok()) return false;
    const ExampleRequest source(request);
    Context context(environment, source);
    answers[is_indexed ? 1 : 0] = compiled.rules->decide(context).is_allowed;
  }
  EXPECT_EQ(answers[0], answers[1]);
  return answers[0];
}

void expect_decision(json::Value test, const std::vector<Rule>& rules, const std::string& request) {
  const bool compatible = test.find_string("expected") == "allow";
  const auto closed = test.find_string("expected_fail_closed");
  const bool fail_closed = closed ? closed == "allow" : compatible;

  EXPECT_EQ(is_allowed(rules, request, true), fail_closed) << test.raw();
  EXPECT_EQ(is_allowed(rules, request, false), compatible) << test.raw();
}

TEST(AuthzDecisionsCorpus, combines_rules_as_agentgateway_does) {
  NEED_CORPUS();
  std::size_t count = 0;
  for (const std::string& line : lines_of("combining.jsonl")) {
    const auto document = json::Document::parse(line);
    ASSERT_TRUE(document.has_value());
    std::vector<Rule> rules;
    for (const json::Value set : document->root().find("rule_sets")->elements()) {
      for (const json::Value rule : set.elements()) rules.push_back(rule_of(rule));
    }
    expect_decision(document->root(), rules,
                    R"({"jwt": {"sub": "alice"},
                        "mcp": {"tool": {"name": "echo", "target": "alpha"}}})");
    ++count;
  }
  EXPECT_EQ(count, 529U);
}

// The token's claims as the gateway hands them over: its own fields cannot be replaced.
std::string claims_of(json::Value test) {
  const json::Value jwt = *test.find("jwt");
  if (!jwt.find("rawToken")) return std::string(jwt.raw());
  json::Writer writer;
  writer.begin_object();
  for (const json::Member& claim : jwt.members()) {
    if (claim.name != "rawToken") writer.name(claim.name).value(claim.value);
  }
  writer.name("rawToken").string("<redacted>").end_object();
  return writer.take();
}

TEST(AuthzDecisionsCorpus, gives_rules_their_meaning) {
  NEED_CORPUS();
  std::size_t count = 0;
  for (const std::string& line : lines_of("semantics.jsonl")) {
    const auto document = json::Document::parse(line);
    ASSERT_TRUE(document.has_value());
    const json::Value test = document->root();
    std::vector<Rule> rules;
    for (const json::Value rule : test.find("rules")->elements()) rules.push_back(rule_of(rule));
    const json::Value resource = *test.find("resource");
    const std::string request = R"({"jwt": )" + claims_of(test) + R"(, "mcp": {)" +
                                json::quoted(*resource.find_string("kind")) + R"(: {"name": )" +
                                json::quoted(*resource.find_string("name")) + R"(, "target": )" +
                                json::quoted(*resource.find_string("target")) + "}}}";
    expect_decision(test, rules, request);
    ++count;
  }
  EXPECT_EQ(count, 74U);
}

}  // namespace
}  // namespace cel

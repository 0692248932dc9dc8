#include "policy/rules.h"

#include <gtest/gtest.h>

namespace policy {
namespace {

const cel::Attribute attributes[] = {
    {"early", "string", cel::Record::none, cel::Phase::identity, "", {}},
    {"late", "string", cel::Record::none, cel::Phase::call, "", {}},
};

class RulesTest : public testing::Test {
 protected:
  RulesSettings read(const std::string& text) {
    source_ = yaml::Source{"c.yaml", text};
    const auto none = [](std::string_view) { return std::optional<std::string>(); };
    auto reading = schema::read_text<RulesSettings>(source_, none);
    problems_ = std::move(reading.problems);
    return std::move(reading.value);
  }
  // What compiling says, a line each: "line:column path".
  std::vector<std::string> compile(const std::string& text, cel::Phase phase = cel::Phase::call) {
    const RulesSettings settings = read(text);
    EXPECT_TRUE(problems_.empty()) << schema::render(problems_, source_);
    BuildContext context(environment_, keys_, true);
    const BuildContext::Scope scope(context, "policies", schema::Place());
    compiled_ = compile_rules(settings, phase, context);
    std::vector<std::string> lines;
    for (const schema::Problem& problem : context.problems()) {
      lines.push_back(std::to_string(problem.at.line) + ":" + std::to_string(problem.at.column) +
                      " " + problem.path);
      EXPECT_FALSE(problem.message.empty());
    }
    return lines;
  }

  cel::Environment environment_{attributes};
  auth::KeyStore keys_;
  yaml::Source source_;
  schema::Problems problems_;
  std::shared_ptr<const cel::RuleSet> compiled_;
};

using Lines = std::vector<std::string>;

TEST_F(RulesTest, read_a_bare_expression_as_allow) {
  const RulesSettings settings =
      read("rules: [\"a == b\", { allow: c }, { deny: d }, { require: e }]");
  EXPECT_TRUE(problems_.empty());
  const struct {
    cel::RuleMode mode;
    std::string expression;
  } table[] = {{cel::RuleMode::allow, "a == b"},
               {cel::RuleMode::allow, "c"},
               {cel::RuleMode::deny, "d"},
               {cel::RuleMode::require, "e"}};
  ASSERT_EQ(settings.rules.size(), std::size(table));
  for (std::size_t i = 0; i < std::size(table); ++i) {
    EXPECT_EQ(settings.rules[i].mode(), table[i].mode);
    EXPECT_EQ(settings.rules[i].expression().value, table[i].expression);
  }
}

TEST_F(RulesTest, refuse_what_says_nothing_or_two_things) {
  for (const std::string text :
       {"rules: [{}]", "rules: [{ allow: a, deny: b }]", "rules: [{ denny: a }]", "rules: [[a]]",
        "rules: a", "{}", "rules:", "rules: [null]"}) {
    read(text);
    EXPECT_TRUE(schema::has_errors(problems_)) << text;
  }
}

TEST_F(RulesTest, compile_into_one_set_that_knows_its_sources) {
  EXPECT_EQ(compile("rules: [\"early == 'a'\", { deny: \"late == 'b'\" }]"), Lines());
  ASSERT_NE(compiled_, nullptr);
  EXPECT_EQ(compiled_->size(), 2U);
  EXPECT_EQ(compiled_->rule(0).source, "early == 'a'");
  EXPECT_EQ(compiled_->rule(1).mode, cel::RuleMode::deny);
  EXPECT_EQ(compiled_->rule(1).origin, "policies.rules[1]");
}

TEST_F(RulesTest, compile_to_a_set_that_allows_when_there_are_none) {
  EXPECT_EQ(compile("rules: []"), Lines());
  ASSERT_NE(compiled_, nullptr);
  EXPECT_EQ(compiled_->size(), 0U);
}

TEST_F(RulesTest, say_where_in_the_file_every_one_of_them_is_wrong) {
  EXPECT_EQ(compile("rules:\n"
                    "- early == 'a' && erly == 'b'\n"
                    "- \"early == 'a'\"\n"
                    "- deny: 'late == \"a\" && ltae == \"b\"'\n"
                    "- require: |\n"
                    "    early == 'a' &&\n"
                    "    earlly == 'b'\n"),
            (Lines{"2:19 policies.rules[0]", "4:25 policies.rules[2]", "7:5 policies.rules[3]"}));
  EXPECT_EQ(compiled_, nullptr);
}

TEST_F(RulesTest, refuse_attributes_of_a_later_phase) {
  EXPECT_EQ(compile("rules: [\"late == 'a'\"]", cel::Phase::identity),
            (Lines{"1:10 policies.rules[0]"}));
  EXPECT_EQ(compiled_, nullptr);
}

TEST_F(RulesTest, refuse_an_expression_that_is_no_condition) {
  EXPECT_EQ(compile("rules: [\"early\"]").size(), 1U);
  EXPECT_EQ(compiled_, nullptr);
}

}  // namespace
}  // namespace policy
